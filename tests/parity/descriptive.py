"""Totals, means, proportions, ratios, quantiles, moments and contrasts against R survey."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pandas as pd
from parity.gaps import Figure, Line, Pair, asked, designs_of, golden, only
from references import data, kinds, pick, read_domain

import mpsurvey as mp

REPLICATES = {
    "jk1": "JK1",
    "jkn": "JKn",
    "jk2": "JK2",
    "brr_many": "BRR",
    "brr_few": "BRR",
    "fay": "Fay",
    "bootstrap": "bootstrap",
    "successive": "successive differences",
}


@cache
def linearised() -> list[Pair]:
    """Every row of the four goldens on Taylor linearisation."""
    tests = designs_of("estimation/test_against_r")
    found: list[Pair] = []
    rows = golden("taylor_api")
    for case, (file, design) in tests.API.items():
        sample = mp.Sample(data(file), design)
        found += asked(rows[rows.case == case], sample)
        found += asked(rows[rows.case == f"{case}/level=0.90"], sample, level=0.90)
    found += asked(golden("taylor_nhanes"), tests.nhanes())
    rows = golden("taylor_mu284")
    for case, (frame, design) in tests.mu284_designs().items():
        found += asked(rows[rows.case == case].assign(h=None), mp.Sample(frame, design))
    rows = golden("taylor_fpc")
    for case, (frame, design) in tests.fpc_designs().items():
        found += asked(rows[rows.case == case], mp.Sample(frame, design))
    return found


def emptied() -> Iterator[Pair]:
    rows, frame = golden("emptied_psu"), data("emptied_psu")
    base = {"weight": "w", "strata": "h", "psu": "psu"}
    yield from asked(rows[rows.case == "emptied"], mp.Sample(frame, mp.Design(**base)))
    yield from asked(rows[rows.case == "emptied/fpc"], mp.Sample(frame, mp.Design(fpc="N", **base)))
    zero = mp.Sample(data("zero_weights"), mp.Design(**base))
    yield from asked(rows[rows.case == "zero_weights"], zero)


def dropped() -> Iterator[Pair]:
    rows, frame = golden("emptied_psu"), data("emptied_psu")
    sample = mp.Sample(frame, mp.Design(weight="w", strata="h", psu="psu"))
    yield from asked(rows[rows.case == "dropped_first"], sample, missing="drop")


def lonely(rule: str) -> Iterator[Pair]:
    tests = designs_of("estimation/test_against_r")
    for design, (frame, roles) in tests.lonely_designs().items():
        for in_domains in (False, True):
            where = "domains_too" if in_domains else "sample_only"
            rows = golden("lonely")
            rows = rows[rows.case == f"{design}/{rule}/{where}"]
            rows = rows[np.isfinite(rows.se.astype(float)) & (rows.statistic != "error")]
            built = mp.Design(**roles, lonely_psu=rule, lonely_domains=in_domains)
            yield from asked(rows, mp.Sample(frame, built))


def design_effects(option: str, column: str) -> Iterator[Pair]:
    tests = designs_of("estimation/test_against_r")
    samples = {case: mp.Sample(data(file), design) for case, (file, design) in tests.API.items()}
    parts = [(sample, "taylor_api", case) for case, sample in samples.items()]
    for sample, file, case in [*parts, (tests.nhanes(), "taylor_nhanes", None)]:
        rows = golden(file)
        rows = rows if case is None else rows[rows.case == case]
        known = np.isfinite(pd.to_numeric(rows[column]))
        counted = (rows.statistic == "total") & rows.category.notna()
        for want, got in asked(rows[known & ~counted], sample, deff=option):
            if getattr(want, column) > 1e-9:  # where the design fixes the figure, both have 0
                yield Figure(getattr(want, column)), Figure(got.deff)


def proportions(ci: str) -> Iterator[Pair]:
    tests = designs_of("estimation/test_against_r")
    rows = golden("proportions")
    for case, (frame, design) in tests.proportion_samples().items():
        sample = mp.Sample(frame, design)
        for level in (0.95, 0.90):
            middle = "" if level == 0.95 else "level=0.90/"
            name = f"{case}/{middle}{'xlogit' if ci == 'logit' else ci}"
            found: dict[object, mp.Estimates] = {}
            for row in rows[rows.case == name].itertuples():
                domain = read_domain(row.domain, frame)
                key = (row.variable, tuple(domain))
                if key not in found:
                    found[key] = mp.proportion(sample, row.variable, by=key[1], ci=ci, level=level)
                if row.se > 1e-12:
                    yield row, pick(found[key], row.category, domain)


def quantiles(rules: tuple[str, ...]) -> Iterator[Pair]:
    tests = designs_of("estimation/test_quantiles_and_moments")
    for case, sample in tests.samples().items():
        rows = golden("quantiles")
        rows = rows[rows.case.str.startswith(f"{case}/")]
        for name, part in rows.groupby("case"):
            *level, rule, interval = name.split("/")[1:]
            if rule in rules and interval in tests.INTERVALS:
                yield from _quantiles(
                    part,
                    sample,
                    q=tests.PROBABILITIES,
                    rule=tests.RULES[rule],
                    ci=tests.INTERVALS[interval],
                    level=0.90 if level else 0.95,
                )


def replicated_quantiles() -> Iterator[Pair]:
    for kind in ("jk1", "jkn", "brr_many", "fay", "bootstrap", "successive"):
        rows = golden("replicates")
        rows = rows[rows.case == f"{kind}/estimate/woodruff"]
        yield from _quantiles(rows, _replicated(kind, "estimate"), q=(0.1, 0.25, 0.5, 0.9))


def _quantiles(rows: pd.DataFrame, sample: mp.Sample, **options: object) -> Iterator[Pair]:
    tests = designs_of("estimation/test_quantiles_and_moments")
    found: dict[object, mp.Estimates] = {}
    frame = sample.frame.to_native()
    for row in rows.itertuples():
        domain = read_domain(row.domain, frame)
        key = (row.variable, tuple(domain))
        if key not in found:
            found[key] = mp.quantile(sample, row.variable, by=key[1], **options)
        result = found[key].frame
        here = (result["category"] == float(row.category)).to_numpy()
        for name, value in domain.items():
            here = here & (result[name] == value).to_numpy()
        below = "hf4" in row.case and row.ci_low < frame[row.variable].min()
        if not below and not tests.meets_a_sum_of_weights(sample, row, domain):
            yield row, result[here].iloc[0]


def moments(statistic: str) -> Iterator[Pair]:
    samples = designs_of("estimation/test_quantiles_and_moments").samples()
    rows = golden("variance_correlation")
    for case in ("strat", "clus1", "clus2", "jk1/estimate"):
        sample = _replicated("jk1", "estimate") if "/" in case else samples[case]
        if "/" in case and statistic == "correlation":
            continue  # see "where we differ"
        for row in rows[(rows.case == case) & (rows.statistic == statistic)].itertuples():
            domain = read_domain(row.domain, sample.frame.to_native())
            by = tuple(domain)
            if statistic == "correlation":
                found = mp.correlation(sample, *row.variable.split(":"), by=by)
            else:
                found = mp.variance(sample, row.variable, by=by)
                if pick(found, None, domain).n != row.n:  # R kept those who answered enroll too
                    found = mp.variance(sample, row.variable, by=by, where="answered(enroll)")
            yield row, pick(found, None, domain)


def _replicated(kind: str, centre: str) -> mp.Sample:
    file, weight, replicates = kinds(centre)[kind]
    return mp.Sample(data(file), mp.Design(weight=weight, replicates=replicates))


def replicates(name: str) -> Iterator[Pair]:
    rows = golden("replicates")
    rows = rows[rows.statistic != "quantile"]
    for kind in (one for one, said in REPLICATES.items() if said == name):
        for centre in ("estimate", "mean"):
            sample = _replicated(kind, centre)
            yield from asked(rows[rows.case == f"{kind}/{centre}"], sample)


def contrasts() -> Iterator[Pair]:
    """Run the contrasts of the tests, and take what they check."""
    tests = designs_of("estimation/test_against_r")
    rows, found = golden("contrast"), []

    def keep(result: mp.Estimates, name: str, variable: str) -> None:
        want = rows[(rows.case == name) & (rows.variable == variable)].iloc[0]
        got = result.frame.iloc[0]
        same = got.df == want.df
        limits = {"ci_low": want.ci_low, "ci_high": want.ci_high, "df": want.df} if same else {}
        found.append((Figure(want.estimate, want.se, **limits), got))

    tests.check_contrast = keep
    tests.test_contrasts_of_domain_means()
    tests.test_contrasts_across_variables_of_one_sample()
    return iter(found)


_RULES = (
    ("inverted_cdf", ("math", "hf1")),
    ("averaged_inverted_cdf", ("school", "hf2")),
    ("closest_observation", ("hf3",)),
    ("interpolated_inverted_cdf", ("hf4",)),
    ("hazen", ("hf5",)),
    ("weibull", ("hf6",)),
    ("linear", ("hf7",)),
    ("median_unbiased", ("hf8",)),
    ("normal_unbiased", ("hf9",)),
)
_BASIC = "Totals, means, shares, ratios"
_QUANTILES = "Quantiles: mp.quantile and svyquantile"
_LONELY = {"certainty": "certainty", "centre": "adjust", "average": "average"}

LINES = [
    *(
        Line(_BASIC, f"mp.{ours}", theirs, lambda s=ours: only(iter(linearised()), s))
        for ours, theirs in (
            ("total", "svytotal"),
            ("mean", "svymean"),
            ("proportion", "svymean of a factor"),
            ("ratio", "svyratio"),
        )
    ),
    Line(_BASIC, "... with answers missing, weights of 0", "svytotal, svymean, svyratio", emptied),
    Line(_BASIC, 'missing="drop"', "rows dropped before svydesign", dropped),
    *(
        Line(
            _BASIC,
            f'lonely_psu="{ours}"',
            f'survey.lonely.psu="{theirs}"',
            lambda rule=ours: lonely(rule),
        )
        for ours, theirs in _LONELY.items()
    ),
    Line(
        _BASIC,
        'deff="without_replacement"',
        "deff=TRUE",
        lambda: design_effects("without_replacement", "deff"),
    ),
    Line(
        _BASIC,
        'deff="with_replacement"',
        'deff="replace"',
        lambda: design_effects("with_replacement", "deff_replace"),
    ),
    *(
        Line(
            "Intervals of shares: mp.proportion(ci=) and svyciprop(method=)",
            f'ci="{ours}"',
            f'svyciprop(method="{theirs}")',
            lambda ci=ours: proportions(ci),
        )
        for ours, theirs in (
            ("logit", "xlogit"),
            ("beta", "beta"),
            ("wilson", "wilson"),
            ("normal", "mean"),
        )
    ),
    *(
        Line(
            _QUANTILES,
            f'rule="{ours}"',
            " or ".join(f'qrule="{one}"' for one in theirs),
            lambda rules=theirs: quantiles(rules),
        )
        for ours, theirs in _RULES
    ),
    Line(_QUANTILES, "... by replication", "of a replicate design",
         replicated_quantiles),
    Line("Moments", "mp.variance", "svyvar", lambda: moments("variance")),
    Line(
        "Moments",
        "mp.correlation",
        "svyvar, svycontrast",
        lambda: moments("correlation"),
        ("interval",),
    ),
    Line("Comparisons", "mp.contrast", "svycontrast", contrasts),
    *(
        Line(
            "Replicates in the file: Design(replicates=) and svrepdesign",
            ours,
            theirs,
            lambda name=name: replicates(name),
        )
        for name, ours, theirs in (
            ("JK1", "Jackknife(...)", 'type="JK1"'),
            ("JKn", "Jackknife(multipliers=[...])", 'type="JKn"'),
            ("JK2", "Jackknife(multipliers=1)", 'type="JK2"'),
            ("BRR", "Brr(...)", 'type="BRR"'),
            ("Fay", "Brr(fay=0.3)", 'type="Fay"'),
            ("bootstrap", "Bootstrap(...)", 'type="bootstrap"'),
            (
                "successive differences",
                "SuccessiveDifference(...)",
                'type="successive-difference"',
            ),
        )
    ),
]  # fmt: skip
