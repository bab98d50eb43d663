"""What can go wrong, said with its place, its fault and its remedy.

::

    MpsurveyError (ValueError)
    ├── FileUnreadable      a file is absent, empty, encrypted, cut short or of another kind
    ├── ColumnMissing       a design, a rule or a statistic names a column that the data lack
    ├── RuleError           a rule is not in the rule language
    ├── DesignError         a design does not fit its data
    ├── RowsElsewhere       something needs the rows, which stay in a database or on a cluster
    ├── TooManyCells        rows elsewhere differ in too many ways to be brought to memory
    ├── CatalogueError      a YAML file of the catalogue is wrong
    └── ExtraMissing        a feature needs a package that is not installed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = [
    "CatalogueError",
    "ColumnMissing",
    "DesignError",
    "ExtraMissing",
    "FileUnreadable",
    "MpsurveyError",
    "RowsElsewhere",
    "RuleError",
    "TooManyCells",
    "did_you_mean",
]


def did_you_mean(name: str, known: Iterable[Any]) -> str:
    """Return a sentence that proposes the nearest known names, or nothing.

    >>> did_you_mean("regoin", ["region", "sex"])
    " Did you mean 'region'?"
    >>> did_you_mean("income", ["region", "sex"])
    ''
    """
    names = [str(other) for other in known]
    lowered = {other.lower(): other for other in reversed(names)}
    if name.lower() in lowered:
        near = [lowered[name.lower()]]
    else:
        near = difflib.get_close_matches(name, names, n=2, cutoff=0.7)
    return f" Did you mean {' or '.join(repr(one) for one in near)}?" if near else ""


class MpsurveyError(ValueError):
    """Anything in the caller's input that stops the work.

    Parameters
    ----------
    problems
        One message, or every problem that was found, each with place, fault and remedy.

    Attributes
    ----------
    problems : tuple of str
        The problems one by one.
    """

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (
            (problems,) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__("\n".join(self.problems))


class FileUnreadable(MpsurveyError):
    """A file is absent, empty, encrypted, cut short or not of the kind its name says."""


class ColumnMissing(MpsurveyError, KeyError):
    """A design, a rule or a statistic names columns that the data do not have.

    Parameters
    ----------
    wanted
        Pairs of the role a column was to play and its name.
    columns
        The columns that the data have.
    """

    def __init__(self, wanted: Sequence[tuple[str, str]], columns: Iterable[Any]) -> None:
        known = list(columns)
        super().__init__(
            f"No column '{name}' for {role}.{did_you_mean(name, known)}" for role, name in wanted
        )

    def __str__(self) -> str:
        return "\n".join(self.problems)  # KeyError would show its repr


class RuleError(MpsurveyError):
    """A rule is not in the rule language; the message shows the place with a caret."""


class DesignError(MpsurveyError):
    """A design does not fit its data: weights, FPC, lonely or doubly placed PSUs."""


class RowsElsewhere(MpsurveyError):
    """Something needs the rows themselves, and they stay in a database, on a cluster or in files.

    ``sample.collect()`` brings them to memory.
    """


class TooManyCells(MpsurveyError):
    """Rows that stay elsewhere give more different answers than are brought to memory."""


class CatalogueError(MpsurveyError):
    """A YAML file of the catalogue is wrong; each problem has its file and line."""


class ExtraMissing(MpsurveyError, ImportError):
    """A feature needs a package that is not installed.

    >>> print(ExtraMissing("Writing SDMX", "sdmx"))
    Writing SDMX needs one more package: pip install "mpsurvey[sdmx]"
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f'{feature} needs one more package: pip install "mpsurvey[{extra}]"')
