"""How often 95 % intervals contain the truth, for every statistic.

Run it by hand::

    nice -n 10 python tests/benchmarks/coverage.py --draws 1000 --to coverage.csv

Samples are drawn from one finite population (`coverage_country`): 8 strata, places, households; a
rare group of 3 % who live near each other; nonresponse that depends on the stratum and household;
weights adjusted for nonresponse and raked to sex by age and to region. Three sizes of survey are
tried: of the middle one every statistic is asked for by linearisation, and in some draws the usual
ones by jackknife and bootstrap too, in which every weighting step is done again; of the others the
usual ones and those of the rare group. The truth of each is the same statistic of all the people.

Printed are, for each figure: the mean n behind it, the bias over the standard deviation of the
estimates, the mean standard error over that deviation (1 is right), and the share of intervals that
contain the truth. With 1,000 draws that share has a standard error of 0.7 points.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from coverage_country import (
    Country,
    Survey,
    census,
    draw_people,
    draw_places,
    make_country,
    weighted,
)

import mpsurvey as mp

SURVEYS = {"small": Survey(4, 8), "middle": Survey(10, 12), "large": Survey(30, 15)}
KINDS = ("logit", "beta", "wilson", "normal")
FIXED = 400.0
RARE, RARE_NAME = "migrant == 1", "rare, "
Figure = Callable[[mp.Sample], mp.Estimates]

USUAL: dict[str, Figure] = {
    "total: employed people": lambda s: mp.total(s, "employed"),
    "total: wages": lambda s: mp.total(s, "wage"),
    "mean: wage of the employed": lambda s: mp.mean(s, "wage", where="status == 1"),
    "proportion: status (logit)": lambda s: mp.proportion(s, "status"),
    "ratio: unemployment": lambda s: mp.ratio(s, "status == 2", "status in (1, 2)"),
    "median: income": lambda s: mp.quantile(s, "income"),
    "variance: income": lambda s: mp.variance(s, "income"),
    "contrast: wage of men and women": lambda s: mp.contrast(
        mp.mean(s, "wage", by="sex", where="status == 1"), {"sex": {1: 1, 2: -1}}
    ),
    "share: migrants among the unemployed": lambda s: mp.share(s, RARE, among="status == 2"),
    "contribution: migrants to unemployment": lambda s: mp.contribution(
        s, RARE, "status == 2", "status in (1, 2)"
    ),
    "poverty: 60 % of median": lambda s: mp.poverty(s, "income", line="60% of median"),
    "gini: income": lambda s: mp.gini(s, "income"),
    "rare, total: people": lambda s: mp.total(s, where=RARE),
    "rare, mean: wage": lambda s: mp.mean(s, "wage", where=f"{RARE} and status == 1"),
    "rare, proportion: employed (logit)": lambda s: mp.proportion(s, "status == 1", where=RARE),
    "rare, median: income": lambda s: mp.quantile(s, "income", where=RARE),
}


def others() -> Iterator[tuple[str, Figure]]:
    """Figures that are asked for by linearisation only."""
    for kind in KINDS:
        yield f"proportion: status ({kind})", lambda s, k=kind: mp.proportion(s, "status", ci=k)
        yield f"rare, share of all, 3 % ({kind})", lambda s, k=kind: mp.proportion(s, RARE, ci=k)
        yield (
            f"rare, unemployed among all, 0.4 % ({kind})",
            lambda s, k=kind: mp.proportion(s, f"{RARE} and status == 2", ci=k),
        )
        yield (
            f"rare, proportion: employed ({kind})",
            lambda s, k=kind: mp.proportion(s, "status == 1", where=RARE, ci=k),
        )
        yield (
            f"rare, proportion: unemployed, 10 % ({kind})",
            lambda s, k=kind: mp.proportion(s, "status == 2", where=RARE, ci=k),
        )
    for kind in ("normal", "beta", "logit"):
        yield (
            f"quantiles: income ({kind})",
            lambda s, k=kind: mp.quantile(s, "income", (0.1, 0.25, 0.5, 0.75, 0.9), ci=k),
        )
        yield (
            f"rare, quartiles: income ({kind})",
            lambda s, k=kind: mp.quantile(s, "income", (0.25, 0.5, 0.75), where=RARE, ci=k),
        )
    design = {"where": RARE, "df": "design"}
    yield "rare, total: people (df of the design)", lambda s: mp.total(s, **design)
    yield (
        "rare, mean: wage (df of the design)",
        lambda s: mp.mean(s, "wage", where=f"{RARE} and status == 1", df="design"),
    )
    for kind in KINDS:
        yield (
            f"rare, proportion: employed ({kind}, df of the design)",
            lambda s, k=kind: mp.proportion(s, "status == 1", ci=k, **design),
        )
    yield "mean: hours by region", lambda s: mp.mean(s, "hours", by="region")
    yield "correlation: income and wage", lambda s: mp.correlation(s, "income", "wage")
    yield "share: migrants in wages", lambda s: mp.share(s, RARE, of="wage")
    yield "contribution: migrants to wages", lambda s: mp.contribution(s, RARE, "wage")
    yield "gap: wage of migrants", lambda s: mp.gap(s, RARE, "wage", where="status == 1")
    yield (
        "standardise: employment of migrants",
        lambda s: mp.standardise(s, "employed", "band", by="migrant"),
    )
    yield (
        "decompose: employment of men and women",
        lambda s: mp.decompose(s, "employed", group="sex", cells=("educ", "band")),
    )
    yield (
        "decompose: wages of men and women",
        lambda s: mp.decompose(s, "log_wage ~ educ + age", group="sex"),
    )
    yield (
        "counterfactual: poverty without remittances",
        lambda s: mp.counterfactual(s, mp.poverty, "income", "sent", line=FIXED),
    )
    yield "poverty: fixed line", lambda s: mp.poverty(s, "income", line=FIXED)
    yield "poverty gap: fixed line", lambda s: mp.poverty(s, "income", line=FIXED, order=1)
    yield (
        "poverty gap: 60 % of median",
        lambda s: mp.poverty(s, "income", line="60% of median", order=1),
    )
    yield "relative median gap", lambda s: mp.relative_median_gap(s, "income")
    yield "quintile share ratio", lambda s: mp.quintile_share_ratio(s, "income")
    yield "generalised entropy 0, 1, 2", lambda s: mp.generalised_entropy(s, "income", (0, 1, 2))
    yield "atkinson 0.5, 1", lambda s: mp.atkinson(s, "income", (0.5, 1))
    yield "lorenz 20 %, 40 %", lambda s: mp.lorenz(s, "income", (0.2, 0.4))
    yield "sen: fixed line", lambda s: mp.sen(s, "income", line=FIXED)
    yield "watts: fixed line", lambda s: mp.watts(s, "income", line=FIXED)
    yield (
        "regression: gaussian",
        lambda s: mp.regression(s, "log_wage ~ migrant + age + C(educ)").estimates,
    )
    yield (
        "regression: binomial",
        lambda s: mp.regression(s, "employed ~ migrant + age", family="binomial").estimates,
    )
    yield (
        "rare, ratio: unemployment",
        lambda s: mp.ratio(s, "status == 2", "status in (1, 2)", where=RARE),
    )
    yield "rare, gini: income", lambda s: mp.gini(s, "income", where=RARE)
    yield "rare, poverty: fixed line", lambda s: mp.poverty(s, "income", line=FIXED, where=RARE)
    yield "rare, variance: income", lambda s: mp.variance(s, "income", where=RARE)


CHANGES: dict[str, Callable[[mp.Sample, mp.Sample], mp.Estimates]] = {
    "change: employed": lambda a, b: mp.change(a, b, mp.mean, "employed"),
    "change: total wages": lambda a, b: mp.change(a, b, mp.total, "wage"),
    "change: unemployment": lambda a, b: mp.change(
        a, b, mp.ratio, "status == 2", "status in (1, 2)"
    ),
    "rare, change: employed": lambda a, b: mp.change(a, b, mp.mean, "employed", where=RARE),
}


def later(frame: pd.DataFrame) -> pd.DataFrame:
    """The people as the second round finds them."""
    return frame.assign(**{name: frame[f"{name}_2"] for name in ("status", "wage", "employed")})


def rows_of(found: mp.Estimates, name: str, method: str) -> pd.DataFrame:
    """The figures of a result, each with a name of its own."""
    frame = found.frame
    parts = [frame["category"], *(frame[by] for by in found.by)]
    if name.startswith("regression"):
        parts = [frame["variable"]]
    words = [
        " ".join(
            f"{x:g}" if isinstance(x, float) else str(x) for x in row if x is not None and x == x
        )
        for row in zip(*parts, strict=True)
    ]
    kept = frame[["estimate", "se", "ci_low", "ci_high", "n", "df"]]
    return kept.assign(figure=name, part=words, method=method)


def one_draw(
    country: Country, survey: Survey, seed: int, replicates: int, *, whole: bool
) -> pd.DataFrame:
    """All figures of one survey, or the usual ones and the rare group's, and their changes."""
    random = np.random.default_rng(seed)
    places = draw_places(survey, random)
    frame = draw_people(country, survey, places, random)
    sample = weighted(country, frame).remembering()
    figures = {**USUAL, **{name: ask for name, ask in others() if whole or RARE_NAME in name}}
    found = [rows_of(ask(sample), name, "Taylor") for name, ask in figures.items()]
    kept, half = draw_places(survey, random), survey.places // 2
    kept[:, :half] = places[:, :half]  # half of the places are visited again
    for h, row in enumerate(kept):
        fresh = [place for place in row[half:] if place not in set(places[h, :half])]
        spare = [p for p in range(h * 200, h * 200 + 200) if p not in {*fresh, *places[h, :half]}]
        row[half:] = [*fresh, *random.permutation(spare)[: survey.places - half - len(fresh)]]
    second = weighted(country, later(draw_people(country, survey, kept, random))).remembering()
    found += [
        rows_of(ask(sample, second), name, "Taylor")
        for name, ask in CHANGES.items()
        if whole or RARE_NAME in name
    ]
    if replicates:
        for kind in ("jackknife", "bootstrap"):
            made = {"kind": kind}
            if kind == "bootstrap":
                made |= {"number": replicates, "seed": seed}
            again = weighted(country, frame, **made).remembering()
            found += [rows_of(ask(again), name, kind) for name, ask in USUAL.items()]
    return pd.concat(found, ignore_index=True)


def truths(country: Country) -> pd.Series:
    """The same figures of all the people."""
    people = census(country)
    found = [rows_of(ask(people), name, "") for name, ask in {**USUAL, **dict(others())}.items()]
    after = mp.Sample(later(country.people), mp.Design(psu="home"))
    before = mp.Sample(country.people, mp.Design(psu="home"))
    found += [rows_of(ask(before, after), name, "") for name, ask in CHANGES.items()]
    return pd.concat(found).set_index(["figure", "part"]).estimate


def summary(draws: pd.DataFrame) -> pd.DataFrame:
    """Bias, standard errors and coverage of each figure of each method and survey."""
    known = draws[np.isfinite(draws.estimate)]
    held = (known.ci_low <= known.truth) & (known.truth <= known.ci_high)
    some = np.isfinite(known.ci_low) & np.isfinite(known.ci_high)
    keys = ["survey", "method", "figure", "part"]
    grouped = known.assign(held=np.where(some, held, np.nan), square=known.se**2).groupby(
        keys, sort=False
    )
    table = grouped.agg(
        n=("n", "mean"),
        df=("df", "mean"),
        truth=("truth", "first"),
        mean=("estimate", "mean"),
        sd=("estimate", "std"),
        square=("square", "mean"),
        cover=("held", "mean"),
        intervals=("held", "count"),
    )
    table["bias"] = (table["mean"] - table.truth) / table.sd
    table["se"] = np.sqrt(table.square) / table.sd
    return table.drop(columns="square").reset_index()


def main() -> None:
    """Draw, estimate, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--replicated", type=int, default=300, help="draws with replicates too")
    parser.add_argument("--replicates", type=int, default=100, help="of the bootstrap")
    parser.add_argument("--survey", choices=SURVEYS, action="append", help="sizes of survey; all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", type=Path, help="CSV of the table, written after every 100 draws")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # tiny samples of a rare group are what is studied
    country = make_country(given.seed)
    truth = truths(country)
    tables: dict[str, pd.DataFrame] = {}
    for name in given.survey or list(SURVEYS):
        started = time.process_time()
        found: list[pd.DataFrame] = []
        for draw in range(given.draws):
            whole = name == "middle"
            repeated = given.replicates if whole and draw < given.replicated else 0
            found.append(one_draw(country, SURVEYS[name], 1000 + draw, repeated, whole=whole))
            if (draw + 1) % 100 and draw + 1 < given.draws:
                continue
            draws = pd.concat(found, ignore_index=True)
            keys = pd.MultiIndex.from_frame(draws[["figure", "part"]])
            draws["truth"] = truth.reindex(keys).to_numpy()
            tables[name] = summary(draws.assign(survey=name))
            if given.to:
                pd.concat(tables.values()).to_csv(given.to, index=False)
        seconds = time.process_time() - started
        print(f"\n{name}: {given.draws} draws, {seconds:.0f} s of processor")
        shown = ["method", "figure", "part", "n", "df", "bias", "se", "cover", "intervals"]
        rounded = tables[name][shown].round({"n": 0, "df": 0, "bias": 2, "se": 3, "cover": 3})
        print(rounded.to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
