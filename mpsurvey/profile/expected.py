"""How precise each indicator will be in a planned survey, judged from an earlier round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

from mpsurvey import catalogue, harmonisation, microdata, tabulation
from mpsurvey.catalogue import Indicator
from mpsurvey.declaration import Design
from mpsurvey.design import Sample, design_preset
from mpsurvey.errors import ColumnMissing, DesignError, did_you_mean
from mpsurvey.estimation.taylor import Residuals, Scores
from mpsurvey.planning import Allocation
from mpsurvey.tabulation import IndicatorTable

__all__ = ["ExpectedPrecision", "expected_precision", "expected_precision_of_plan"]

Floats = NDArray[np.float64]

WORDS = (
    *("earlier", "crosswalk", "preset", "design", "library"),
    *("indicators", "by", "home", "stratum", "unit", "icc", "interviews"),
)
"""What the ``expected`` part of a plan file may say."""

GOOD, FEW, WIDE = "yes", "too few respondents", "too wide an interval"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ExpectedPrecision:
    """What a planned survey will be able to say.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row per figure: `indicator`, `title`, `theme`, `breakdown`, `group` (in words), `unit`,
        `estimate` (of the earlier round), `n_earlier`, `n` (respondents expected), `se`, `moe`
        (half of the 95 % interval) and `cv` (as expected), `cv_earlier`, and `publish`: whether the
        figure will meet the indicator's own `least_n` and `most_cv`, and if not why.
    notes : tuple of str
        What the expectation rests on.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        counted = self.frame["publish"].value_counts()
        said = ", ".join(f"{many} {word}" for word, many in counted.items())
        shown = self.frame.drop(columns=["theme", "breakdown"]).head(40)
        body = shown.to_string(index=False, float_format=lambda x: f"{x:,.4g}")
        return f"Expected precision, figures to publish: {said}\n{body}\n" + "\n".join(self.notes)


def expected_precision(
    earlier: Sample,
    indicators: Indicator | Sequence[Indicator],
    by: str | Sequence[str | Sequence[str]] = (),
    *,
    plan: Allocation | int,
    stratum: str | None = None,
    unit: str | None = None,
    icc: float = 0.0,
    home: int | None = None,
    language: str = "en",
) -> ExpectedPrecision:
    r"""Return the CV that each indicator will have under a plan, by group.

    Use it before fieldwork, with the file of an earlier round, a pilot or a census sample: which
    figures will the survey be able to publish, and which groups need more interviews? Every
    stratum's part of a figure's variance is taken as it was and multiplied by what the plan changes
    there,

    .. math:: k_h = \frac{n_h}{n'_h} \cdot
        \frac{1 + (b'_h - 1) \rho}{1 + (b_h - 1) \rho}, \quad
        V' = \sum_h k_h V_h,

    with n interviews and b interviews per PSU in the earlier round, primes in the plan. This holds
    for any statistic that has linearised scores, gaps and contributions too (Särndal, Swensson and
    Wretman 1992, 12.2).

    Parameters
    ----------
    earlier
        The earlier round as a sample, in the modules' names.
    indicators, by, home, language
        As in `tabulate`.
    plan
        An `Allocation`, whose strata are found in the earlier round; or the number of interviews,
        divided as they were.
    stratum
        Column of the earlier round that holds the plan's strata; its first-stage strata by default.
    unit
        Column whose values count as interviews, such as ``"hh_id"`` where the plan counts
        households; rows unless given.
    icc
        Intraclass correlation of the scores, used where the plan changes the interviews per PSU.

    Returns
    -------
    ExpectedPrecision

    Raises
    ------
    ColumnMissing
        `stratum`, `unit` or a breakdown is not a column.
    DesignError
        The plan has strata that the earlier round lacks, or the other way round; or a PSU lies in
        several of the plan's strata.

    Notes
    -----
    Groups are expected to be as common in each stratum as they were. Replicate weights have no part
    by stratum: their variance is divided by the growth of the sample as a whole. Finite population
    corrections are left as they were.
    """
    asked = (indicators,) if isinstance(indicators, Indicator) else tuple(indicators)
    places = (by,) if isinstance(by, str) else tuple(by)
    if earlier.elsewhere is not None:
        earlier.elsewhere.refuse("An expected precision")
    name = stratum or next(iter(earlier.design.strata or ()), None)
    growth, factor, notes = _growth(earlier, plan, name, unit, icc)
    table = tabulation.tabulate(earlier, asked, places, home=home, language=language)
    found = [_of_result(table, one, place, factor, notes) for one, place in table.results]
    frame = pd.concat(found, ignore_index=True) if found else _of_nothing()
    frame["n"] = _respondents(earlier, asked, places, table, growth, name, home)
    frame["publish"] = [
        _verdict(table.indicators[one], n, cv)
        for one, n, cv in zip(frame["indicator"], frame["n"], frame["cv"], strict=True)
    ]
    lacking = tuple(f"{one}: lacks {', '.join(x)}." for one, x in table.lacking.items())
    order = ["indicator", "title", "theme", "breakdown", "group", "unit", "estimate"]
    order += ["n_earlier", "n", "se", "moe", "cv", "cv_earlier", "publish"]
    return ExpectedPrecision(frame[order], (*dict.fromkeys(notes), *lacking))


def expected_precision_of_plan(
    folder: Path, given: Mapping[str, Any], allocation: Allocation | None
) -> ExpectedPrecision:
    """Carry out the ``expected`` part of a plan file.

    Parameters
    ----------
    folder
        Where the plan lies; files are looked for there.
    given
        ``earlier`` (a file), ``crosswalk``, ``preset`` or ``design`` (its own by default),
        ``indicators`` (ids, a theme, or ``all``), ``by``, ``stratum``, ``unit``, ``icc``, ``home``,
        ``interviews`` where the plan has no allocation, ``library``.
    allocation
        Of the plan.
    """
    problems = [
        f"'{key}' is no word of it.{did_you_mean(key, WORDS)}" for key in given if key not in WORDS
    ]
    if "earlier" not in given:
        problems.append("earlier names no file of an earlier round.")
    if allocation is None and "interviews" not in given:
        problems.append("Without an allocation, interviews says how many there will be.")
    if problems:
        raise DesignError(problems)
    data: Any = microdata.read(folder / str(given["earlier"]))
    design = data.design
    if "crosswalk" in given:
        own = folder / str(given["crosswalk"])
        walk = own if own.exists() else str(given["crosswalk"])
        data = harmonisation.harmonise(data, walk, home=given.get("home"))
    if "preset" in given:
        sample = design_preset(str(given["preset"]), data)
    elif "design" in given:
        sample = Sample(data, Design(**given["design"]))
    else:
        sample = Sample(data, design)
    library = catalogue.load_catalogue(*(folder / str(one) for one in given.get("library", ())))
    wanted = given.get("indicators", "all")
    if wanted == "all":
        chosen = library.indicators()
    elif isinstance(wanted, str) and wanted in catalogue.THEMES:
        chosen = library.indicators(theme=wanted)
    else:
        chosen = library.indicators(*([wanted] if isinstance(wanted, str) else wanted))
    return expected_precision(
        sample,
        chosen,
        tuple(given.get("by", ())),
        plan=allocation if allocation is not None else int(given["interviews"]),
        stratum=given.get("stratum"),
        unit=given.get("unit"),
        icc=float(given.get("icc", 0.0)),
        home=given.get("home"),
    )


def _growth(
    earlier: Sample, plan: Allocation | int, name: str | None, unit: str | None, icc: float
) -> tuple[Mapping[Any, float], Floats, list[str]]:
    """What the plan changes: growth of n in each of its strata, and k of each unit."""
    absent = [("", one) for one in (name, unit) if one and one not in earlier.frame.columns]
    if absent:
        raise ColumnMissing(absent, earlier.frame.columns)
    ids = np.arange(len(earlier.weight)) if unit is None else _codes(earlier, unit)
    rows = len(np.unique(ids))
    if not isinstance(plan, Allocation):
        even = np.full(earlier.units.count, rows / plan)
        said = f"{plan:,} interviews in place of {rows:,}, divided as they were."
        return {None: plan / rows}, even, [said]
    if name is None:
        raise DesignError(
            "The earlier round declares no strata. Say which column holds the plan's: stratum=..."
        )
    label = np.asarray(earlier.frame.get_column(name).to_list(), dtype=object).astype(str)
    units = earlier.row_unit if earlier.row_unit is not None else np.arange(len(label))
    first = units_of_psus(earlier)[units]
    counts = pd.DataFrame({"label": label, "id": ids, "psu": first}).groupby("label").nunique()
    new = plan.frame.assign(stratum=plan.frame["stratum"].astype(str)).set_index("stratum")
    only = {"plan": set(new.index) - set(counts.index), "round": set(counts.index) - set(new.index)}
    if only["plan"] or only["round"]:
        raise DesignError(
            f"Strata of the plan and values of '{name}' in the earlier round differ: only in the "
            f"plan {sorted(only['plan'])}, only in the earlier round {sorted(only['round'])}."
        )
    mixed = pd.DataFrame({"psu": first, "label": label}).groupby("psu")["label"].nunique()
    if (mixed > 1).any():
        raise DesignError(
            f"{int((mixed > 1).sum())} PSUs of the earlier round lie in several values of '{name}'."
        )
    n_new = new["n"].reindex(counts.index).to_numpy(dtype=np.float64)
    if (n_new <= 0).any():
        raise DesignError("The plan takes nobody in a stratum, so nothing is expected there.")
    change = counts["id"].to_numpy(dtype=np.float64) / n_new
    growth = dict(zip(counts.index, 1 / change, strict=True))
    if "take" in new and icc:
        before = (counts["id"] / counts["psu"]).to_numpy(dtype=np.float64)
        after = new["take"].reindex(counts.index).to_numpy(dtype=np.float64)
        change = change * (1 + (after - 1) * icc) / (1 + (before - 1) * icc)
    by_label = dict(zip(counts.index, change, strict=True))
    factor = np.ones(earlier.units.count)
    factor[units] = [by_label[one] for one in label]
    said = f"{plan.n:,} interviews in place of {rows:,}, divided by {plan.method} over '{name}'."
    return growth, factor, [said]


def units_of_psus(sample: Sample) -> NDArray[np.intp]:
    """First-stage unit of each finest unit."""
    stage = sample.units.stages[0]
    sizes = np.diff(np.append(stage.starts, sample.units.count))
    return np.repeat(np.arange(len(stage.starts)), sizes)


def _codes(sample: Sample, name: str) -> NDArray[np.intp]:
    return pd.factorize(np.asarray(sample.frame.get_column(name).to_list(), dtype=object))[0]


def _of_result(
    table: IndicatorTable,
    one: str,
    place: str,
    factor: Floats,
    notes: list[str],
) -> pd.DataFrame:
    """Rows of one result with the standard error expected."""
    made, definition = table.results[one, place], table.indicators[one]
    frame = made.frame
    uncertainty = made.uncertainty
    if isinstance(uncertainty, Scores | Residuals):
        variance = _weighed(uncertainty, np.sqrt(factor)).variance()
    else:
        variance = uncertainty.variance() * float(np.mean(factor))
        notes.append("Replicate weights: the growth of the whole sample stands for all strata.")
    earlier = frame["estimate"].to_numpy(dtype=np.float64)
    se = np.where(np.isfinite(earlier), np.sqrt(variance), np.nan)
    names = place.split(" x ") if place else []
    words = []
    for row in frame.to_dict("records"):
        parts = [str(made.labels.get(name, {}).get(row[name], row[name])) for name in names]
        if row["category"] is not None and not pd.isna(row["category"]):
            parts.append(str(row["category"]))
        words.append(", ".join(parts) or "all")
    with np.errstate(divide="ignore", invalid="ignore"):
        cv = np.abs(se / earlier)
    title = definition.title.get(table.language) or next(iter(definition.title.values()))
    unit = definition.unit.get(table.language) or next(iter(definition.unit.values()))
    return pd.DataFrame(
        {
            "indicator": one,
            "title": title,
            "theme": definition.theme,
            "breakdown": place,
            "group": words,
            "unit": unit,
            "estimate": earlier * definition.per,
            "n_earlier": frame["n"].to_numpy(),
            "se": se * definition.per,
            "moe": se * definition.per * stats.t.ppf(0.975, frame["df"].to_numpy()),
            "cv": cv,
            "cv_earlier": frame["cv"].to_numpy(dtype=np.float64),
        }
    )


def _of_nothing() -> pd.DataFrame:
    names = ["indicator", "title", "theme", "breakdown", "group", "unit"]
    figures = ["estimate", "n_earlier", "se", "moe", "cv", "cv_earlier"]
    return pd.DataFrame({name: pd.Series(dtype=object) for name in names}).assign(
        **{name: pd.Series(dtype=np.float64) for name in figures}
    )


def _weighed(scores: Scores | Residuals, root: Floats) -> Scores | Residuals:
    """Scores of each unit times a number, shape (U,)."""
    if isinstance(scores, Residuals):
        raw = _weighed(scores.raw, root)
        assert isinstance(raw, Scores)  # noqa: S101 - raw scores stay raw
        loadings = sparse.csr_array(sparse.diags_array(root) @ scores.loadings)
        return Residuals(raw, loadings, scores.coefficients)
    values = scores.values
    if isinstance(values, np.ndarray):
        return replace(scores, values=values * root[:, None])
    return replace(scores, values=sparse.csr_array(sparse.diags_array(root) @ values))


def _respondents(
    earlier: Sample,
    asked: Sequence[Indicator],
    places: Sequence[str | Sequence[str]],
    table: IndicatorTable,
    growth: Mapping[Any, float],
    stratum: str | None,
    home: int | None,
) -> Floats:
    """Respondents behind each figure, grown stratum by stratum."""
    counts = [made.frame["n"].to_numpy(dtype=np.float64) for made in table.results.values()]
    if not counts:
        return np.empty(0)
    if stratum is None or None in growth:
        return np.concatenate(counts) * growth[None]
    crossed: list[tuple[str, ...]] = [(stratum,)]
    crossed += [(stratum, *((one,) if isinstance(one, str) else one)) for one in places]
    parted = tabulation.tabulate(earlier, asked, crossed, whole=False, home=home)
    out = []
    for one, place in table.results:
        names = place.split(" x ") if place else []
        whole = table.results[one, place].frame
        part = parted.results[one, " x ".join([stratum, *names])].frame
        part = part.assign(n=part["n"] * part[stratum].astype(str).map(growth))
        keys = [*names, "variable", "category"]
        sums = part.groupby(keys, dropna=False)["n"].sum()
        index = pd.MultiIndex.from_frame(whole[keys])
        out.append(sums.reindex(index).fillna(0.0).to_numpy(dtype=np.float64))
    return np.concatenate(out)


def _verdict(definition: Indicator, n: float, cv: float) -> str:
    if not n >= (definition.least_n or 0):
        return FEW
    # A difference may well be nothing: its CV says nothing of its use.
    if definition.statistic in ("gap", "contribution", "counterfactual", "age_structure"):
        return GOOD
    return WIDE if definition.most_cv is not None and not cv <= definition.most_cv else GOOD
