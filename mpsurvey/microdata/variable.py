"""What one column of a survey file means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from mpsurvey.errors import MpsurveyError

__all__ = ["Kind", "Measure", "MultipleResponse", "Variable"]

Kind = Literal["categorical", "integer", "decimal", "text", "date", "time", "datetime"]
Measure = Literal["nominal", "ordinal", "scale"]


@dataclass(frozen=True, slots=True)
class Variable:
    """What one column means: its question, its answers, and why an answer may be missing.

    Parameters
    ----------
    name
        The column.
    label
        The file's words for it.
    kind
        ``"categorical"`` (codes with labels), ``"integer"``, ``"decimal"``, ``"text"``, ``"date"``,
        ``"time"`` (of day, or a duration) or ``"datetime"``. What a statistic may do with it.
    answers
        Value labels of the substantive answers, code to words, also of codes that nobody gave.
    missing
        Reasons for a missing answer, code to words (``""`` where the file has none): an SPSS code
        such as ``99``, a Stata or SAS special missing value such as ``".a"``.
    missing_ranges
        Ranges of codes that count as missing, ``(lowest, highest)`` with both ends; SPSS has them.
        Labelled codes inside a range also stand in `missing`.
    unit
        Unit of measurement, in words: years, lari, hours a week.
    question
        The wording that the respondent heard, where it differs from the label.
    measure
        ``"nominal"``, ``"ordinal"``, ``"scale"`` or ``None``, as SPSS declares it.
    format
        The file's own display format: ``F8.2``, ``%9.0g``, ``DATE9``.
    display_width
        Width of the column on the file's own screen.
    notes
        Notes attached to the variable.

    Examples
    --------
    >>> sex = Variable("sex", "Sex", "categorical", {1: "Man", 2: "Woman"}, missing={9: "Refused"})
    >>> sex.answers[2], sex.missing[9]
    ('Woman', 'Refused')
    """

    name: str
    label: str = ""
    kind: Kind = "decimal"
    answers: Mapping[Any, str] = field(default_factory=dict)
    missing: Mapping[Any, str] = field(default_factory=dict)
    unit: str | None = None
    question: str | None = None
    missing_ranges: tuple[tuple[float, float], ...] = field(default=(), kw_only=True)
    measure: Measure | None = field(default=None, kw_only=True)
    format: str | None = field(default=None, kw_only=True)
    display_width: int | None = field(default=None, kw_only=True)
    notes: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise MpsurveyError(
                f"Variable '{self.name}' has kind '{self.kind}'; it is one of "
                f"{', '.join(get_args(Kind))}."
            )
        object.__setattr__(self, "answers", dict(self.answers))
        object.__setattr__(self, "missing", dict(self.missing))
        ranges = tuple((float(low), float(high)) for low, high in self.missing_ranges)
        object.__setattr__(self, "missing_ranges", ranges)
        object.__setattr__(self, "notes", tuple(self.notes))
        for low, high in ranges:
            if not low <= high:
                raise MpsurveyError(
                    f"Variable '{self.name}' has the missing range {low:g} to {high:g}; "
                    "give the lower end first."
                )

    @property
    def declares_missing(self) -> bool:
        """Whether any code or range counts as missing."""
        return bool(self.missing or self.missing_ranges)

    def word(self, value: Any = None) -> str:
        """Return the label of the variable or of one of its values; without one, the thing itself.

        >>> Variable("sex", "Sex", answers={1: "Man"}).word(1)
        'Man'
        """
        if value is None:
            return self.label or self.name
        return self.answers.get(value) or self.missing.get(value) or str(value)

    def but(self, **changes: Any) -> Variable:
        """Return the same variable with some of its fields changed.

        >>> Variable("age").but(label="Age in years", unit="years").unit
        'years'
        """
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class MultipleResponse:
    """Several columns that hold one question with several answers (an SPSS MR set).

    Parameters
    ----------
    name
        Its name, without SPSS's ``$``.
    columns
        The columns that hold the answers.
    label
        The words for it.
    counted
        The value that means "mentioned" where there is a column per answer (multiple
        dichotomies); ``None`` where each column holds one of the answers given (multiple
        categories).
    """

    name: str
    columns: tuple[str, ...]
    label: str = ""
    counted: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
