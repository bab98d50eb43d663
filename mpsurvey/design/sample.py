"""A sample: data together with the design they were drawn by, checked once, at birth."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.exceptions import DuplicateError
from numpy.typing import NDArray

from mpsurvey.declaration import Design, Replicates
from mpsurvey.design.calibration import listed_steps
from mpsurvey.design.chain import Chain, read_chain
from mpsurvey.design.codes import Codes, encode
from mpsurvey.design.replicates import ReplicateWeights, make, read
from mpsurvey.design.rerunning import Rerunning, SomeRows, declared_again
from mpsurvey.design.units import Keys, Units, arrange
from mpsurvey.errors import ColumnMissing, DesignError

__all__ = ["Sample", "add_replicates", "describe", "shared_psu_codes"]

Floats = NDArray[np.float64]

MOST_KEPT = {"layout": 4, "codes": 16, "rule": 64, "order": 2}
"""How many arrays as long as the rows a sample remembers, by what they are."""

EACH_ROW = "_n"
"""Stata's name for "each row is a unit", as a svyset writes it."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some rows of a sample, with what the columns mean."""

    frame: Any
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Data and the design they were drawn by: what every statistic starts from.

    The design is compiled once, when the sample is made, and every problem it has is reported at
    once. Making a statistic of part of the people is done with `where=` and `by=`, not by cutting
    the data first: the units that were drawn stay part of the design.

    Parameters
    ----------
    data
        `Microdata` as `mpsurvey.read` gives it, or a frame of any library that narwhals knows:
        pandas, Polars, PyArrow, DuckDB and others. It is never changed.
    design
        The design, or None for the one that the file itself declares.
    diary
        The steps that made the weights, filled by `mpsurvey.weight`.
    rerun
        The same steps, to be done again in every replicate; filled by `mpsurvey.weight`.

    Attributes
    ----------
    frame : narwhals.DataFrame
        The rows, eager.
    weight : numpy.ndarray
        Weight of each row, shape (n,); a row of weight zero is in no statistic.
    row_unit : numpy.ndarray
        Sampling unit of each row, shape (n,), an index into `units`.
    units : Units
        The sampling units and their stages.
    replicates : ReplicateWeights or None
        Replicate weights: statistics then find their variance by replication.
    chain : Chain or None
        The steps that adjusted the weights, for the variance.

    Raises
    ------
    ColumnMissing
        The design names columns that the data lack; near misses are proposed.
    DesignError
        Missing, negative or all-zero weights; missing strata or PSU codes; an FPC below the number
        of units drawn; lonely PSUs where `lonely_psu` is ``"fail"``. All problems at once.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"w": [2.0, 2, 3, 3], "h": [1, 1, 2, 2], "ea": [1, 2, 1, 2]})
    >>> Sample(people, Design(weight="w", strata="h", psu="ea"))
    Sample: 4 rows standing for 10; 4 PSUs in 2 strata; weight 'w'
    """

    data: Any
    design: Design = None  # type: ignore[assignment]  # the file's own, resolved at birth
    diary: tuple[Any, ...] = field(default=(), kw_only=True)
    rerun: Rerunning | None = field(default=None, kw_only=True, repr=False)
    memory: dict[Any, Any] | None = field(default=None, kw_only=True, repr=False)
    frame: nw.DataFrame[Any] = field(init=False, repr=False)
    weight: Floats = field(init=False, repr=False)
    row_unit: Codes = field(init=False, repr=False)
    units: Units = field(init=False, repr=False)
    replicates: ReplicateWeights | None = field(init=False, repr=False)
    chain: Chain | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        bare, eager = _rows_of(self.data)
        object.__setattr__(self, "data", _kept(self.data, eager, bare=bare))
        own = None if bare else getattr(self.data, "design", None)
        design = self.design if self.design is not None else own
        if design is None:
            remarks = [] if bare else [each for each in getattr(self.data, "remarks", ())
                                       if "declares a design" in each]  # fmt: skip
            raise DesignError(
                " ".join(remarks or ["The data declare no design of their own."])
                + " Say how the people were drawn: "
                "Sample(data, Design(weight=..., strata=..., psu=...))."
            )
        _check_columns(design, eager.columns)
        weight, row_unit, units = _compile(eager, design)
        chain = read_chain(design.calibration, eager, weight, row_unit, units.count)
        replicates = None
        if design.replicates is not None and design.replicates.columns is not None:
            replicates = read(design.replicates, eager.columns)
            if self.rerun is not None and self.rerun.drawn is not None and self.rerun.rows is None:
                once_more = self.rerun.with_columns(eager, replicates.columns)
                said = f"{replicates.method}, every weighting step done again in each"
                replicates = replace(replicates, method=said, rerun=once_more)
        elif design.replicates is not None:
            replicates, declared = make(design.replicates, units)
            design = replace(design, replicates=declared)
            rerun = self.rerun or declared_again(design.calibration, eager, weight)
            if rerun is not None and replicates.factors is not None:
                again = rerun.with_factors(row_unit, replicates.factors)
                said = f"{replicates.method}, every weighting step done again in each"
                replicates = replace(replicates, method=said, rerun=again)
        for name, value in (
            ("design", design),
            ("frame", eager),
            ("weight", weight),
            ("row_unit", row_unit),
            ("units", units),
            ("replicates", replicates),
            ("chain", chain),
        ):
            object.__setattr__(self, name, value)

    @property
    def variables(self) -> Mapping[str, Any]:
        """What the columns mean, where the data say so; else empty."""
        found = getattr(self.data, "variables", None)
        return found if isinstance(found, Mapping) else {}

    def labels(self, name: str) -> Mapping[Any, str]:
        """Value labels of a column, where the data have them; else empty."""
        variable = self.variables.get(name)
        return (variable.answers or {}) if variable is not None else {}

    def with_design(self, **changes: Any) -> Sample:
        """The same data under a changed design.

        >>> import pandas as pd
        >>> sample = Sample(pd.DataFrame({"w": [1.0, 2], "v": [3.0, 3]}), Design(weight="w"))
        >>> sample.with_design(weight="v")
        Sample: 2 rows standing for 6; each row a unit; weight 'v'
        """
        design = replace(self.design, **changes)
        if design.weight != self.design.weight:  # another weight was made by other steps
            return Sample(self.data, replace(design, calibration=changes.get("calibration")))
        return Sample(self.data, design, diary=self.diary, rerun=self.rerun)

    def remembering(self) -> Sample:
        """The same sample, keeping what it reads: rules held and groups coded.

        For many statistics on the same groups. The memory goes with the object.
        """
        again = copy(self)
        object.__setattr__(again, "memory", {})
        return again

    def recall(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` gives, from memory where the sample keeps one."""
        if self.memory is None:
            return make()
        if key not in self.memory:
            self.memory[key] = make()
            # What is as long as the rows goes when newer comes; sums by unit are small and stay.
            kept = [one for one in self.memory if one[0] == key[0]]
            if len(kept) > MOST_KEPT.get(str(key[0]), len(kept)):
                del self.memory[kept[0]]
        return self.memory[key]

    def only(self, rows: NDArray[Any]) -> Sample:
        """The sample as if the other rows had never been drawn: units are counted anew.

        This is Stata's casewise deletion and not a domain; see `missing` in every statistic.

        Parameters
        ----------
        rows
            Positions of the rows to keep.
        """
        kept = Rows(self.frame[rows].to_native(), self.variables)
        rerun = None if self.rerun is None else self.rerun.only(rows)
        made = self.replicates
        again = None if made is None else made.rerun
        if made is None or again is None:
            return Sample(kept, self.design, diary=self.diary, rerun=rerun)
        # The weighting steps need all rows: their replicates are kept, and rows taken from each.
        found = Sample(kept, replace(self.design, replicates=None), diary=self.diary, rerun=rerun)
        fewer = replace(made, factors=None, rerun=SomeRows(again, rows))
        object.__setattr__(found, "design", self.design)
        object.__setattr__(found, "replicates", fewer)
        return found

    def __len__(self) -> int:
        return len(self.weight)

    def __repr__(self) -> str:
        return (
            f"Sample: {len(self):,} rows standing for {self.weight.sum():,.10g}; "
            f"{describe(self.design, self.units, len(self))}"
        )


def add_replicates(sample: Sample, replicates: Replicates) -> Sample:
    """Make replicate weights for a sample; its statistics then use replication.

    Use it for statistics that no formula covers, for weights whose making must be repeated in each
    replicate, or to give others a file from which they can find variances without the design.

    Parameters
    ----------
    sample
        The sample; its strata, PSUs and finite population correction shape the replicates.
    replicates
        ``Bootstrap(replicates=500, seed=1)``, ``Jackknife()``, ``Brr()`` (two PSUs per stratum) or
        ``SuccessiveDifference()``, without columns.

    Returns
    -------
    Sample
        The replicates are factors of the sampling units; the rows get no new columns.

    Raises
    ------
    DesignError
        The design does not suit the method, for instance half-samples of strata of three PSUs.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2, 3, 3], "age": [20, 30, 40, 50, 60, 70]})
    >>> sample = mp.add_replicates(mp.Sample(people, mp.Design(psu="ea")), mp.Jackknife())
    >>> sample.replicates.method
    'jackknife (JK1), 3 replicates'
    """
    if replicates.columns is not None:
        raise DesignError(
            "add_replicates makes replicates, but columns are named. Declare the file's own in "
            "Design(replicates=...)."
        )
    return sample.with_design(replicates=replicates)


def describe(design: Design, units: Units, rows: int) -> str:
    """Say a design in one line, for the foot of a table.

    Examples: ``4 PSUs in 2 strata; weight 'w'``, ``each row a unit; no weight``.
    """
    first = units.stages[0]
    if not design.psu and design.replicates is not None and design.replicates.columns is not None:
        drawn = "units known by their replicate weights"
    elif not design.psu:
        drawn = "each row a unit"
    else:
        drawn = f"{len(first.starts):,} PSUs"
    if design.strata and design.strata[0]:
        drawn += f" in {len(first.size):,} strata"
    if len(units.stages) > 1:
        drawn += f", {len(units.stages)} stages"
    if any((stage.fraction > 0).any() for stage in units.stages):
        drawn += ", finite population correction"
    if any(stage.lonely.any() for stage in units.stages):
        lonely = sum(int(stage.lonely.sum()) for stage in units.stages)
        drawn += f"; {lonely} lonely unit(s) by '{units.lonely_psu}'"
    if design.weight:
        weighted = f"weight '{design.weight}'"
    else:
        weighted = "weight from the FPC" if design.fpc else "no weight"
    weighted += "".join(f", {step.words()}" for step in listed_steps(design.calibration))
    return f"{drawn}; {weighted}"


def _rows_of(data: Any) -> tuple[bool, nw.DataFrame[Any]]:
    """Whether the data are a bare frame, and their rows: the caller's may change after this."""
    try:
        # A frame may have a column named "frame" or "design", which pandas makes an attribute.
        bare = isinstance(nw.from_native(data, pass_through=True), nw.DataFrame | nw.LazyFrame)
        frame = nw.from_native(data if bare else getattr(data, "frame", data))
    except DuplicateError as error:
        raise DesignError(f"Two columns of the data have one name: {error}") from None
    except TypeError:
        raise DesignError(
            f"The data are no table but a {type(data).__name__}. Give what mp.read returns, or a "
            "frame of pandas, Polars or another library."
        ) from None
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    if eager.implementation.is_pandas():  # the other libraries' frames are not changed in place
        eager = nw.from_native(eager.to_native().copy(deep=False), eager_only=True)
    return bare, eager


def _kept(data: Any, eager: nw.DataFrame[Any], *, bare: bool) -> Any:
    """The data with the rows that the sample keeps, where they were taken over from pandas."""
    if not eager.implementation.is_pandas():
        return data
    if bare:
        return eager.to_native()
    again = copy(data)
    object.__setattr__(again, "frame", eager.to_native())
    return again


def _check_columns(design: Design, columns: Iterable[str]) -> None:
    known = set(columns)
    named = [("weight", design.weight)]
    for role in ("strata", "psu", "fpc"):
        for stage, name in enumerate(getattr(design, role), start=1):
            later = f" of stage {stage}" if stage > 1 else ""
            if name != EACH_ROW:
                named.append((f"{role}{later}", name))
    absent = [(role, name) for role, name in named if name is not None and name not in known]
    if absent:
        raise ColumnMissing(absent, columns)


def _compile(frame: nw.DataFrame[Any], design: Design) -> tuple[Floats, Codes, Units]:
    """Weights and sampling units of the rows; every problem of the design at once."""
    problems: list[str] = []
    rows = len(frame)
    if not rows:
        raise DesignError("The data have no rows.")
    weight = None if design.weight is None else _weights(frame, design.weight, problems)
    keys = _keys(frame, design, problems)
    if problems:  # units cannot be arranged from missing codes; other faults can wait for them
        try:
            arrange(_without_missing(keys), rows, design.lonely_psu)
        except DesignError as error:
            problems.extend(error.problems)
        raise DesignError(problems)
    row_unit, units, chance = arrange(
        keys, rows, design.lonely_psu, lonely_domains=design.lonely_domains
    )
    if weight is None:
        weight = _weights_from_fpc(design, chance, rows)
    return weight, row_unit, units


def _weights(frame: nw.DataFrame[Any], name: str, problems: list[str]) -> Floats:
    column = frame[name]
    if not column.dtype.is_numeric():
        problems.append(f"The weight '{name}' is not a number ({column.dtype}).")
        return np.ones(len(frame))
    weight = np.asarray(column.to_numpy(), dtype=np.float64)
    finite = np.isfinite(weight)
    if not finite.all():
        problems.append(
            f"The weight '{name}' is missing or infinite in {int((~finite).sum()):,} of "
            f"{len(weight):,} rows. Give them a weight (0 keeps a row out of every statistic) "
            "or leave these rows out."
        )
        return np.ones(len(weight))
    if (weight < 0).any():
        problems.append(
            f"The weight '{name}' is negative in {int((weight < 0).sum()):,} rows. Calibrate "
            "with bounds, or correct the weights."
        )
    elif not weight.any():
        problems.append(f"The weight '{name}' is zero in every row.")
    return weight


def _weights_from_fpc(design: Design, chance: Floats | None, rows: int) -> Floats:
    if not design.fpc:
        return np.ones(rows)
    if chance is None:
        raise DesignError(
            "Without a weight, the FPC of every stage must be given: the weights are then the "
            "inverse of the inclusion probabilities. Name the weight, or an fpc for each stage."
        )
    return np.asarray(1 / chance)


def _keys(frame: nw.DataFrame[Any], design: Design, problems: list[str]) -> list[Keys]:
    """Codes of the stages that enter the variance: up to the first one without an FPC."""
    keys: list[Keys] = []
    for stage in range(max(len(design.psu or ()), 1)):
        strata, names = _codes(frame, _at(design.strata, stage), "strata", stage, problems)
        units, labels = _codes(frame, _at(design.psu, stage), "psu", stage, problems)
        if stage == 0 and strata is not None and units is not None and names is not None:
            _warn_if_not_nested(strata, units, labels, design)
        fpc_name = _at(design.fpc, stage)
        fpc = None
        if fpc_name is not None:
            column = frame[fpc_name]
            if column.dtype.is_numeric():
                fpc = np.asarray(column.to_numpy(), dtype=np.float64)
            else:
                problems.append(f"The fpc '{fpc_name}' is not a number ({column.dtype}).")
        keys.append(Keys(strata, units, fpc, names))
        if fpc_name is None:
            break
    return keys


def _at(stages: Any, stage: int) -> str | None:
    return stages[stage] if stage < len(stages) else None


def _codes(
    frame: nw.DataFrame[Any], name: str | None, role: str, stage: int, problems: list[str]
) -> tuple[Codes | None, NDArray[Any] | None]:
    if name is None or (name == EACH_ROW and name not in frame.columns):
        return None, None
    codes, levels = encode(frame[name])
    missing = int(np.count_nonzero(codes < 0))
    if missing:
        later = f" of stage {stage + 1}" if stage else ""
        problems.append(
            f"The {role}{later} '{name}' is missing in {missing:,} of {len(codes):,} rows. "
            "Every row must say where it was drawn."
        )
    return codes, levels


def _without_missing(keys: list[Keys]) -> list[Keys]:
    def known(codes: Codes | None) -> Codes | None:
        return None if codes is None else np.maximum(codes, 0)

    return [Keys(known(key.strata), known(key.units), key.fpc, key.stratum_names) for key in keys]


def shared_psu_codes(strata: Codes, units: Codes) -> Codes:
    """PSU codes that stand in more than one stratum, when most codes stand in one only.

    Codes that begin anew in each stratum are nested and in order. A few codes that recur among
    many that do not look like an error in the file.

    Parameters
    ----------
    strata, units
        Codes of each row, shape (n,).

    Returns
    -------
    numpy.ndarray
        The suspicious codes; empty where the codes look nested or unique.
    """
    width = int(units.max()) + 1 if len(units) else 1
    pairs = np.unique(strata * width + units)
    strata_of_unit = np.bincount(pairs % width, minlength=width)
    recurring = np.flatnonzero(strata_of_unit > 1)
    used = np.count_nonzero(strata_of_unit)
    return recurring if len(recurring) <= 0.1 * used else np.empty(0, dtype=np.intp)


def _warn_if_not_nested(
    strata: Codes, units: Codes, labels: NDArray[Any] | None, design: Design
) -> None:
    suspicious = shared_psu_codes(strata, units)
    if len(suspicious) and labels is not None:
        some = ", ".join(str(labels[code]) for code in suspicious[:5])
        warnings.warn(
            f"{len(suspicious)} code(s) of the PSU '{_at(design.psu, 0)}' stand in more than one "
            f"stratum of '{_at(design.strata, 0)}' (for instance {some}), the others in one only. "
            "They are counted as different PSUs, nested in their strata; check the file.",
            UserWarning,
            stacklevel=6,
        )
