"""Calibration, imputation, standardisation, tables and impact against R."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from parity.gaps import Figure, Line, Pair, asked, designs_of, golden
from references import data, pick, read_domain

import mpsurvey as mp
from mpsurvey.design import Calibration


def calibrated(steps: tuple[str, ...]) -> Iterator[Pair]:
    tests = designs_of("estimation/test_calibrated_variance")
    for case, step in tests.SINGLE_CASES:
        if step in steps:
            frame = tests.schools(case)
            frame["w"] = tests.weights(f"{case}/{step}", frame)
            made = Calibration(**tests.SINGLE[step], before="pw")
            design = mp.Design(weight="w", calibration=made, **tests.DESIGNS[case])
            yield from asked(tests.rows_of(f"{case}/{step}"), mp.Sample(frame, design))


def imputed() -> Iterator[Pair]:
    tests = designs_of("estimation/test_imputation")
    sample, rows = tests.schools(), golden("imputation")
    found: dict[object, mp.Estimates] = {}
    rows = rows[(rows.case == "barnard_rubin") & (rows.statistic != "coefficient")]
    for row in rows.itertuples():
        domain = read_domain(row.domain, data("imputed"))
        key = (row.statistic, row.variable, tuple(domain))
        if key not in found:
            found[key] = tests.VERBS[row.statistic](sample, row.variable, by=key[2])
        yield row, pick(found[key], None, domain)


def standardised() -> Iterator[Pair]:
    tests = designs_of("estimation/test_standardisation")
    sample, rows = tests.health(), golden("standardise")
    for name in ("census_adults", "made_up", "pooled"):
        structure = tests.structure(name)
        for row in rows[rows.case == name].itertuples():
            domain = read_domain(row.domain, sample.frame.to_native())
            found = mp.standardise(
                sample, "HI_CHOL", "agecat", structure=structure, by=tuple(domain)
            )
            yield row, pick(found, None, domain)


def independence(name: str) -> Iterator[Pair]:
    tests = designs_of("estimation/test_independence")
    rows = golden("independence")
    method = tests.METHODS[name]
    for case, variables in tests.tables():
        here = rows[(rows.case == case) & (rows.variable == variables)]
        want = here.set_index("statistic").loc[name]
        found = mp.independence(tests.sample_of(case), *variables.split(":")).frame
        got = found.set_index("method").loc[method]
        for one in ("df", "df2"):
            yield Figure(np.nan, df=want[one]), Figure(np.nan, df=got["ddf" if "2" in one else one])
        yield Figure(want.estimate), Figure(got.statistic)


def shares() -> Iterator[Pair]:
    tests = designs_of("impact/test_impact_against_r")
    rows = golden("impact")
    known = [
        "share_of_amount",
        "share_of_population",
        "contribution_total",
        "contribution_rate",
        "rate_without",
    ]
    samples = tests.samples()
    for row in rows[rows.statistic.isin(known)].itertuples():
        sample = samples[row.case]
        domain = read_domain(row.domain, sample.frame.to_native())
        group = tests.GROUPS[row.case]
        found = tests.ask(sample, group, row.statistic, row.variable, tuple(domain))
        yield row, pick(found, None, domain)


def kitagawa() -> Iterator[Pair]:
    tests = designs_of("impact/test_impact_against_r")
    rows = golden("impact")
    for case, sample, y, group, between, cells in (
        ("nhanes sex by age", "nhanes", "HI_CHOL", "RIAGENDR", (2, 1), "agecat"),
        ("clus2 schwide by type", "clus2", "api00", "sch.wide", ("Yes", "No"), "stype"),
    ):
        asked_of = tests.samples()[sample]
        found = mp.decompose(asked_of, y, group=group, between=between, cells=cells).frame
        for row in rows[rows.case == case].itertuples():
            yield row, found.iloc[tests.PARTS[row.statistic]]


def oaxaca() -> Iterator[Pair]:
    tests = designs_of("impact/test_impact_against_r")
    rows = golden("impact")
    for case, sample, formula in (
        ("strat schwide", "strat", "api00 ~ meals + ell + mobility"),
        ("clus2 schwide", "clus2", "api00 ~ meals + ell"),
    ):
        asked_of = tests.samples()[sample]
        options = {"group": "sch.wide", "between": ("Yes", "No")}
        parts = [
            mp.decompose(asked_of, formula, **options, threefold=three).frame
            for three in (False, True)
        ]
        both = pd.concat(parts).drop_duplicates("category").set_index("category")
        for row in rows[rows.case == case].itertuples():
            named = row.statistic.removeprefix("oaxaca_").replace(":", ": ")
            yield row, both.loc["difference" if named == "gap" else named]


def change(statistic: str) -> Iterator[Pair]:
    tests = designs_of("impact/test_impact_against_r")
    verbs = {
        "change_of_total": (mp.total, {}),
        "change_of_mean": (mp.mean, {}),
        "growth_of_total": (mp.total, {"relative": True}),
        "change_of_ratio": (mp.ratio, {}),
    }
    verb, options = verbs[statistic]
    rows = golden("change_overlap")
    for case, (strata, where) in tests.ROUNDS.items():
        rounds = data("rounds")
        if where:
            rounds = rounds[rounds.h.isin(["a", "b"])]
        design = mp.Design(weight="w", strata=strata, psu="psu_id")
        both = [
            mp.Sample(rounds[rounds["round"] == one].reset_index(drop=True), design)
            for one in (1, 2)
        ]
        for shared in (True, False):
            here = rows[rows.case == (case if shared else f"{case}/independent")]
            for row in here[here.statistic == statistic].itertuples():
                names = row.variable.split("/")
                found = mp.change(*both, verb, *names, shared_psu=shared, **options)
                yield row, found.frame.iloc[0]


_FIGURE = ("interval", "df")

LINES = [
    *(
        Line("Calibrated weights", ours, theirs, lambda steps=steps: calibrated(steps))
        for ours, theirs, steps in (
            ("poststratification", "postStratify", ("poststratified",)),
            ("raking, equal base weights", "rake", ("raked",)),
            (
                "raking",
                'calibrate(calfun="raking")',
                ("calibrated_raking", "calibrated_raking_api99"),
            ),
            (
                "linear, ratio",
                'calibrate(calfun="linear")',
                ("calibrated_linear", "calibrated_linear_margins", "calibrated_ratio"),
            ),
            ("linear with bounds", "calibrate(bounds=)", ("calibrated_linear_bounded",)),
            ("logit", 'calibrate(calfun="logit")', ("calibrated_logit",)),
            (
                "one weight per cluster",
                "calibrate(aggregate.stage=1)",
                ("calibrated_clusters",),
            ),
        )
    ),
    Line("Imputation", "mp.Imputed", "mitools::MIcombine", imputed, _FIGURE),
    Line("Standardisation", "mp.standardise", "svystandardize, svymean", standardised),
    *(
        Line("Tables", f"mp.independence, {method}", f'svychisq(statistic="{name}")',
             lambda name=name: independence(name))
        for name, method in (
            ("F", "second order"),
            ("Wald", "wald"),
            ("adjWald", "adjusted wald"),
        )
    ),
    Line("Macro impact", "mp.share, contribution", "svyratio, svycontrast", shares, ("interval",)),
    Line("Macro impact", "mp.decompose(cells=)", "svyby, svycontrast", kitagawa, _FIGURE),
    Line("Macro impact", "mp.decompose(formula)", "svyglm, svymean, delta method", oaxaca, _FIGURE),
    *(
        Line(
            "Macro impact",
            f"mp.change, {said}",
            "ReGenesees::svyDelta",
            lambda statistic=statistic: change(statistic),
            _FIGURE,
        )
        for statistic, said in (
            ("change_of_total", "of a total"),
            ("change_of_mean", "of a mean"),
            ("change_of_ratio", "of a ratio"),
            ("growth_of_total", "growth of a total"),
        )
    ),
]  # fmt: skip
