"""Indicators by two routes, tables that hold what they say, and what a survey lacks."""

import numpy as np
import pandas as pd
import pytest
from references import close

import mpsurvey as mp
from mpsurvey.catalogue import read_folders

TEXTS = 'title: {en: "Title of ID"}\ndefinition: {en: "x"}\nunit: {en: "percent"}\n'
REST = 'weight: person\nsources: [{key: "OECD18"}]\ncaveat: {en: "Accounting, not cause."}\n'
BODIES = {
    "EMP01": 'statistic: share\nwhere: "lfs in (1, 2)"\ngroup: "migrant == 1"\nper: 100\n',
    "EMP02": 'statistic: gap\nwhere: "age >= 15"\ngroup: "migrant == 1"\n'
    'numerator: "lfs in (1, 2)"\ndenominator: "1"\nstandardise: [band, sex]\n',
    "EMP03": 'statistic: gap\ngroup: "migrant == 1"\nnumerator: "lfs == 2"\n'
    'denominator: "lfs in (1, 2)"\n',
    "EMP05": 'statistic: contribution\ngroup: "migrant == 1"\nnumerator: "lfs == 2"\n'
    'denominator: "lfs in (1, 2)"\n',
    "EMP06": 'statistic: mean\nvariable: "wage"\nwhere: "lfs == 1"\n',
    "EMP07": 'statistic: total\nvariable: "migrant == 1"\n',
    "EMP08": 'statistic: proportion\nvariable: "lfs == 1"\n',
    "EMP09": 'statistic: quantile\nvariable: "wage"\nq: 0.8\n',
    "EMP10": 'statistic: ratio\nnumerator: "wage"\ndenominator: "hours"\n',
    "EMP11": 'statistic: age_structure\ngroup: "migrant == 1"\n',
    "EMP12": 'statistic: mean\nvariable: "never_asked"\n',
    "EMP13": 'statistic: counterfactual\nvariable: "wage"\nwithout: "hours"\nfigure: mean\n',
}


def library(folder, bodies=BODIES):
    for name, body in bodies.items():
        head = f"kind: indicator\nid: {name}\nversion: 1.0.0\ntheme: employment\n"
        (folder / f"{name}.yaml").write_text(head + TEXTS.replace("ID", name) + body + REST)
    return read_folders([folder])


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    reading = library(tmp_path_factory.mktemp("indicators"))
    assert not reading.problems
    return reading.catalogue


@pytest.fixture(scope="module")
def sample():
    random = np.random.default_rng(7)
    n = 3000
    ea = random.integers(0, 60, n)
    frame = pd.DataFrame(
        {
            "w": random.uniform(1, 2, n),
            "ea": ea,
            "h": ea // 12,
            "age": random.integers(0, 80, n),
            "sex": random.integers(1, 3, n),
            "region": random.choice(["north", "south"], n),
            "migrant": (random.random(n) < 0.15).astype(int),
            "lfs": random.choice([1, 1, 2, 3], n),
            "wage": random.normal(100, 20, n),
            "hours": random.uniform(10, 50, n),
        }
    )
    frame["band"] = frame.age // 20
    return mp.Sample(frame, mp.Design(weight="w", strata="h", psu="ea"))


DIRECT = {
    "EMP01": lambda s, o: mp.share(s, "migrant == 1", among="lfs in (1, 2)", **o),
    "EMP02": lambda s, o: mp.gap(
        s, "migrant", "lfs in (1, 2)", where="age >= 15", standardise=("band", "sex"), **o
    ),
    "EMP03": lambda s, o: mp.gap(s, "migrant", "lfs == 2", "lfs in (1, 2)", **o),
    "EMP05": lambda s, o: mp.contribution(s, "migrant", "lfs == 2", "lfs in (1, 2)", **o),
    "EMP06": lambda s, o: mp.mean(s, "wage", where="lfs == 1", **o),
    "EMP07": lambda s, o: mp.total(s, "migrant", **o),
    "EMP08": lambda s, o: mp.proportion(s, "lfs == 1", **o),
    "EMP09": lambda s, o: mp.quantile(s, "wage", 0.8, **o),
    "EMP10": lambda s, o: mp.ratio(s, "wage", "hours", **o),
}


@pytest.mark.parametrize("name", DIRECT)
def test_catalogue_and_direct_calls_agree(sample, catalogue, name):
    table = mp.tabulate(sample, catalogue.indicators(name), by=("sex", ("sex", "region")))
    for by in ((), ("sex",), ("sex", "region")):
        direct = DIRECT[name](sample, {"by": by, "df": "effective"}).frame
        rows = table.frame[table.frame.breakdown == " x ".join(by)]
        close(rows.estimate.astype(float), direct.estimate, name)
        close(rows.se.astype(float), direct.se, name)
        close(rows.df, direct.df, name)
        for variable in by:
            assert rows[variable].tolist() == direct[variable].tolist()


def test_a_plain_gap_is_a_contrast_of_rates(sample):
    found = mp.gap(sample, "migrant", "lfs == 2", "lfs in (1, 2)", by="region").frame
    rates = mp.ratio(sample, "lfs == 2", "lfs in (1, 2)", by=("region", "migrant"))
    want = mp.contrast(rates, {"migrant": {1: 1, 0: -1}}).frame
    close(found.estimate, want.estimate, "gap")
    close(found.se, want.se, "se")


def test_a_standardised_gap_holds_composition(sample):
    frame = sample.frame.to_native().copy()
    frame["y"] = frame.band * 10.0 + frame.migrant * 3.0
    made = mp.Sample(frame, sample.design)
    assert abs(mp.gap(made, "migrant", "y").frame.estimate[0] - 3) > 0.01
    equal = mp.gap(made, "migrant", "y", standardise="band").frame
    close([equal.estimate[0], equal.se[0]], [3.0, 0.0], "the same in every cell", atol=1e-9)


def test_the_table_says_what_it_could_not_make(sample, catalogue):
    table = mp.tabulate(sample, catalogue.indicators(), by="sex")
    assert dict(table.lacking) == {"EMP12": ("never_asked",)}
    assert "EMP12: not made, lacks never_asked." in table.footnotes()
    assert list(table.frame.columns[:6]) == [
        "indicator", "theme", "breakdown", "statistic", "variable", "category"
    ]  # fmt: skip
    assert set(table.frame.columns) >= {"estimate", "se", "ci_low", "n", "population", "unit"}
    assert table.frame.groupby("indicator").size().eq(3).all()
    assert "Title of EMP01" in repr(table)
    with pytest.raises(mp.MpsurveyError, match="EMP12 lacks never_asked"):
        mp.tabulate(sample, catalogue.indicators(), lacking="fail")
    with pytest.raises(mp.MpsurveyError, match="No column 'regoin' for by"):
        mp.tabulate(sample, catalogue.indicators("EMP01"), by="regoin")
    with pytest.raises(mp.MpsurveyError, match="no such sample"):
        mp.tabulate({"household": sample}, catalogue.indicators("EMP01"))


def test_results_keep_their_covariance(sample, catalogue):
    table = mp.tabulate(sample, catalogue.indicators("EMP08"), by="sex")
    gap = mp.contrast(table.estimates("EMP08", "sex"), {"sex": {2: 1, 1: -1}})
    rates = mp.proportion(sample, "lfs == 1", by="sex")
    close(gap.frame.se[0], mp.contrast(rates, {"sex": {2: 1, 1: -1}}).frame.se[0], "gap")
    assert len(table.only("EMP08")) == 3
    with pytest.raises(mp.MpsurveyError, match="The table has no 'EMP8'"):
        table.only("EMP8")


def test_faults_of_an_indicator_are_told_at_once(tmp_path):
    bad = {
        "EMP21": 'statistic: gap\ngroup: "migrant == 1"\n',
        "EMP22": "statistic: mean\n",
        "EMP23": 'statistic: mean\nvariable: "wage"\ngroup: "migrant == 1"\n',
        "EMP24": 'statistic: median\nvariable: "wage"\n',
        "EMP25": 'statistic: mean\nvariable: "wage +"\n',
    }
    problems = "\n".join(library(tmp_path, bad).problems)
    for said in ("EMP21.yaml", "A mean needs 'variable'", "A mean takes no 'group'", "median",
                 "EMP25.yaml"):  # fmt: skip
        assert said in problems


def test_coverage_of_names_and_samples(sample, catalogue):
    report = mp.coverage(sample, catalogue).frame.set_index("indicator")
    assert report.status["EMP01"] == "computable"
    assert report.status["EMP12"] == "missing"
    assert report.status["EMP13"] == "with an assumption"
    assert report.n["EMP01"] > 1000
    assert 0 < report.cv["EMP01"] < 0.2
    whole = mp.coverage(["lfs", "migrant"], catalogue)
    assert "indicators can be computed" in whole.title()
    assert whole.wanted_questions().question.iloc[0] == "wage"
    assert whole.by_theme().to_numpy().sum() == len(BODIES)


def test_a_concept_is_there_when_its_questions_are():
    shipped = mp.load_catalogue()
    names = ["mb_cob", "mb_cit_home", "age", "lfs"]
    module = shipped.module("mig_core")
    status = next(c for c in module.concepts if c.name == "mig_status")
    indicators = [i for i in shipped.indicators() if "mig_status" in i.names]
    assert indicators
    report = mp.coverage(sorted({*names, *status.names}), shipped, indicators).frame
    assert not report.lacks.map(lambda lacks: "mig_status" in lacks).any()


def test_a_gap_is_no_surer_than_its_smaller_side(sample):
    rates = mp.mean(sample, "wage", by=("region", "migrant"))
    want = mp.contrast(rates, {"migrant": {1: 1, 0: -1}}).frame
    found = mp.gap(sample, "migrant", "wage", by="region").frame
    assert found.df.tolist() == want.df.tolist()
    close(found.ci_low, want.ci_low, "limits")
