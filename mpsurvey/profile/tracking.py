"""What has changed between rounds, and what moved since the last profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from mpsurvey import impact
from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates
from mpsurvey.estimation.estimates import COLUMNS
from mpsurvey.tabulation import IndicatorTable

__all__ = ["changes_between", "judged", "revisions", "stacked", "without_withheld"]

FIGURES = ("change", "se", "ci_low", "ci_high", "p")
VERDICTS = ("up", "down", "no clear change", "withheld")


def changes_between(
    earlier: tuple[str, Mapping[str, Sample], IndicatorTable],
    later: tuple[str, Mapping[str, Sample], IndicatorTable],
    *,
    shared_psu: bool | str,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the change of every figure that both rounds have.

    Parameters
    ----------
    earlier, later
        A round's name, its samples by kind of row, and its table before anything is withheld.
    shared_psu
        As in `mpsurvey.change`: False for two independent samples.

    Returns
    -------
    pandas.DataFrame
        `indicator`, `breakdown`, `category`, the `by` columns, `earlier_round`, `later_round`,
        `earlier`, `later`, `change`, `se`, `ci_low`, `ci_high`, `p`, and after Holm's adjustment
        `significant` and `verdict`.
    """
    names = list(dict.fromkeys((*earlier[2].by, *later[2].by)))
    parts = []
    for key, after in later[2].results.items():
        before = earlier[2].results.get(key)
        indicator = later[2].indicators[key[0]]
        if before is None or not (len(before) and len(after)):
            continue
        samples = [each[1][indicator.rows] for each in (earlier, later)]
        made = _change(samples, (before, after), shared_psu)
        if made is not None:
            parts.append(_rows(made, (before, after), key, names))
    columns = ["indicator", "breakdown", "category", *names, "earlier", "later", *FIGURES]
    frame = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    place = len(columns) - len(FIGURES) - 2
    frame.insert(place, "earlier_round", earlier[0])
    frame.insert(place + 1, "later_round", later[0])
    return judged(frame, level)


def _change(
    samples: Sequence[Sample],
    results: tuple[Estimates, Estimates],
    shared_psu: bool | str,  # noqa: FBT001
) -> Estimates | None:
    ready = dict(zip((id(one) for one in samples), results, strict=True))
    asked: list[bool | str] = [shared_psu] if shared_psu is False else [shared_psu, False]
    for shared in asked:
        try:
            return impact.change(
                samples[0], samples[1], lambda sample: ready[id(sample)], shared_psu=shared
            )
        except MpsurveyError as error:
            if "no row in common" in str(error):
                return None
            # A figure made of several files has no scores by PSU: it is taken as independent,
            # which is on the safe side where rounds resemble each other.
            if shared is False or "linearisation" not in str(error):
                raise
    return None


def _rows(
    made: Estimates, results: tuple[Estimates, Estimates], key: tuple[str, str], names: list[str]
) -> pd.DataFrame:
    own = ["variable", "category", *made.by]
    frame = made.frame
    values = [_matched(each.frame, frame, own) for each in results]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (frame["estimate"] / frame["se"]).to_numpy(dtype=np.float64)
    p = 2 * stats.t.sf(np.abs(t), frame["df"].to_numpy(dtype=np.float64))
    nothing = [None] * len(frame)
    return pd.DataFrame(
        {
            "indicator": key[0],
            "breakdown": key[1],
            "category": _objects(frame["category"]),
            **{name: _objects(frame[name]) if name in frame else nothing for name in names},
            "earlier": values[0],
            "later": values[1],
            "change": frame["estimate"].to_numpy(),
            "se": frame["se"].to_numpy(),
            "ci_low": frame["ci_low"].to_numpy(),
            "ci_high": frame["ci_high"].to_numpy(),
            "p": p,
        }
    )


def _objects(column: pd.Series) -> pd.Series:
    plain = column.astype(object).reset_index(drop=True)
    return plain.where(plain.notna(), None)


def _keys(frame: pd.DataFrame, own: list[str]) -> list[tuple[str, ...]]:
    table = frame[own].astype(object)
    texts = table.where(table.notna(), "").astype(str).to_numpy().tolist()
    return [tuple(row) for row in texts]


def _matched(source: pd.DataFrame, target: pd.DataFrame, own: list[str]) -> list[float]:
    known = dict(zip(_keys(source, own), source["estimate"], strict=True))
    return [float(known.get(key, np.nan)) for key in _keys(target, own)]


def judged(changes: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    r"""Add `significant` and `verdict` after Holm's adjustment for many tests.

    A family is what a reader looks at together: the figures for all, of every indicator; and for
    each indicator the groups of one breakdown. Within a family the chance of any false alarm is at
    most 1 - level, however the tests hang together. Holm (1979), Scandinavian Journal of
    Statistics 6, 65-70.

    Parameters
    ----------
    changes
        With `indicator`, `breakdown`, `change` and `p`; NaN in `change` is withheld.
    """
    frame = changes.drop(columns=[x for x in ("significant", "verdict") if x in changes])
    family = np.where(
        frame["breakdown"] == "", "", frame["indicator"].astype(str) + " " + frame["breakdown"]
    )
    significant = np.zeros(len(frame), dtype=bool)
    p = frame["p"].to_numpy(dtype=np.float64)
    for one in pd.unique(pd.Series(family, dtype=object)):
        inside = np.flatnonzero((family == one) & np.isfinite(p))
        significant[inside] = _holm(p[inside], 1 - level)
    change = frame["change"].to_numpy(dtype=np.float64)
    verdict = np.select(
        [~np.isfinite(change), significant & (change > 0), significant],
        ["withheld", "up", "down"],
        default="no clear change",
    )
    return frame.assign(significant=significant, verdict=verdict)


def _holm(p: np.ndarray, alpha: float) -> np.ndarray:
    """Which of some tests are significant when all are asked together."""
    order = np.argsort(p, kind="stable")
    limits = alpha / np.arange(len(p), 0, -1)
    stops = np.flatnonzero(p[order] > limits)
    count = stops[0] if len(stops) else len(p)
    found = np.zeros(len(p), dtype=bool)
    found[order[:count]] = True
    return found


def without_withheld(
    changes: pd.DataFrame, earlier: IndicatorTable, later: IndicatorTable, level: float = 0.95
) -> pd.DataFrame:
    """Take out changes of which either figure is withheld: one would tell the other."""
    hidden: set[tuple[str, ...]] = set()
    names = [name for name in ("indicator", "breakdown", "category") if name in changes]
    by = [n for n in changes.columns[3:] if n not in ("earlier_round", "later_round")]
    by = by[: by.index("earlier")] if "earlier" in by else []
    for table in (earlier, later):
        frame = table.frame
        if "status" not in frame:
            continue
        kept = frame[frame["status"] == "withhold"]
        full = kept.assign(**{name: None for name in by if name not in kept})
        hidden |= set(_keys(full, [*names, *by]))
    gone = np.array([key in hidden for key in _keys(changes, [*names, *by])], dtype=bool)
    figures = ["earlier", "later", *FIGURES]
    masked = changes.assign(**{name: changes[name].where(~gone) for name in figures})
    return judged(masked, level)


def stacked(tables: Mapping[str, IndicatorTable], titles: Mapping[str, str]) -> IndicatorTable:
    """Put the rounds' tables one below the other, `round` as their first `by` column.

    Parameters
    ----------
    tables
        By round, the earliest first.
    titles
        The rounds' names in the tables' language.
    """
    last = list(tables.values())[-1]
    names = list(dict.fromkeys(name for table in tables.values() for name in table.by))
    first = ["indicator", "theme", "breakdown", "statistic", "variable", "category"]
    extra = ["status", "mark", "reason"] if "status" in last.frame else []
    columns = [*first, "round", *names, *COLUMNS, "unit", *extra]
    frames = []
    for one, table in tables.items():
        frame = table.frame.assign(round=one)
        for name in names:
            if name not in frame:
                frame[name] = pd.Series([None] * len(frame), dtype=object, index=frame.index)
            frame[name] = frame[name].astype(object)
        for name in ("category", "variable"):
            frame[name] = frame[name].astype(object)
        place = frame["breakdown"]
        frame["breakdown"] = np.where(place == "", "round", "round x " + place)
        frames.append(frame[columns])
    whole = pd.concat(frames, ignore_index=True)
    labels: dict[str, Any] = {"round": dict(titles)}
    known: dict[str, str] = {}
    for table in tables.values():
        labels |= table.labels
        known |= table.titles
    return replace(
        last,
        frame=whole,
        labels=labels,
        titles=known,
        results={},
        indicators={k: v for table in tables.values() for k, v in table.indicators.items()},
    )


def revisions(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Compare this profile's figures with those that the last one published, of the same rounds.

    Parameters
    ----------
    now, before
        The long tables of both, as published, with `round`.

    Returns
    -------
    pandas.DataFrame
        Figures that both have and that differ by more than rounding: the columns that name them,
        `published` and `now`.
    """
    skip = {*COLUMNS, "unit", "status", "mark", "reason", "theme", "statistic", "variable", "title"}
    keys = [name for name in now.columns if name not in skip and name in before.columns]
    known = dict(zip(_keys_of(before, keys), before["estimate"], strict=True))
    rows = []
    for key, row in zip(_keys_of(now, keys), now.to_dict("records"), strict=True):
        old, new = known.get(key), row["estimate"]
        if old is None or not (np.isfinite(old) and np.isfinite(new)):
            continue
        if not np.isclose(old, new, rtol=1e-6, atol=1e-12):
            rows.append({**{name: row[name] for name in keys}, "published": old, "now": new})
    return pd.DataFrame(rows, columns=[*keys, "published", "now"])


def _keys_of(frame: pd.DataFrame, keys: list[str]) -> list[tuple[str, ...]]:
    return [tuple(_text(value) for value in row) for row in frame[keys].to_numpy().tolist()]


def _text(value: Any) -> str:
    """A code as text that is the same whether a file held it as 1, 1.0 or '1'."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return f"{number:g}"
