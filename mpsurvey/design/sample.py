"""A sample: data together with the design they were drawn by, checked once, at birth."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.exceptions import DuplicateError
from numpy.typing import NDArray

from mpsurvey.declaration import Design, Replicates
from mpsurvey.design.chain import Chain, read_chain
from mpsurvey.design.codes import Codes, encode
from mpsurvey.design.compiled import check_columns, compiled, describe, shared_psu_codes
from mpsurvey.design.elsewhere import Elsewhere, bring, can_stay, count_units
from mpsurvey.design.in_parts import Parts
from mpsurvey.design.replicates import ReplicateWeights, make, read
from mpsurvey.design.rerunning import Rerunning, SomeRows, declared_again
from mpsurvey.design.together import Asked, Batch
from mpsurvey.design.units import Units
from mpsurvey.errors import DesignError

__all__ = ["Sample", "add_replicates", "describe", "shared_psu_codes"]

Floats = NDArray[np.float64]

MOST_KEPT = {
    "codes": 16,
    "domains": 8,
    "known": 16,
    "layout": 4,
    "order": 2,
    "ranked": 2,
    "rows": 2,
    "rule": 64,
    "sums": 64,
}
"""How many arrays a sample remembers, by what they are."""


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
        The rows, eager. Of a lazy frame whose rows stay in their engine, `elsewhere`.
    elsewhere : Elsewhere or None
        Rows that are not in memory: each question is one group-by in their own engine. `weight`
        and `row_unit` are then of the combinations of the design's codes.
    rows : numpy.ndarray or None
        How many rows stand behind each entry of `weight`, where that is not one.
    parts : Parts or None
        Where an entry of `weight` is of people of many units: the way to the units' sums.
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
    elsewhere: Elsewhere | None = field(init=False, repr=False)
    rows: NDArray[np.int64] | None = field(init=False, repr=False)
    parts: Parts | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        bare, frame = _rows_of(self.data)
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
        rows: NDArray[np.int64] | None = None
        elsewhere: Elsewhere | None = None
        eager: Any
        if isinstance(frame, nw.LazyFrame) and can_stay(design, frame.collect_schema().names()):
            elsewhere, weight, row_unit, units, rows = count_units(frame, design)
            eager = elsewhere
        else:
            eager = bring(frame) if isinstance(frame, nw.LazyFrame) else frame
            object.__setattr__(self, "data", _kept(self.data, eager, bare=bare))
            check_columns(design, eager.columns)
            weight, row_unit, units = compiled(eager, design)
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
            ("elsewhere", elsewhere),
            ("rows", rows),
            ("parts", None),
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

    def together(self) -> Sample:
        """The same sample, whose rows answer many questions in one scan; rows in memory as it is.

        A question then raises `Waiting` and is kept; ``sample.elsewhere.scan()`` answers those that
        wait, and asking again finds the answer.
        """
        if self.elsewhere is None:
            return self
        again = copy(self)
        object.__setattr__(again, "elsewhere", replace(self.elsewhere, batch=Batch()))
        object.__setattr__(again, "frame", again.elsewhere)
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

    def count(self, which: NDArray[np.bool_] | None = None) -> int:
        """How many rows there are, or how many of them are marked."""
        if self.rows is None:
            return len(self.weight) if which is None else int(np.count_nonzero(which))
        return int(self.rows.sum() if which is None else self.rows[which].sum())

    def collect(self, columns: Sequence[str] | None = None) -> Sample:
        """The same sample with its rows in memory; itself where they are there already.

        Parameters
        ----------
        columns
            Columns to bring; all by default.
        """
        if self.elsewhere is None:
            return self
        lazy = self.elsewhere.lazy
        eager = (lazy if columns is None else lazy.select(*columns)).collect()
        kept = Rows(eager.to_native(), self.variables)
        return Sample(kept, self.design, diary=self.diary, rerun=self.rerun)

    def where(self, rule: nw.Expr) -> Sample:
        """Rows that stay in their engine, without those for which a rule does not hold."""
        assert self.elsewhere is not None  # noqa: S101 - the caller has asked
        lazy = self.elsewhere.lazy.filter(rule)
        return Sample(Rows(lazy.to_native(), self.variables), self.design, diary=self.diary)

    def folded(
        self,
        asked: Asked,
        groups: Sequence[str] = (),
        words: Hashable = None,
    ) -> Sample:
        """Rows that stay in their engine as cells in memory: one group-by, pushed down.

        Parameters
        ----------
        asked
            Columns to keep apart by value, columns that enter sums only (a cell has their mean),
            and the rows that count.
        groups
            Keys whose values all count as groups, also those that nobody who counts has.
        words
            The question in words, see `together`.

        Returns
        -------
        Sample
            Its rows are the cells; units and replicates are those of this sample.
        """
        assert self.elsewhere is not None  # noqa: S101 - the caller has asked
        cells = self.elsewhere.cells(asked, words)
        again = copy(self)
        memory: dict[Any, Any] = {}
        series = dict(cells.values)
        for name, column in series.items():
            if name in groups and (asked.where is not None or self.elsewhere.zeros):
                # Groups are those that occur among all rows, whoever is asked about.
                memory["codes", name] = _coded_alike(column, self.elsewhere.levels(name))
        if not series and not cells.means:
            cells_frame = nw.from_dict(
                {"": np.zeros(len(cells.weight))}, backend=self.elsewhere.codes.implementation
            )
        else:
            backend = self.elsewhere.codes.implementation
            made = {
                name: nw.new_series(name, values, nw.Float64, backend=backend)
                for name, values in cells.means.items()
            }
            named = {name: column.alias(name) for name, column in series.items()}
            cells_frame = nw.from_dict({**named, **made}, backend=backend)
        for name, value in (
            ("frame", cells_frame),
            ("weight", cells.weight),
            ("row_unit", cells.unit),
            ("rows", cells.rows),
            ("elsewhere", None),
            ("memory", memory),
        ):
            object.__setattr__(again, name, value)
        return again

    def in_parts(
        self, keys: Mapping[str, nw.Expr], where: nw.Expr | None, groups: Sequence[str]
    ) -> Sample:
        """Rows that stay in their engine as the values they have, where `folded` has too many.

        Its rows are the values, whatever their unit; sums by unit come in several passes.
        """
        assert self.elsewhere is not None  # noqa: S101 - the caller has asked
        values, weight, rows, parts = self.elsewhere.in_parts(keys, where)
        memory: dict[Any, Any] = {
            ("codes", name): _coded_alike(values[name], self.elsewhere.levels(name))
            for name in groups
        }
        named = {name: column.alias(name) for name, column in values.items()}
        again = copy(self)
        for name, value in (
            ("frame", nw.from_dict(named, backend=self.elsewhere.codes.implementation)),
            ("weight", weight),
            ("row_unit", np.zeros(len(weight), dtype=np.intp)),  # of no one unit
            ("rows", rows),
            ("parts", parts),
            ("elsewhere", None),
            ("memory", memory),
        ):
            object.__setattr__(again, name, value)
        return again

    def only(self, rows: NDArray[Any]) -> Sample:
        """The sample as if the other rows had never been drawn: units are counted anew.

        This is Stata's casewise deletion and not a domain; see `missing` in every statistic.

        Parameters
        ----------
        rows
            Positions of the rows to keep.
        """
        if self.rows is not None:
            raise DesignError(
                "missing='drop' needs the rows themselves here, which stay in their engine. Bring "
                "them to memory first: sample.collect()."
            )
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
        return len(self.weight) if self.elsewhere is None else self.count()

    def __repr__(self) -> str:
        return (
            f"Sample: {self.count():,} rows standing for {self.weight.sum():,.10g}; "
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


def _rows_of(data: Any) -> tuple[bool, nw.DataFrame[Any] | nw.LazyFrame[Any]]:
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
    if isinstance(frame, nw.DataFrame) and frame.implementation.is_pandas():
        # The other libraries' frames are not changed in place.
        frame = nw.from_native(frame.to_native().copy(deep=False), eager_only=True)
    return bare, frame


def _kept(data: Any, eager: nw.DataFrame[Any], *, bare: bool) -> Any:
    """The data with the rows that the sample keeps, where they were taken over from pandas."""
    if not eager.implementation.is_pandas():
        return data
    if bare:
        return eager.to_native()
    again = copy(data)
    object.__setattr__(again, "frame", eager.to_native())
    return again


def _coded_alike(column: nw.Series[Any], every: nw.Series[Any]) -> tuple[Codes, NDArray[Any]]:
    """Codes of a column among the levels of another one, which holds all its values."""
    _, levels = encode(every)
    codes, own = encode(column)
    rank = {value: place for place, value in enumerate(levels.tolist())}
    place = np.array([rank[value] for value in own.tolist()], dtype=np.intp)
    if not len(place):
        return codes, levels
    return np.where(codes < 0, -1, place[codes]), levels
