"""Recipes from beginning to end: weights, variance, replicates, diary, and what they refuse."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from references import data, golden

import mpsurvey as mp
from mpsurvey.catalogue import read_recipe

WEIGHTS = golden("calibration_weights")
GOLDEN = golden("calibration")
TOTALS = {
    "stype": {"E": 4421, "H": 755, "M": 1018},
    "sch.wide": {"No": 1072, "Yes": 5122},
    "1": 6194,
    "api99": 3914069,
}
POST = {"do": "poststratify", "margin": "stype"}
RAKE = {"do": "rake", "margins": ["stype", "sch.wide"]}
GREG = {"do": "calibrate", "variables": ["1", "api99"]}
CASES = {
    "poststratified": ([POST], ["stype"]),
    "raked": ([RAKE], ["stype", "sch.wide"]),
    "calibrated_raking": ([RAKE], ["stype", "sch.wide"]),
    "calibrated_linear": ([GREG], ["1", "api99"]),
    "calibrated_clusters": ([{**GREG, "within": "dnum"}], ["1", "api99"]),
    "calibrated_ratio": (
        [{"do": "calibrate", "variables": ["api99"], "scale": "api99"}], ["api99"]
    ),
    "poststratified_then_raked": ([POST, RAKE], ["stype", "sch.wide"]),
    "poststratified_then_calibrated": ([POST, GREG], ["stype", "1", "api99"]),
    "calibrated_then_poststratified": ([GREG, POST], ["stype", "1", "api99"]),
}  # fmt: skip


def given(*names):
    return {name: TOTALS[name] for name in names}


@pytest.fixture
def schools():
    return mp.Sample(data("apiclus1"), mp.Design(weight="pw", psu="dnum", fpc="fpc"))


@pytest.mark.parametrize("case", CASES)
def test_a_recipe_gives_the_weights_of_r(schools, case):
    steps, names = CASES[case]
    weighted = mp.weight(schools, {"steps": steps}, given(*names))
    want = WEIGHTS[WEIGHTS.case == f"clus1/{case}"].weight.to_numpy()
    np.testing.assert_allclose(weighted.weight, want, rtol=1e-8)


@pytest.mark.parametrize("case", ["poststratified", "calibrated_linear", "calibrated_raking"])
def test_its_standard_errors_are_those_of_r(schools, case):
    steps, names = CASES[case]
    weighted = mp.weight(schools, {"steps": steps}, given(*names))
    here = GOLDEN[(GOLDEN.case == f"clus1/{case}") & GOLDEN.domain.isna()]
    for statistic, variable in (("total", "enroll"), ("mean", "api00")):
        row = here[(here.statistic == statistic) & (here.variable == variable)].iloc[0]
        found = getattr(mp, statistic)(weighted, variable).frame.iloc[0]
        np.testing.assert_allclose([found.estimate, found.se], [row.estimate, row.se], rtol=1e-8)


@pytest.mark.parametrize(
    "case", ["poststratified", "raked", "calibrated_linear", "poststratified_then_raked"]
)
def test_replicates_do_every_step_again_as_r_does(schools, case):
    steps, names = CASES[case]
    recipe = {"steps": steps, "replicates": {"kind": "jackknife"}}
    weighted = mp.weight(schools, recipe, given(*names))
    assert "every weighting step done again" in weighted.replicates.method
    here = GOLDEN[GOLDEN.case == f"jk1/{case}"]
    assert len(here) == 6
    for by in (None, "sch.wide"):
        for statistic, variable in (("total", "enroll"), ("mean", "api00")):
            found = getattr(mp, statistic)(weighted, variable, by=by).frame
            rows = here[(here.statistic == statistic) & (here.variable == variable)]
            rows = rows[rows.domain.isna() if by is None else rows.domain.notna()]
            np.testing.assert_allclose(found.se, rows.se, rtol=1e-7)


def test_replicates_can_be_made_later(schools):
    recipe = {"steps": [POST, RAKE]}
    weighted = mp.weight(schools, recipe, given("stype", "sch.wide"))
    later = mp.add_replicates(weighted, mp.Jackknife())
    at_once = mp.weight(
        schools, {**recipe, "replicates": {"kind": "jackknife"}}, given("stype", "sch.wide")
    )
    assert mp.total(later, "enroll").frame.se[0] == mp.total(at_once, "enroll").frame.se[0]
    taylor = mp.total(weighted, "enroll").frame.se[0]
    assert mp.total(later, "enroll").frame.se[0] == pytest.approx(taylor, rel=0.2)
    other = weighted.with_design(weight="pw")
    assert other.rerun is None
    assert other.design.calibration is None


@pytest.fixture
def field():
    """A drawn sample of 400 households in 40 areas, of which some did not answer."""
    rng = np.random.default_rng(5)
    n = 400
    area = np.repeat(np.arange(40), 10)
    frame = pd.DataFrame(
        {
            "stratum": area // 10,
            "ea": area,
            "d": rng.uniform(20, 60, n).round(1),
            "urban": rng.integers(0, 2, n),
            "sex": rng.choice(["f", "m"], n),
            "age": rng.integers(15, 80, n).astype(float),
            "result": rng.choice([1, 2, 3, 4], n, p=[0.7, 0.15, 0.1, 0.05]),
            "income": rng.lognormal(6, 0.6, n),
        }
    )
    frame["grown"] = np.where(frame.age < 40, "young", "old")
    return frame


DESIGN = mp.Design(weight="d", strata="stratum", psu="ea")
FIELD = [
    {"do": "unknown_eligibility", "known": "result in (1, 2, 3)", "classes": ["stratum"]},
    {
        "do": "nonresponse",
        "responded": "result == 1",
        "eligible": "result in (1, 2)",
        "classes": ["stratum", "urban"],
    },
]


def test_fieldwork_outcomes_keep_the_sum_of_those_they_stand_for(field):
    weighted = mp.weight(mp.Sample(field, DESIGN), {"steps": FIELD})
    after = weighted.data
    # 4: nobody knows; 3: not eligible; 2: refused; 1: answered
    known = after.weight_1
    for stratum in range(4):
        here = field.stratum == stratum
        assert known[here].sum() == pytest.approx(field.d[here].sum())
        assert (known[here & (field.result == 4)] == 0).all()
    assert (after.weight[field.result != 1] == 0).all()
    eligible = field.result.isin([1, 2])
    assert after.weight.sum() == pytest.approx(known[eligible].sum())
    assert "weight" not in field.columns
    assert len(weighted) == 400


def test_the_variance_of_nonresponse_adjustment_is_its_derivative(field):
    # differentiates the adjusted weights numerically by each area's base weight
    y = (field.income * (field.result == 1)).to_numpy()

    def total(base):
        sample = mp.Sample(field.assign(d=base), DESIGN)
        return mp.weight(sample, {"steps": FIELD}).weight @ y

    weighted = mp.weight(mp.Sample(field, DESIGN), {"steps": FIELD})
    slopes = np.array(
        [
            (total(field.d * np.where(field.ea == ea, 1.0001, 1)) - total(field.d)) / 0.0001
            for ea in range(40)
        ]
    ).reshape(4, 10)
    spread = slopes - slopes.mean(axis=1, keepdims=True)
    expected = np.sqrt(10 / 9 * (spread**2).sum())
    assert mp.total(weighted, "income").frame.se[0] == pytest.approx(expected, rel=1e-3)


PROPENSITY = {
    "do": "nonresponse",
    "responded": "result == 1",
    "method": "propensity",
    "margins": ["urban"],
    "variables": ["age"],
}


@pytest.mark.parametrize(
    "steps",
    [
        [PROPENSITY],
        [
            *FIELD,
            {"do": "poststratify", "margin": "sex"},
            {"do": "calibrate", "margins": ["grown"], "variables": ["age"]},
            {"do": "rescale", "to": "9000"},
        ],
    ],
    ids=["propensity", "a chain of five"],
)
def test_the_variance_of_a_recipe_is_the_derivative_of_its_weights(field, steps):
    # differentiates the weights by each area's base weight, numerically
    y = (field.income * (field.result == 1)).to_numpy()
    totals = {"sex": {"f": 9000, "m": 8000}, "grown": {"young": 7000, "old": 10000}, "age": 8e5}
    totals = totals if len(steps) > 1 else {}

    def total(base):
        sample = mp.Sample(field.assign(d=base), DESIGN)
        return mp.weight(sample, {"steps": steps}, totals).weight @ y

    weighted = mp.weight(mp.Sample(field, DESIGN), {"steps": steps}, totals)
    whole = total(field.d)
    slopes = np.array(
        [(total(field.d * np.where(field.ea == ea, 1.0001, 1)) - whole) / 1e-4 for ea in range(40)]
    ).reshape(4, 10)
    spread = slopes - slopes.mean(axis=1, keepdims=True)
    expected = np.sqrt(10 / 9 * (spread**2).sum())
    assert mp.total(weighted, "income").frame.se[0] == pytest.approx(expected, rel=2e-3)


def test_propensity_classes_keep_the_whole_sum(field):
    steps = [
        {
            "do": "nonresponse",
            "responded": "result == 1",
            "method": "propensity_classes",
            "margins": ["urban", "sex"],
            "variables": ["age"],
            "groups": 4,
        }
    ]
    weighted = mp.weight(mp.Sample(field, DESIGN), {"steps": steps})
    assert weighted.weight.sum() == pytest.approx(field.d.sum())
    assert set(weighted.data.weight_1_class) <= {1, 2, 3, 4}
    assert mp.mean(weighted, "income").frame.se[0] > 0


def test_base_weights_are_inverse_probabilities(field):
    frame = field.assign(p1=0.1, p2=0.25)
    sample = mp.Sample(frame, mp.Design(psu="ea"))
    weighted = mp.weight(
        sample, {"steps": [{"do": "base", "probabilities": ["p1", "p2"]}], "save_as": "w"}
    )
    np.testing.assert_allclose(weighted.weight, 40)
    drawn = frame.assign(areas=200, homes=100)
    sample = mp.Sample(
        drawn.assign(row=np.arange(400)),
        mp.Design(psu=("ea", "row"), fpc=("areas", "homes")),
    )
    weighted = mp.weight(sample, {"steps": [{"do": "base"}]})
    np.testing.assert_allclose(weighted.weight, 5 * 10)


def totals_of(field, **shares):
    return {"sex": {"f": 9000, "m": 8000}, "grown": {"young": 7000, "old": 10000}, **shares}


def test_households_get_one_weight(field):
    steps = [{"do": "rake", "margins": ["sex", "grown"], "within": "home"}]
    frame = field.assign(home=np.arange(400) // 5, d=40.0)
    weighted = mp.weight(mp.Sample(frame, DESIGN), {"steps": steps}, totals_of(field))
    assert (weighted.data.groupby("home").weight.nunique() == 1).all()
    np.testing.assert_allclose(mp.total(weighted, by="sex").frame.estimate, [9000, 8000])
    np.testing.assert_allclose(mp.total(weighted, by="sex").frame.se, 0, atol=1e-6)


@pytest.mark.parametrize(
    "above", ["1.3 x median", "1.2 x mean by stratum", "median + 0.8 x iqr", "potter", "55"]
)
def test_trimming_keeps_the_sum(field, above):
    weighted = mp.weight(mp.Sample(field, DESIGN), {"steps": [{"do": "trim", "above": above}]})
    assert weighted.weight.sum() == pytest.approx(field.d.sum())
    if above == "1.3 x median":
        assert weighted.weight.max() == pytest.approx(1.3 * field.d.median())
    if above == "55":
        assert weighted.weight.max() == pytest.approx(55)
    entry = weighted.diary[0]
    assert entry.facts["cut"] == (field.d > 1.3 * field.d.median()).sum() or above[0:3] != "1.3"


def test_trimming_can_keep_the_calibrated_totals(field):
    steps = [
        {"do": "rake", "margins": ["sex", "grown"]},
        {"do": "trim", "above": "1.4 x median", "keep": "totals"},
    ]
    weighted = mp.weight(mp.Sample(field, DESIGN), {"steps": steps}, totals_of(field))
    np.testing.assert_allclose(mp.total(weighted, by="sex").frame.estimate, [9000, 8000])
    np.testing.assert_allclose(mp.total(weighted, by="grown").frame.estimate, [10000, 7000])
    raked = weighted.data.weight_1
    assert weighted.weight.max() <= 1.4 * raked.median() * (1 + 1e-6)
    assert mp.total(weighted, "sex == 'f'").frame.se[0] == pytest.approx(0, abs=1e-6)


def test_rescale_and_share(field):
    steps = [{"do": "share", "links": "routes"}, {"do": "rescale", "to": "rows"}]
    frame = field.assign(routes=np.where(field.urban == 1, 2, 1))
    weighted = mp.weight(mp.Sample(frame, DESIGN), {"steps": steps})
    assert weighted.weight.sum() == pytest.approx(400)
    np.testing.assert_allclose(
        weighted.weight / field.d * frame.routes, (weighted.weight / field.d * frame.routes)[0]
    )
    by = mp.weight(
        mp.Sample(frame, DESIGN),
        {"steps": [{"do": "rescale", "to": "total", "by": ["sex"]}]},
        {"sex": {"f": 10, "m": 20}},
    )
    np.testing.assert_allclose(mp.total(by, by="sex").frame.estimate, [10, 20])


def test_a_bootstrap_of_all_steps_agrees_with_linearisation(field):
    recipe = {
        "steps": [*FIELD, {"do": "rake", "margins": ["sex", "grown"]}],
        "replicates": {"kind": "bootstrap", "number": 400, "seed": 3},
    }
    again = mp.weight(mp.Sample(field, DESIGN), recipe, totals_of(field))
    plain = again.with_design(replicates=None)
    for statistic in ("total", "mean"):
        one = getattr(mp, statistic)(again, "income").frame.se[0]
        other = getattr(mp, statistic)(plain, "income").frame.se[0]
        assert one == pytest.approx(other, rel=0.15)
    assert mp.total(again, by="sex").frame.se.max() < 1e-6
    # steps that look at rows take the other road and give the same
    slow = {**recipe, "steps": [*recipe["steps"], {"do": "trim", "above": "100000"}]}
    by_row = mp.weight(mp.Sample(field, DESIGN), slow, totals_of(field))
    assert mp.mean(by_row, "income").frame.se[0] == pytest.approx(
        mp.mean(again, "income").frame.se[0], rel=1e-6
    )


def test_frames_of_other_libraries_come_back_as_they_are(field):
    weighted = mp.weight(
        mp.Sample(pl.from_pandas(field), DESIGN),
        {"steps": [{"do": "poststratify", "margin": "sex"}]},
        {"sex": {"f": 1, "m": 2}},
    )
    assert isinstance(weighted.data, pl.DataFrame)
    assert weighted.data["weight"].sum() == pytest.approx(3)


def test_the_diary_and_the_report_tell_what_was_done(field, tmp_path):
    recipe = {"steps": [*FIELD, {"do": "rake", "margins": ["sex", "grown"]}]}
    weighted = mp.weight(mp.Sample(field, DESIGN), recipe, totals_of(field))
    assert [entry.do for entry in weighted.diary] == ["unknown_eligibility", "nonresponse", "rake"]
    last = weighted.diary[-1]
    assert last.n == (field.result == 1).sum()
    assert last.sum == pytest.approx(17000)
    np.testing.assert_allclose(last.margins.after, last.margins.total)
    assert len(last.digest) == 12
    report = mp.weight_report(weighted)
    assert len(report.steps) == 3
    assert "rake (sex, grown)" in repr(report)
    page = report.save(tmp_path / "weights.html").read_text()
    assert page.count("<svg") == 2
    assert "grown" in page
    assert "http" not in page
    with pytest.raises(mp.MpsurveyError, match=r"not made by mp\.weight"):
        mp.weight_report(mp.Sample(field, DESIGN))


def test_totals_come_from_many_places(field, tmp_path):
    sample = mp.Sample(field, DESIGN)
    recipe = {"steps": [{"do": "rake", "margins": ["sex", ["grown", "urban"]]}]}
    sex = {"f": 9000, "m": 8000}
    cells = {("young", 0): 3000, ("young", 1): 4000, ("old", 0): 5000, ("old", 1): 5000}
    want = mp.weight(sample, recipe, {"sex": sex, ("grown", "urban"): cells}).weight
    table = pd.DataFrame([(g, u, t) for (g, u), t in cells.items()])
    table.columns = ["grown", "urban", "total"]
    by_sex = pd.DataFrame({"sex": list(sex), "population": list(sex.values())})
    table.to_csv(tmp_path / "cells.csv", index=False)
    with pd.ExcelWriter(tmp_path / "totals.xlsx") as book:
        table[["urban", "grown", "total"]].to_excel(book, sheet_name="age", index=False)
        by_sex.to_excel(book, sheet_name="sex", index=False)
    long = pd.DataFrame(
        [("sex", k, v) for k, v in sex.items()]
        + [("grown x urban", f"{g} x {u}", t) for (g, u), t in cells.items()],
        columns=["margin", "cell", "total"],
    )
    ways = [
        {"sex": by_sex, "grown x urban": table},
        [by_sex, tmp_path / "cells.csv"],
        tmp_path / "totals.xlsx",
        long,
        [pl.from_pandas(by_sex), table],
        {"sex": pd.Series(sex), ("grown", "urban"): table},
    ]
    for totals in ways:
        np.testing.assert_allclose(mp.weight(sample, recipe, totals).weight, want, rtol=1e-12)


def test_labels_may_stand_for_codes(field):
    frame = field.assign(g=np.where(field.sex == "f", 2, 1))
    labelled = mp.Microdata(
        frame, {"g": mp.Variable("g", "Sex", "categorical", {1: "Man", 2: "Woman"})}
    )
    weighted = mp.weight(
        mp.Sample(labelled, DESIGN),
        {"steps": [{"do": "poststratify", "margin": "g"}]},
        {"g": {"Man": 8000, "Woman": 9000}},
    )
    assert weighted.data.variables["weight"].kind == "decimal"
    assert weighted.data.label("g", 1) == "Man"
    np.testing.assert_allclose(mp.total(weighted, by="g").frame.estimate, [8000, 9000])


def refused(field, steps, totals=None):
    with pytest.raises(mp.MpsurveyError) as error:
        mp.weight(mp.Sample(field, DESIGN), {"steps": steps}, totals)
    return error.value.problems


def test_everything_wrong_is_said_at_once(field):
    problems = refused(
        field,
        [
            {"do": "nonresponse", "responded": "result == 9"},
            {"do": "poststratify", "margin": "sex"},
            {"do": "rake", "margins": ["grown", "urban"]},
            {"do": "calibrate", "variables": ["agge"]},
            {"do": "trim", "above": "2 x median by regoin"},
        ],
        {"sex": {"f": 1, "x": 3}, "grown": {"young": 5, "old": 5}, "urbann": {0: 1}},
    )
    text = "\n".join(problems)
    for part in (
        "(nonresponse): Nobody obeys 'result == 9'",
        "(poststratify)",
        "No totals are given of 'urban'",
        "(calibrate): No column 'agge' for auxiliary. Did you mean 'age'?",
        "(trim): No column 'regoin'",
        "Totals are given of 'urbann', but no step of the recipe asks for them. Did you mean",
    ):
        assert part in text, (part, text)


def test_cells_without_respondents_come_with_a_merge_that_works(field):
    frame = field.assign(group=field.index % 5 + 1)
    frame.loc[frame.group == 4, "result"] = 2
    steps = [
        {"do": "nonresponse", "responded": "result == 1", "classes": ["group"]},
        {"do": "poststratify", "margin": "group"},
    ]
    totals = {"group": {1: 10, 2: 20, 3: 30, 4: 40, 5: 50, 6: 60}}
    problems = refused(frame, steps, totals)
    assert any("Nobody answered in 1 class(es) of group" in p for p in problems)
    assert any("2 cell(s) of group" in p and "{cells: [6], into: 5}" in p for p in problems)
    merge = [{"cells": [4], "into": 3}]
    steps = [{**steps[0], "merge": merge},
             {**steps[1], "merge": [*merge, {"cells": [6], "into": 5}]}]  # fmt: skip
    weighted = mp.weight(mp.Sample(frame, DESIGN), {"steps": steps}, totals)
    sums = weighted.data.groupby("group").weight.sum()
    np.testing.assert_allclose(sums, [10, 20, 70, 0, 110])
    assert "group: 4 counted with 3" in weighted.diary[1].merged
    assert mp.total(weighted, "group in (3, 4)").frame.se[0] == pytest.approx(0, abs=1e-8)


def test_contradictions_gaps_and_bounds_are_refused(field):
    rake = {"do": "rake", "margins": ["sex", "grown"]}
    found = refused(field, [rake], {"sex": {"f": 1, "m": 2}, "grown": {"young": 5, "old": 5}})
    assert "sex sums to 3, grown to 10" in found[0]
    found = refused(field, [{"do": "poststratify", "margin": "sex"}], {"sex": {"f": 5}})
    assert "have nothing for m" in found[0]
    found = refused(field, [{"do": "poststratify", "margin": "sex"}], {"sex": {"f": 5, "m": -1}})
    assert "not a count of people" in found[0]
    found = refused(
        field, [{**rake, "bounds": [0.99, 1.01]}], totals_of(field, sex={"f": 14000, "m": 3000})
    )
    assert "The closest bounds that do are" in found[0]
    found = refused(field, [{"do": "nonresponse", "responded": "result == 1",
                             "classes": ["ea"], "largest_factor": 1.2}])  # fmt: skip
    assert "above 1.2" in found[0]
    steps = [{"do": "calibrate", "variables": ["1", "age"]}]
    found = refused(field, steps, {"1": 17000, "age": 17000 * 70})
    assert "negative weight" in found[0]
    found = refused(field.assign(weight=1), [{"do": "rescale", "to": "rows"}])
    assert "already" in found[0]
    found = refused(field, [{"do": "trim", "above": "0.5 x median"}])
    assert "Choose a higher limit" in found[0]


def test_recipes_are_read_from_yaml_with_lines(tmp_path):
    path = tmp_path / "ours.yaml"
    path.write_text(
        "kind: recipe\nid: ours\nversion: 1.0.0\nsteps:\n"
        "  - {do: nonresponse, responded: result == 1, clases: [a]}\n"
        "  - {do: calibrate, distance: logit, variables: [age]}\n"
        "  - {do: trim, above: 3 medians}\n"
    )
    with pytest.raises(mp.MpsurveyError) as error:
        read_recipe(path)
    text = "\n".join(error.value.problems)
    assert "ours.yaml:5" in text
    assert "Did you mean 'classes'" in text
    assert "ours.yaml:7" in text


def test_a_file_is_weighted_on_the_command_line(field, tmp_path, monkeypatch, capsys):
    import sys

    from mpsurvey.cli import main

    labelled = mp.Microdata(
        field.drop(columns=["sex"]).assign(g=np.where(field.sex == "f", 2, 1)),
        {"g": mp.Variable("g", "Sex", "categorical", {1: "Man", 2: "Woman"})},
    )
    mp.write(labelled, tmp_path / "field.sav")
    (tmp_path / "r.yaml").write_text(
        "kind: recipe\nid: r\nversion: 1.0.0\nsteps:\n"
        "  - {do: nonresponse, responded: result == 1, classes: [stratum]}\n"
        "  - {do: poststratify, margin: g}\n"
    )
    (tmp_path / "g.csv").write_text("g,total\n1,8000\n2,9000\n")
    words = ["mpsurvey", "weight", "field.sav", "--recipe", "r.yaml", "--totals", "g.csv",
             "--weight", "d", "--strata", "stratum", "--psu", "ea",
             "--to", "weighted.sav", "--report", "weights.html"]  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code in (0, None)
    assert "wrote weighted.sav" in capsys.readouterr().out
    back = mp.read(tmp_path / "weighted.sav")
    assert back.label("g", 2) == "Woman"
    assert back.frame.weight.sum() == pytest.approx(17000)
    assert back.design.weight == "weight"
    assert "weight_1" in back.columns
    assert (tmp_path / "weights.html").stat().st_size > 3000
    (tmp_path / "g.csv").write_text("g,total\n1,8000\n")
    (tmp_path / "weighted.sav").unlink()
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert "have nothing for 2" in capsys.readouterr().err
    assert not (tmp_path / "weighted.sav").exists()


@pytest.mark.parametrize("ending", [".sav", ".dta", ".parquet"])
def test_a_weighted_file_keeps_what_made_its_weights(field, tmp_path, ending):
    from mpsurvey.profile import weight_file

    rows = field.drop(columns=["sex"]).assign(
        g=np.where(field.sex == "f", 2, 1), y=np.arange(len(field)) % 7
    )
    source, to = tmp_path / "field.parquet", tmp_path / f"weighted{ending}"
    mp.write(mp.Microdata(rows, {}), source)
    (tmp_path / "r.yaml").write_text(
        "kind: recipe\nid: r\nversion: 1.0.0\nsteps:\n"
        "  - {do: nonresponse, responded: result == 1, classes: [stratum]}\n"
        "  - {do: poststratify, margin: g}\n"
    )
    (tmp_path / "g.csv").write_text("g,total\n1,8000\n2,9000\n")
    given = {"totals": [tmp_path / "g.csv"], "design": DESIGN}
    weight_file(source, tmp_path / "r.yaml", to=to, **given)
    back = mp.Sample(mp.read(to))
    totals = {"g": {1: 8000, 2: 9000}}
    known = mp.weight(mp.Sample(rows, DESIGN), tmp_path / "r.yaml", totals=totals)
    for one, other in ((mp.mean(back, "y"), mp.mean(known, "y")),
                       (mp.total(back, by="g"), mp.total(known, by="g"))):  # fmt: skip
        np.testing.assert_allclose(one.frame["se"], other.frame["se"], rtol=1e-9, atol=1e-6)
    weight_file(source, tmp_path / "r.yaml", to=to, steps=False, **given)
    bare = mp.read(to)
    assert bare.design.calibration is None
    assert "weight_1" not in bare.columns
    assert (mp.total(mp.Sample(bare), by="g").frame["se"] > 1).all()


def test_steps_with_merged_cells_survive_a_file(tmp_path):
    from mpsurvey.design.auxiliaries import Margin
    from mpsurvey.design.calibration import listed_steps

    step = mp.Calibration(margins=[Margin(("a", "b"), {(1, "x"): (1, "y")})], before="w0")
    rows = pd.DataFrame({"a": [1, 1, 2], "b": ["x", "y", "y"], "w0": 1.0, "w": 2.0})
    design = mp.Design(weight="w", calibration=step)
    mp.write(mp.Microdata(rows, {}, design=design), tmp_path / "f.parquet")
    assert listed_steps(mp.read(tmp_path / "f.parquet").design.calibration) == (step,)


@pytest.mark.parametrize("case", ["raked", "calibrated_linear"])
def test_replicates_of_a_declared_calibration_calibrate_again(case):
    frame = data("apiclus1")
    frame["w"] = WEIGHTS[WEIGHTS.case == f"clus1/{case}"].weight.to_numpy()
    step = {
        "raked": mp.Calibration(("stype", "sch.wide"), before="pw"),
        "calibrated_linear": mp.Calibration(variables=("1", "api99"), before="pw"),
    }[case]
    declared = mp.Sample(frame, mp.Design(weight="w", psu="dnum", fpc="fpc", calibration=step))
    again = mp.add_replicates(declared, mp.Jackknife())
    row = GOLDEN[(GOLDEN.case == f"jk1/{case}") & (GOLDEN.variable == "enroll")].iloc[0]
    assert mp.total(again, "enroll").frame.se[0] == pytest.approx(row.se, rel=1e-7)


def test_rows_may_be_dropped_from_replicates_of_a_recipe(field):
    frame = field.assign(income=np.where(field.index % 7 == 0, np.nan, field.income))
    recipe = {
        "steps": [*FIELD, {"do": "rake", "margins": ["sex", "grown"]}],
        "replicates": {"kind": "bootstrap", "number": 60, "seed": 3},
    }
    again = mp.weight(mp.Sample(frame, DESIGN), recipe, totals_of(frame))
    domain = mp.mean(again, "income").frame
    dropped = mp.mean(again, "income", missing="drop").frame
    assert dropped.estimate[0] == pytest.approx(domain.estimate[0])
    assert dropped.se[0] == pytest.approx(domain.se[0])


@pytest.mark.parametrize(
    "case", ["poststratified", "raked", "calibrated_linear", "poststratified_then_raked"]
)
def test_a_files_replicate_weights_go_through_every_step(case):
    frame = data("replicates_jk1")
    table = data("replicates_multipliers")
    multipliers = table.multiplier[table.file == "replicates_jk1"].tolist()
    kind = mp.Jackknife("jk*", multipliers=multipliers)
    sample = mp.Sample(frame, mp.Design(weight="pw", replicates=kind))
    steps, names = CASES[case]
    weighted = mp.weight(sample, {"steps": steps}, given(*names))
    assert "every weighting step done again" in weighted.replicates.method
    here = GOLDEN[GOLDEN.case == f"jk1/{case}"]
    for statistic, variable in (("total", "enroll"), ("mean", "api00")):
        row = here[(here.statistic == statistic) & (here.variable == variable)].iloc[0]
        found = getattr(mp, statistic)(weighted, variable).frame.iloc[0]
        np.testing.assert_allclose([found.estimate, found.se], [row.estimate, row.se], rtol=1e-7)


def shipped(rng):
    n = 1200
    frame = pd.DataFrame(
        {
            "stratum": np.repeat(np.arange(4), 300),
            "ea": np.repeat(np.arange(60), 20),
            "hh_id": np.repeat(np.arange(400), 3),
            "base_weight": np.repeat(rng.uniform(20, 40, 60), 20),
            "urban": np.repeat(rng.integers(0, 2, 60), 20),
            "sex": rng.integers(1, 3, n),
            "age_group": rng.integers(1, 4, n),
            "education": rng.integers(1, 4, n),
            "migrant": rng.integers(0, 2, n),
            "result": np.repeat(rng.choice([1, 2, 3, 4], 400, p=[0.75, 0.15, 0.05, 0.05]), 3),
            "chance_area": 0.1,
            "chance_listing": 0.5,
            "chance_person": 0.8,
        }
    )
    frame["region"] = frame.stratum // 2
    frame["sex_age"] = frame.sex * 10 + frame.age_group
    return frame


@pytest.mark.parametrize(
    "recipe", ["household_calibrated", "persons_one_weight", "migrants_screened",
               "online_panel_raked"]
)  # fmt: skip
def test_the_shipped_recipes_run(recipe):
    frame = shipped(np.random.default_rng(6))
    rows = np.random.default_rng(7).uniform(0.95, 1.05, len(frame)) * frame.base_weight
    rows *= 30_000 / rows.sum()
    margins = {
        "household_calibrated": ["sex_age", "region"],
        "persons_one_weight": ["region", ["sex", "age_group"]],
        "migrants_screened": [["migrant", "region"]],
        "online_panel_raked": ["region", "sex", "age_group", "education"],
    }[recipe]
    totals = {}
    for margin in margins:
        sums = rows.groupby([frame[c] for c in ([margin] if isinstance(margin, str) else margin)])
        totals[margin if isinstance(margin, str) else tuple(margin)] = sums.sum()
    if recipe == "online_panel_raked":
        totals["1"] = 30_000
    design = mp.Design(weight="base_weight", strata="stratum", psu="ea")
    weighted = mp.weight(mp.Sample(frame, design), recipe, totals)
    assert weighted.weight.sum() == pytest.approx(30_000)
    last = [entry for entry in weighted.diary if entry.margins is not None][-1]
    np.testing.assert_allclose(last.margins.after, last.margins.total, rtol=1e-8)
    assert mp.mean(weighted, "education").frame.se[0] > 0


def test_gaps_and_shares_work_with_replicates_of_a_recipe(field):
    recipe = {"steps": [*FIELD, {"do": "rake", "margins": ["sex", "grown"]}]}
    weighted = mp.weight(mp.Sample(field, DESIGN), recipe, totals_of(field))
    again = mp.add_replicates(weighted, mp.Jackknife())
    for ask in (
        lambda s: mp.share(s, group="urban == 1", among="sex == 'f'"),
        lambda s: mp.decompose(s, "income ~ age", group="urban"),
        lambda s: mp.gini(s, "income"),
        lambda s: mp.contrast(mp.mean(s, "income", by="sex"), {"sex": {"f": 1, "m": -1}}),
    ):
        one, other = ask(weighted).frame, ask(again).frame
        np.testing.assert_allclose(other.estimate, one.estimate, rtol=1e-9)
        np.testing.assert_allclose(other.se, one.se, rtol=0.25)


def test_rows_keep_their_order_whatever_the_index(field):
    steps = {"steps": [{"do": "poststratify", "margin": "sex"}]}
    totals = {"sex": {"f": 1.0, "m": 2.0}}
    usual = mp.weight(mp.Sample(field, DESIGN), steps, totals)
    shuffled = field.set_index(field.index[::-1])
    again = mp.weight(mp.Sample(shuffled, DESIGN), steps, totals)
    np.testing.assert_array_equal(again.weight, usual.weight)
    np.testing.assert_array_equal(again.data["weight"].to_numpy(), usual.weight)
    preset = mp.design_preset("two_stage", shuffled.assign(w=field.d.to_numpy()), divide_by=2)
    np.testing.assert_allclose(preset.weight, field.d / 2)
