"""A crosswalk: how each variable of the modules is got from a survey's own file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.rule import Formula, Rule

__all__ = [
    "ACTIONS",
    "KINDS",
    "STATUSES",
    "UNITS",
    "Action",
    "Band",
    "Candidate",
    "Crosswalk",
    "Kind",
    "Linked",
    "Mapped",
    "Status",
    "Unit",
]

Unit = Literal["person", "household", "roster"]
Status = Literal["proposed", "untested", "from a codebook", "tried on data"]
Kind = Literal["unmapped", "type", "date", "impossible", "routing", "unit", "join"]
Action = Literal["list", "missing", "fail"]

UNITS: tuple[str, ...] = get_args(Unit)
STATUSES: tuple[str, ...] = get_args(Status)
KINDS: tuple[str, ...] = get_args(Kind)
ACTIONS: tuple[str, ...] = get_args(Action)

HOME = "HOME"
"""In a recode, the country's own code: given once for the crosswalk, or when harmonising."""


@dataclass(frozen=True, slots=True)
class Band:
    """Codes from `low` to `high`, both included; in YAML ``110..430``.

    >>> Band(110, 430).holds(250), Band(110, 430).holds("a")
    (True, False)
    """

    low: float
    high: float

    def holds(self, value: Any) -> bool:
        """Whether a number lies inside."""
        return isinstance(value, int | float) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may hold what a variable of the modules asks for.

    Attributes
    ----------
    column, label
        The file's column and the file's words for it.
    score
        From 0 to 1; the proposal takes the best from 0.6 up.
    reasons
        Why, in words.
    """

    column: str
    label: str
    score: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How one variable is got: from a column, by a rule or formula, by categories, or not at all.

    Attributes
    ----------
    name
        The modules' name for it: of a question, a host variable or a derived concept.
    column
        The file's column (``from:`` in YAML).
    file
        The further file of the crosswalk in which the column stands; None for the main file.
    recode
        The file's code (or a `Band` of codes) to the modules' code. None makes a code missing;
        ``"HOME"`` stands for the country's own code. Codes left out are unmapped.
    keep_others
        Whether codes that `recode` leaves out stay as they are.
    countries
        Whether values are countries: names in five languages, ISO letters or M49 numbers.
    missing
        Codes of the file that mean no answer, on top of the crosswalk's own.
    value
        A formula on the file's columns, cut to whole numbers where they are asked for; or a rule,
        which gives yes or no.
    categories
        Codes of the modules with the rule by which each is given; the first that holds.
    universe
        For whom `value` or `categories` are worked out; missing for others. Without it a rule is
        worked out where everything that it names is answered.
    absent
        The file has nothing of it: taken as unanswered by all, so that concepts which need it only
        for some people can be worked out.
    optional
        Some releases of the file lack it; then it is left out, and the report says so.
    confidence
        Of a proposal, from 0 to 1.
    """

    name: str
    column: str | None = None
    file: str | None = None
    recode: Mapping[Any, Any] | None = None
    keep_others: bool = False
    countries: bool = False
    missing: tuple[Any, ...] = ()
    value: Rule | Formula | None = None
    categories: tuple[tuple[Any, Rule], ...] = ()
    universe: Rule | None = None
    absent: bool = False
    optional: bool = False
    confidence: float | None = None
    note: Mapping[str, str] = field(default_factory=dict)
    place: str = ""

    def __post_init__(self) -> None:
        ways = [self.column is not None, self.value is not None, bool(self.categories), self.absent]
        if sum(ways) != 1:
            raise MpsurveyError(
                f"{self.shown} needs exactly one of 'from', 'value', 'categories' and "
                "'absent: true'."
            )
        if self.column is None and (self.recode or self.countries or self.keep_others):
            raise MpsurveyError(f"{self.shown} has a recode and no column to recode: add 'from'.")

    @property
    def shown(self) -> str:
        """The name with its place, for messages."""
        return f"{self.place}: '{self.name}'" if self.place else f"'{self.name}'"

    @property
    def rules(self) -> tuple[Rule | Formula, ...]:
        """Every rule and formula by which it is worked out."""
        parts = (self.universe, self.value, *(rule for _, rule in self.categories))
        return tuple(part for part in parts if part is not None)

    @property
    def names(self) -> frozenset[str]:
        """The columns that it reads: of its file, or variables mapped above it."""
        used: frozenset[str] = frozenset().union(*(rule.names for rule in self.rules))
        return used | {self.column} if self.column is not None else used


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A further file and how its rows belong to those of the main one.

    Attributes
    ----------
    unit
        What a row is: ``"household"`` or ``"person"`` (one row for each key), or ``"roster"`` (many
        rows for one household or person, such as absent members).
    key
        Column of the main file to the column of this one that says the same.
    roster
        Of a roster: the modules' name for it, such as ``ab_roster``.
    """

    name: str
    unit: Unit
    key: Mapping[str, str]
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosswalk:
    """From a survey's own file to the variables of the modules; what the user chose.

    Read from YAML (`mpsurvey.read_crosswalk`), proposed from a file (`mpsurvey.propose_crosswalk`)
    or made by hand. What was learnt from the data is in the harmonised data's report, not here.

    Attributes
    ----------
    id, version, title
        As in every file of the catalogue.
    variables
        How each variable of the modules is got, by name, in order.
    unit
        What a row of the main file is: ``"person"`` or ``"household"``.
    household
        Columns of the main file that together tell households apart.
    home
        UN M49 number of the country, for rules that use ``HOME``.
    missing
        Codes that mean no answer in every column, such as -9 or ``Band(-9, -1)``.
    not_asked
        Those of them that mean that the question was skipped.
    keep
        Columns carried over as they are; ``PWGTP*`` takes all that begin so.
    files
        Further files, by name.
    checks
        For each sort of problem what is done: ``"list"`` it, make the answer ``"missing"``, or
        ``"fail"``.
    status
        ``"tried on data"``; ``"from a codebook"`` that was read; ``"untested"``, written from
        general knowledge of the file: look at every code; or ``"proposed"`` by the program.
    candidates
        Of a proposal: columns that were considered, by variable. They are written as comments.
    remarks
        Of a proposal: what a person should look at, by variable. Comments too.
    code_words
        Of a proposal: what each code of a recode says in the file and in the modules. Comments too.
    """

    id: str
    version: str = "1.0.0"
    title: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Mapped] = field(default_factory=dict, repr=False)
    unit: Unit = "person"
    household: tuple[str, ...] = ()
    home: int | None = None
    missing: tuple[Any, ...] = ()
    not_asked: tuple[Any, ...] = ()
    keep: tuple[str, ...] = ()
    files: Mapping[str, Linked] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    status: Status = "proposed"
    about: Mapping[str, str] = field(default_factory=dict, repr=False)
    codebook: tuple[str, ...] = field(default=(), repr=False)
    candidates: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict, repr=False)
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    code_words: Mapping[str, Mapping[Any, str]] = field(default_factory=dict, repr=False)
    place: str = ""

    def __post_init__(self) -> None:
        problems = []
        for kind, action in self.checks.items():
            if kind not in KINDS:
                problems.append(f"There is no check '{kind}'.{did_you_mean(kind, KINDS)}")
            if action not in ACTIONS:
                problems.append(f"'{action}' is not one of {', '.join(ACTIONS)}.")
        for mapped in self.variables.values():
            if mapped.file is not None and mapped.file not in self.files:
                near = did_you_mean(mapped.file, self.files)
                problems.append(
                    f"{mapped.shown} stands in the file '{mapped.file}', which 'files' lacks.{near}"
                )
        if problems:
            raise MpsurveyError(problems)

    def __repr__(self) -> str:
        return f"<Crosswalk {self.id} {self.version}: {len(self.variables)} variables>"

    def __len__(self) -> int:
        return len(self.variables)

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    def __getitem__(self, name: str) -> Mapped:
        if name not in self.variables:
            raise MpsurveyError(
                f"The crosswalk has no variable '{name}'.{did_you_mean(name, self.variables)}"
            )
        return self.variables[name]

    def but(self, **changes: Any) -> Crosswalk:
        """Return the same crosswalk with some fields changed: ``crosswalk.but(home=268)``."""
        return replace(self, **changes)

    def mapping(self, *mapped: Mapped) -> Crosswalk:
        """Return the crosswalk with variables added or mapped otherwise.

        >>> walk = Crosswalk(id="lfs").mapping(Mapped(name="sex", column="B03"))
        >>> walk["sex"].column
        'B03'
        """
        return replace(self, variables={**self.variables, **{one.name: one for one in mapped}})

    def without(self, *names: str) -> Crosswalk:
        """Return the crosswalk without some variables."""
        kept = {name: one for name, one in self.variables.items() if name not in names}
        return replace(self, variables=kept)

    @classmethod
    def of_same_names(cls, columns: Iterable[str], known: Iterable[str], **more: Any) -> Crosswalk:
        """Return a crosswalk for a file whose columns bear the modules' own names.

        >>> Crosswalk.of_same_names(["sex", "age", "q7"], ["age", "sex", "urban"])
        <Crosswalk same_names 1.0.0: 2 variables>
        """
        names = set(known)
        variables = {c: Mapped(name=c, column=c) for c in columns if c in names}
        return cls(**{"id": "same_names", "variables": variables, **more})
