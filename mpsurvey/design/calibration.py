"""Steps that adjusted the weights, in words: what a design declares or a recipe records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from mpsurvey.design.auxiliaries import Margin, as_margin
from mpsurvey.errors import DesignError
from mpsurvey.rule import parse_rule

__all__ = [
    "Calibration",
    "Propensity",
    "Response",
    "WeightStep",
    "column_of",
    "listed_steps",
    "mask",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A step that made weights meet known totals: poststratification, raking, regression.

    `mpsurvey.weight` records its own. Declare one for weights that were calibrated elsewhere, so
    that standard errors know of it: ``Design(weight="w", psu="ea", calibration=Calibration(
    margins=["region", "sex x age"], before="base_weight"))``.

    Parameters
    ----------
    margins
        What the totals were of: columns, or columns crossed (``"sex x age"``). One margin is a
        poststratification.
    variables
        Columns, formulas or rules with known totals; ``"1"`` is the number of people.
    before
        Column of weights before the step.
    after
        Column of weights after the step; by default the next step's `before`, or the design's
        weight.
    within
        Column of households (or other groups) whose members were given one weight.
    scale
        Column that each unit's contribution to the distance was divided by (R's ``variance``).
    """

    margins: Sequence[Margin | str | Sequence[str]] = ()
    variables: Sequence[str] = ()
    before: str | None = None
    after: str | None = None
    within: str | None = None
    scale: str | None = None

    def __post_init__(self) -> None:
        margins = (self.margins,) if isinstance(self.margins, str | Margin) else self.margins
        variables = (self.variables,) if isinstance(self.variables, str) else self.variables
        object.__setattr__(self, "margins", tuple(as_margin(one) for one in margins))
        object.__setattr__(self, "variables", tuple(variables))
        if not self.margins and not self.variables:
            raise DesignError("A calibration names no margins and no variables.")
        if self.before is None:
            raise DesignError(
                "A calibration needs the weights from before it: before='base_weight'. Without "
                "them its effect on the variance is not known."
            )

    def words(self) -> str:
        """Say in a few words what the weights were calibrated on."""
        return "calibrated on " + ", ".join(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """What the weights were calibrated on."""
        parts = [one.name for one in self.margins if isinstance(one, Margin)]
        return (*parts, *(v for v in self.variables if v != "1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A step that let those who responded (or whose eligibility is known) stand for the others.

    Parameters
    ----------
    responded
        Rule for those who keep a weight.
    among
        Rule for those they stand for, themselves included; all rows by default.
    classes
        Columns that make the adjustment classes.
    before, after
        Columns of weights before and after.
    """

    responded: str
    among: str | None = None
    classes: Margin | str | Sequence[str] | None = None
    before: str | None = None
    after: str | None = None

    def words(self) -> str:
        """Say in a few words what was adjusted for."""
        inside = "".join(f" within {name}" for name in self.names)
        return "adjusted for nonresponse" + inside

    @property
    def names(self) -> tuple[str, ...]:
        """The classes that the adjustment was made in, if any."""
        margin = None if self.classes is None else as_margin(self.classes)
        return (margin.name,) if margin and margin.columns else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Propensity:
    """A step that divided respondents' weights by an estimated chance to respond.

    Parameters
    ----------
    responded, among, before, after
        As in `Response`.
    margins, variables
        Auxiliaries of the logistic model.
    propensity
        Column of the fitted chances.
    weighted
        Whether the model was fitted with the weights.
    """

    responded: str
    propensity: str
    among: str | None = None
    margins: Sequence[Margin | str | Sequence[str]] = ()
    variables: Sequence[str] = ()
    before: str | None = None
    after: str | None = None
    weighted: bool = True

    def words(self) -> str:
        """Say in a few words what was adjusted for."""
        return "adjusted for nonresponse by propensity"

    @property
    def names(self) -> tuple[str, ...]:
        """The auxiliaries of the model."""
        given = (self.margins,) if isinstance(self.margins, str | Margin) else self.margins
        parts = [one.name for one in map(as_margin, given)]
        return (*parts, *(v for v in self.variables if v != "1"))


WeightStep = Calibration | Response | Propensity
_KINDS = {kind.__name__: kind for kind in (Calibration, Response, Propensity)}


def listed_steps(steps: Any) -> tuple[WeightStep, ...]:
    """Return what a design declares as a tuple of steps."""
    if steps is None:
        return ()
    given = tuple(steps) if isinstance(steps, Sequence) else (steps,)
    listed = [_step(one) if isinstance(one, Mapping) else one for one in given]
    strange = [one for one in listed if not isinstance(one, WeightStep)]
    if strange:
        raise DesignError(
            f"Design(calibration=...) holds {type(strange[0]).__name__}; it takes mp.Calibration, "
            "one or several in the order in which they were done."
        )
    return tuple(listed)


def _step(said: Mapping[str, Any]) -> WeightStep:
    """Read a step as a file's codebook says it."""
    given = dict(said)
    kind: Any = _KINDS.get(given.pop("step", None))
    if kind is None:
        raise DesignError(
            f"The file declares a weighting step of unknown kind: {said.get('step')}."
        )
    margins = tuple(
        Margin(tuple(one["columns"]), {_cell(a): _cell(b) for a, b in one.get("merged", ())})
        for one in given.pop("margins", given.pop("classes", ()))
    )
    if margins:
        given |= {"classes": margins[0]} if kind is Response else {"margins": margins}
    step: WeightStep = kind(**given)
    return step


def _cell(cell: Any) -> Any:
    return tuple(cell) if isinstance(cell, list) else cell


def column_of(frame: nw.DataFrame[Any], name: str) -> Floats:
    """Return a column of weights; missing counts as 0."""
    return np.nan_to_num(np.asarray(frame[name].to_numpy(), dtype=np.float64))


def mask(frame: nw.DataFrame[Any], rule: str) -> NDArray[np.bool_]:
    """Rows for which a rule holds, shape (n,)."""
    return np.asarray(parse_rule(rule).mask(frame), dtype=bool)
