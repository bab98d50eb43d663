"""Questions to one small survey, by the public function that answers them."""

import dataclasses
import functools
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import mpsurvey as mp
from mpsurvey import profile, tabulation
from mpsurvey.catalogue import read_folders
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.significance import Significance

STAGE = {"psu": "ea", "fpc": None}


def later(sample):
    """The same places a year on: the same rows under other weights."""
    return sample.with_design(fpc=None, weight="size")


def replicated(sample, replicates):
    return mp.add_replicates(sample.with_design(**STAGE), replicates)


def two_each(sample):
    """Two units in each stratum, as half-samples want them."""
    return sample.with_design(strata="region", psu="sex", fpc=None)


def logistic(sample):
    return mp.regression(sample, "foreign ~ age + C(region)", family="binomial", where="age >= 15")


TEXTS = 'title: {en: "Title of ID"}\ndefinition: {en: "x"}\nunit: {en: "percent"}\n'
REST = 'weight: person\nsources: [{key: "OECD18"}]\ncaveat: {en: "Accounting, not cause."}\n'
BODIES = {
    "EMP01": 'statistic: share\nwhere: "age >= 15"\ngroup: "foreign == 1"\nper: 100\n',
    "EMP02": 'statistic: gap\ngroup: "foreign == 1"\nnumerator: "wage"\ndenominator: "1"\n'
    "standardise: [sex]\n",
    "EMP03": 'statistic: mean\nvariable: "hours"\n',
    "EMP04": 'statistic: quantile\nvariable: "income"\nq: 0.8\n',
    "EMP05": 'statistic: total\nvariable: "sent"\n',
    "EMP06": 'statistic: mean\nvariable: "never_asked"\n',
}


@functools.cache
def indicators():
    with tempfile.TemporaryDirectory() as folder:
        for name, body in BODIES.items():
            head = f"kind: indicator\nid: {name}\nversion: 1.0.0\ntheme: employment\n"
            text = head + TEXTS.replace("ID", name) + body + REST
            (Path(folder) / f"{name}.yaml").write_text(text)
        return read_folders([Path(folder)]).catalogue.indicators()


def table(sample):
    return mp.tabulate(sample, indicators(), by=("region", ("sex", "band")))


SCORES = mp.Imputed("score_*")

VERBS = {
    "total": {
        "a column": lambda s: mp.total(s, "wage", by="region"),
        "people": lambda s: mp.total(s, by=("sex", "band")),
        "with effects": lambda s: mp.total(s, "hours", by="sex", deff=True, df="design"),
        "a count": lambda s: mp.total(s, "count(hours, wage)", by="region"),
        "yes and no": lambda s: mp.total(s, "migrant * wage + 1", by="migrant"),
    },
    "mean": {
        "with effects": lambda s: mp.mean(
            s, "hours", by=("region", "sex"), where="age >= 15", deff=True
        ),
        "a formula": lambda s: mp.mean(s, "wage / hours", by="migrant"),
        "of several": lambda s: mp.mean(s, "max(wage, sent, 200) + mean(hours, age)"),
        "yes and no": lambda s: mp.mean(s, "migrant", by="came"),
        "dropped": lambda s: mp.mean(s, "hours", by="status", missing="drop"),
        "complete": lambda s: mp.mean(s, "wage", by="region", missing="fail"),
        "imputed": lambda s: mp.mean(s, SCORES, by="sex"),
        "of yes": lambda s: mp.mean(s, "wage", where="migrant == 1 and answered(hours)"),
    },
    "ratio": {
        "two columns": lambda s: mp.ratio(s, "wage", "hours", by="status"),
        "with effects": lambda s: mp.ratio(s, "sent", "income", by="sex", deff=True),
    },
    "proportion": {
        "a rule": lambda s: mp.proportion(s, "age >= 15 and region == 'north'", by="status"),
        "text": lambda s: mp.proportion(s, "status", by="band"),
        "categories": lambda s: mp.proportion(s, "band", by="migrant", ci="beta"),
        "yes and no": lambda s: mp.proportion(s, "migrant", by="region", ci="wilson"),
        "numbers": lambda s: mp.proportion(s, "origin", by="sex", deff=True),
        "dropped": lambda s: mp.proportion(s, "status", by="sex", missing="drop"),
    },
    "quantile": {
        "continuous": lambda s: mp.quantile(s, "hours", (0.25, 0.5), by="region"),
        "ties": lambda s: mp.quantile(s, "income", (0.1, 0.5, 0.9), by="sex", ci="beta"),
        "between": lambda s: mp.quantile(s, "income", rule="averaged_inverted_cdf"),
        "closest": lambda s: mp.quantile(s, "income", 0.3, rule="closest_observation"),
        "some": lambda s: mp.quantile(s, "income", 0.4, by="band", where="migrant == 1"),
    },
    "variance": {
        "a column": lambda s: mp.variance(s, "wage", by="region"),
        "with effects": lambda s: mp.variance(s, "hours", by="sex", deff=True),
    },
    "correlation": {"two columns": lambda s: mp.correlation(s, "hours", "wage", by="sex")},
    "poverty": {
        "fixed": lambda s: mp.poverty(s, "income", line=250, by="region"),
        "own lines": lambda s: mp.poverty(s, "income", line="200 + 5 * size", order=1, by="sex"),
        "relative": lambda s: mp.poverty(s, "income", line="60% of median", by="region"),
        "severity": lambda s: mp.poverty(
            s, "income", line="60% of mean", order=2, by="sex", where="age >= 15"
        ),
        "of each": lambda s: mp.poverty(
            s, "income", line="60% of median", by="sex", line_of="group", ci="logit"
        ),
    },
    "poverty_line": {
        "of the median": lambda s: mp.poverty_line(s, "income", by="region"),
        "of the mean": lambda s: mp.poverty_line(s, "wage", line="50% of mean", by="sex"),
        "of a quantile": lambda s: mp.poverty_line(s, "hours", line="40% of the 75th percentile"),
    },
    "relative_median_gap": {
        "groups": lambda s: mp.relative_median_gap(s, "income", line="90% of median", by="sex")
    },
    "sen": {"groups": lambda s: mp.sen(s, "income", line=310, by="sex")},
    "watts": {"groups": lambda s: mp.watts(s, "income", line="70% of median", by="region")},
    "gini": {
        "continuous": lambda s: mp.gini(s, "wage", by="region"),
        "ties": lambda s: mp.gini(s, "income", by="sex"),
    },
    "lorenz": {"continuous": lambda s: mp.lorenz(s, "wage + hours / 7", by="sex")},
    "quintile_share_ratio": {"ties": lambda s: mp.quintile_share_ratio(s, "income", by="sex")},
    "atkinson": {"groups": lambda s: mp.atkinson(s, "income", (0.5, 1), by="sex")},
    "generalised_entropy": {
        "groups": lambda s: mp.generalised_entropy(s, "wage", (0, 1, 2), by="sex")
    },
    "independence": {
        "a table": lambda s: mp.independence(s, "region", "sex"),
        "by group": lambda s: mp.independence(s, "status", "band", by="sex"),
        "dropped": lambda s: mp.independence(s, "status", "band", missing="drop"),
    },
    "regression": {
        "a line": lambda s: mp.regression(s, "wage ~ age + C(region) + hours"),
        "logistic": logistic,
        "margins": lambda s: logistic(s).margins("region", among="region != 'south'"),
        "test": lambda s: logistic(s).test("C(region)", method="likelihood ratio"),
        "imputed": lambda s: mp.regression(s, "score ~ age + sex", imputed={"score": SCORES}),
        "margins, imputed": lambda s: mp.regression(
            s, "score ~ age + C(sex)", imputed={"score": SCORES}, where="age >= 15"
        ).margins("sex"),
        "dropped": lambda s: mp.regression(s, "wage ~ hours", missing="drop"),
        "dropped by group": lambda s: mp.regression(
            s, "hours > 38 ~ C(status)", family="binomial", missing="drop", where="sex == 1"
        ),
        "dropped, of a function": lambda s: mp.regression(
            s, "log(hours) ~ age + status", missing="drop"
        ),
    },
    "standardise": {
        "by age": lambda s: mp.standardise(s, "hours", "band", by="migrant"),
        "given": lambda s: mp.standardise(
            s, "wage", "sex", structure={1: 0.5, 2: 0.5}, by="region", where="age >= 15"
        ),
        "dropped": lambda s: mp.standardise(s, "hours", "sex", missing="drop"),
    },
    "share": {
        "a column": lambda s: mp.share(s, "migrant", among="age >= 15", by="region"),
        "of an amount": lambda s: mp.share(s, "foreign", of="wage", by="sex"),
    },
    "contribution": {
        "of a rate": lambda s: mp.contribution(s, "migrant", "wage", "hours", by="sex"),
        "in detail": lambda s: mp.contribution(s, "age < 30", "sent > 0", by="sex", detail=True),
    },
    "gap": {
        "all others": lambda s: mp.gap(s, "migrant", "wage", by="region"),
        "some others": lambda s: mp.gap(s, "age < 30", "wage", "hours", others="age > 60"),
        "at one composition": lambda s: mp.gap(s, "foreign", "wage", standardise="sex"),
    },
    "decompose": {
        "by cells": lambda s: mp.decompose(s, "wage", group="sex", cells=("band", "region")),
        "by a formula": lambda s: mp.decompose(s, "wage ~ age + C(region)", group="sex"),
    },
    "change": {
        "means": lambda s: mp.change(s, later(s), mp.mean, "wage", by="region"),
        "relative": lambda s: mp.change(s, later(s), mp.total, "1", relative=True, by="sex"),
        "medians": lambda s: mp.change(s, later(s), mp.quantile, "income", shared_psu=False),
    },
    "contribution_to_growth": {
        "people": lambda s: mp.contribution_to_growth(s, later(s), "migrant", by="region")
    },
    "counterfactual": {
        "means": lambda s: mp.counterfactual(s, mp.mean, "income", "sent", by="region"),
        "poverty": lambda s: mp.counterfactual(
            s, mp.poverty, "income", "sent", size="size", returning="foreign", line=100
        ),
    },
    "age_structure": {"migrants": lambda s: mp.age_structure(s, "migrant", by="sex")},
    "flows": {
        "net": lambda s: mp.flows(s, "origin", "here"),
        "rates": lambda s: mp.flows(s, "origin", "here", figure="net rate", where="age >= 15"),
    },
    "population_change": {
        "migration": lambda s: mp.population_change(
            s, {"births": "age == 0"}, {"left": "migrant == 1 and age > 80"}, by="sex"
        )
    },
    "share_of_poorest": {
        "amounts": lambda s: mp.share_of_poorest(s, "sent", "wage", by="sex"),
        "ties": lambda s: mp.share_of_poorest(s, "sent", "income", by="sex"),
    },
    "share_above": {
        "occupations": lambda s: mp.share_above(s, "migrant", "origin", 0.3, by="sex"),
    },
    "compose": {
        "one file": lambda s: mp.compose(
            s,
            {"old": mp.Part("1", where="age > 60"), "paid": mp.Part("wage")},
            "paid / old",
            by="sex",
        ),
        "two files": lambda s: mp.compose(
            {"person": s, "absent": s.with_design(fpc=None).with_design(fpc=s.design.fpc)},
            {"here": mp.Part("hours"), "away": mp.Part("sent > 0", rows="absent", where="sex==1")},
            "away / (here + away)",
            by="region",
        ),
    },
    "add_replicates": {
        "jackknife": lambda s: mp.mean(replicated(s, mp.Jackknife()), "hours", by="region"),
        "bootstrap": lambda s: mp.quantile(
            replicated(s, mp.Bootstrap(replicates=20, seed=2)), "income", by="sex"
        ),
        "half-samples": lambda s: mp.gini(
            mp.add_replicates(two_each(s), mp.Brr()), "income", by="migrant"
        ),
        "successive differences": lambda s: mp.poverty(
            replicated(s, mp.SuccessiveDifference()), "income", line="60% of median", by="sex"
        ),
        "a model": lambda s: mp.regression(replicated(s, mp.Jackknife()), "wage ~ age + hours"),
        "logistic": lambda s: logistic(replicated(s, mp.Jackknife())),
        "dropped": lambda s: mp.ratio(
            replicated(s, mp.Jackknife()), "wage", "hours", missing="drop"
        ),
    },
    "tabulate": {"indicators": table},
    "assess": {"without the sample": lambda s: mp.assess(table(s))},
    "protect": {"without the sample": lambda s: mp.protect(table(s))},
    "attack": {"without the sample": lambda s: tabulation.attack(mp.protect(table(s)))},
}

RECIPE = {"steps": [{"do": "poststratify", "margin": "sex"}]}
NEED_ROWS = {
    "weight": {
        "by a recipe": lambda s: mp.weight(s, RECIPE, {"sex": {1: 100, 2: 100}}),
    },
    "weight_report": {
        "of weights": lambda s: mp.weight_report(mp.weight(s, RECIPE, {"sex": {1: 90, 2: 90}}))
    },
    "assess": {"by rules": lambda s: mp.assess(table(s), sample=s)},
    "protect": {"small cells": lambda s: mp.protect(table(s), sample=s)},
    "attack": {"what is left": lambda s: tabulation.attack(table(s), sample=s)},
    "expected_precision": {
        "a plan": lambda s: profile.expected_precision(s, indicators()[:3], "region", plan=400)
    },
    "quantile": {"between": lambda s: mp.quantile(s, "income", rule="hazen")},
    "gini": {"upper": lambda s: mp.gini(s, "income", ranks="upper")},
    "sen": {"upper": lambda s: mp.sen(s, "income", line=300, ranks="upper")},
    "regression": {
        "imputed and dropped": lambda s: mp.regression(
            s, "score ~ hours", imputed={"score": SCORES}, missing="drop"
        ),
        "margins of others": lambda s: logistic(s).margins("region", among="hours > 30"),
    },
    "decompose": {"dropped": lambda s: mp.decompose(s, "hours ~ age", group="sex", missing="drop")},
}
"""Questions that only rows in memory can answer, also of verbs that answer others."""


def figures_of(found):
    """A frame, a covariance if there is one, and notes, of whatever a verb returns."""
    if isinstance(found, Significance):
        return pd.DataFrame([dataclasses.asdict(found)]), None, ()
    if isinstance(found, mp.Regression):
        found = found.estimates
    if isinstance(found, Estimates):
        return found.frame, np.asarray(found.covariance), found.notes
    if isinstance(found, mp.IndicatorTable):
        return found.frame, None, found.notes
    if isinstance(found, pd.DataFrame):
        return found, None, ()
    if hasattr(found, "frame"):
        return found.frame, None, getattr(found, "notes", ())
    return found, None, ()


def as_texts(frame, names):
    return frame[names].astype(object).where(frame[names].notna(), None).map(str)


def same(found, want, place, *, types):
    """Figures to ten digits; names, order, notes, and types where they are asked for."""
    if isinstance(want, MpsurveyError) or isinstance(found, MpsurveyError):
        assert str(found) == str(want), place
        return
    (frame, covariance, notes), (expected, known, remarks) = found, want
    assert frame.columns.tolist() == expected.columns.tolist(), place
    assert len(frame) == len(expected), place
    numbers = [c for c in expected if pd.api.types.is_numeric_dtype(expected[c])]
    for name in numbers:
        np.testing.assert_allclose(
            frame[name].to_numpy(float),
            expected[name].to_numpy(float),
            rtol=1e-10,
            atol=1e-12,
            err_msg=f"{place}: {name}",
        )
    rest = [name for name in expected if name not in numbers]
    pd.testing.assert_frame_equal(as_texts(frame, rest), as_texts(expected, rest), obj=place)
    if known is not None:
        figure = expected["estimate"].abs().max()
        near = 1e-10 * np.abs(known).max(initial=0.0) + 1e-24 * figure**2
        np.testing.assert_allclose(covariance, known, rtol=1e-10, atol=near, err_msg=place)
    assert notes == remarks, place
    if types:
        assert frame.dtypes.equals(expected.dtypes), place
