"""Regression against R survey; poverty and inequality against R convey."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from parity.gaps import Figure, Line, Pair, designs_of, golden
from references import pick, read_domain

LINEARISED = ("eusilc", "people", "finite")
REPLICATED = ("bootstrap/estimate", "bootstrap/mean")


def below_lines(statistic: str, cases: tuple[str, ...], tests: Any) -> Iterator[Pair]:
    samples = designs_of("estimation/test_poverty")
    rows = golden("poverty")
    for case in cases:
        asked = samples.sample(case)
        frame, found = asked.frame.to_native(), {}
        for row in rows[(rows.case == case) & (rows.statistic == statistic)].itertuples():
            domain = read_domain(row.domain, frame)
            category = row.category if isinstance(row.category, str) else ""
            key = (category, tuple(domain))
            if key not in found:
                found[key] = tests.CALLS[statistic](asked, *key)
            yield row, pick(found[key], None, domain)


def poverty(statistic: str, cases: tuple[str, ...] = LINEARISED) -> Iterator[Pair]:
    return below_lines(statistic, cases, designs_of("estimation/test_poverty"))


def inequality(statistic: str, cases: tuple[str, ...] = LINEARISED) -> Iterator[Pair]:
    return below_lines(statistic, cases, designs_of("estimation/test_inequality"))


def replicated() -> Iterator[Pair]:
    for module in ("estimation/test_poverty", "estimation/test_inequality"):
        tests = designs_of(module)
        for statistic in tests.CALLS:
            yield from below_lines(statistic, REPLICATED, tests)


@cache
def model_of(case: str) -> Any:
    return designs_of("estimation/test_regression").model_of(case)


def coefficients(family: str) -> Iterator[Pair]:
    tests = designs_of("estimation/test_regression")
    rows = golden("regression")
    for case in tests.CASES:
        if not case.startswith(family):
            continue
        frame = model_of(case).estimates.frame
        names = [tests.r_order(tests.r_name(name)) for name in frame.variable]
        for row in rows[(rows.case == case) & (rows.statistic == "coefficient")].itertuples():
            yield row, frame.iloc[names.index(tests.r_order(row.variable))]


def terms(kind: str, method: str) -> Iterator[Pair]:
    tests = designs_of("estimation/test_regression")
    rows = golden("regression")
    for row in rows[rows.statistic == kind].itertuples():
        wanted = tests.our_terms(row.case, row.variable)
        found = model_of(row.case).test(wanted, method=method)
        yield Figure(row.estimate, df=row.df2), Figure(found.statistic, df=found.ddf)


def margins() -> Iterator[Pair]:
    tests = designs_of("estimation/test_regression")
    rows = golden("regression")
    for case, named in tests.margins():
        here = rows[(rows.case == case) & (rows.statistic == "margin_joint")]
        want = here[here.variable == named].set_index("category")
        group = tests.GROUP.get(named, named)
        found = model_of(case).margins(group).frame
        for place, value in enumerate(found[group]):
            row, got = want.loc[str(value)], found.iloc[place]
            yield Figure(row.estimate, row.se, df=row.df), got


_POVERTY = (
    ("mp.poverty_line", "svyarpt", "arpt"),
    ("mp.poverty", "svyarpr", "arpr"),
    ("mp.poverty(order=0)", "svyfgt(g=0)", "fgt0"),
    ("mp.poverty(order=1)", "svyfgt(g=1)", "fgt1"),
    ("mp.poverty(order=2)", "svyfgt(g=2)", "fgt2"),
    ("mp.relative_median_gap", "svyrmpg", "rmpg"),
    ("mp.watts", "svywatts", "watts"),
    ("mp.sen(ranks=\"upper\")", "svyfgt, svygini", "sen"),
)  # fmt: skip
_INEQUALITY = (
    ("mp.gini(ranks=\"upper\")", "svygini", "gini"),
    ("mp.quintile_share_ratio", "svyqsr", "qsr"),
    ("mp.generalised_entropy", "svygei", "gei"),
    ("mp.atkinson", "svyatk", "atkinson"),
    ("mp.lorenz", "svylorenz", "lorenz"),
)  # fmt: skip

LINES = [
    *(
        Line("Regression", f'mp.regression(family="{family}")', theirs,
             lambda family=family: coefficients(family))
        for family, theirs in (
            ("gaussian", "svyglm"),
            ("binomial", "svyglm(family=quasibinomial)"),
            ("poisson", "svyglm(family=quasipoisson)"),
        )
    ),
    Line("Regression", "Regression.test(...)", "regTermTest", lambda: terms("wald", "wald")),
    Line(
        "Regression",
        'Regression.test(method="likelihood ratio")',
        'regTermTest(method="LRT")',
        lambda: terms("lrt", "likelihood ratio"),
    ),
    Line("Regression", "Regression.margins(...)", "svyglm, joint linearisation", margins),
    *(
        Line("Poverty", ours, theirs, lambda statistic=statistic: poverty(statistic))
        for ours, theirs, statistic in _POVERTY
    ),
    *(
        Line("Inequality", ours, theirs, lambda statistic=statistic: inequality(statistic))
        for ours, theirs, statistic in _INEQUALITY
    ),
    Line("Inequality", "... and poverty, by the bootstrap", "convey on a replicate design",
         replicated),
]  # fmt: skip
