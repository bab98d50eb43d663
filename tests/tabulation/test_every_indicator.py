"""Every indicator of the catalogue, on a made survey: by two routes, and as coverage says."""

import numpy as np
import pandas as pd
import pytest
from made_survey import HOME, NATIONAL
from references import close

import mpsurvey as mp
from mpsurvey.rule import parse_value
from mpsurvey.tabulation.files import Files

CATALOGUE = mp.load_catalogue()
INDICATORS = {one.id: one for one in CATALOGUE.indicators()}
BY_HOUSEHOLD = ("DEM11", "ECO07", "ECO08", "HLT07", "HLT11")


@pytest.fixture(scope="module")
def table(made_sample):
    return mp.tabulate(made_sample, CATALOGUE.indicators(), by="region", auxiliaries=NATIONAL)


def test_a_survey_that_asks_everything_makes_every_indicator(table):
    assert dict(table.lacking) == {}
    assert set(table.indicators) == set(INDICATORS)


def test_coverage_says_what_tabulate_makes(made_sample, made_people, table):
    for data in (made_sample, made_people):
        report = mp.coverage(data, CATALOGUE, auxiliaries=NATIONAL).frame
        made = set(report.indicator[report.status.isin(["computable", "with an assumption"])])
        assert made == set(table.indicators)


def test_a_national_figure_that_is_not_given_is_named(made_sample):
    asked = [one for one in CATALOGUE.indicators() if one.auxiliary]
    report = mp.coverage(made_sample, CATALOGUE, asked)
    without = report.frame.set_index("indicator")
    fewer = mp.tabulate(made_sample, asked)
    assert set(without.status) == {"needs a national figure"}
    assert set(without.index) == set(fewer.lacking)
    assert fewer.lacking["DEM01"] == ("births", "deaths")
    assert without.needs["ECO10"] == ("fx_mid",)
    assert any("gdp (gross domestic product" in note for note in report.footnotes())


def frames_of(made_people):
    homes = made_people.at_households().frame
    people = made_people.frame
    rosters = {
        rows: made_people.rosters[name].frame.reset_index(drop=True)
        for rows, name in (("absent", "ab_roster"), ("sender", "ri_roster"))
    }
    return {"person": people, "child": people, "household": homes, **rosters}


def direct(one, sample, by):
    """The same figure by the verbs themselves."""
    given = {"where": one.where, "by": by, "df": "effective"}
    g = one.given
    match one.statistic:
        case "total":
            return mp.total(sample, g.get("variable"), **given)
        case "mean":
            return mp.mean(sample, g["variable"], **given)
        case "proportion":
            return mp.mean(sample, g["variable"], **given)
        case "ratio":
            return mp.ratio(sample, g["numerator"], g["denominator"], **given)
        case "quantile":
            return mp.quantile(sample, g["variable"], g.get("q", 0.5), **given)
        case "share":
            if "of" in g:
                return mp.share(sample, g["group"], of=g["of"], **given)
            return mp.mean(sample, g["group"], **given)
        case "contribution":
            return mp.contribution(
                sample, g["group"], g["numerator"], g.get("denominator"), **given
            )
        case "gap":
            top = g.get("variable", g.get("numerator"))
            given |= {key: g.get(key) for key in ("standardise", "others")}
            return mp.gap(sample, g["group"], top, g.get("denominator"), **given)
        case "poverty":
            return mp.poverty(sample, g["variable"], line=g.get("line"), **given)
        case "flows":
            return mp.flows(sample, g["origin"], g["destination"], stayed=g["stayed"],
                            figure=g["figure"], where=one.where, df="effective")  # fmt: skip
        case "share_of_poorest":
            return mp.share_of_poorest(sample, g["variable"], g["ranked_by"],
                                       poorest=g["poorest"], **given)  # fmt: skip
        case "share_above":
            return mp.share_above(sample, g["variable"], g["cells"], float(g["limit"]), **given)
    raise AssertionError(one.statistic)


ONE_VERB = [
    name
    for name, one in INDICATORS.items()
    if one.statistic not in ("composed", "counterfactual", "age_structure")
    and one.rows in ("person", "child", "household")
]
DESIGN = mp.Design(weight="weight", strata="stratum", psu="psu", lonely_psu="average")


@pytest.fixture(scope="module")
def plain(made_people):
    frames = {rows: frame.assign(fx_mid=1.5) for rows, frame in frames_of(made_people).items()}
    return {rows: mp.Sample(frames[rows], DESIGN) for rows in ("person", "child", "household")}


@pytest.mark.parametrize("name", ONE_VERB)
def test_the_catalogue_and_the_verbs_give_one_number(name, table, plain):
    one = INDICATORS[name]
    for by in ((), ("region",)):
        if by and one.statistic == "flows":
            continue
        rows = table.frame[
            (table.frame.indicator == name) & (table.frame.breakdown == " x ".join(by))
        ]
        want = direct(one, plain[one.rows], by).frame
        close(rows.estimate.astype(float), want.estimate, name)
        close(rows.se.astype(float), want.se, name)
        close(rows.df, want.df, name, rtol=1e-6)
        assert rows.n.tolist() == want.n.tolist()


@pytest.mark.parametrize(
    "name", [n for n, one in INDICATORS.items() if one.statistic == "composed"]
)
def test_a_composed_figure_by_hand(name, table, made_people):
    frames = frames_of(made_people)
    one = INDICATORS[name]
    sums = {key: figure["value"] for key, figure in NATIONAL.items()}
    for part, spec in one.given["parts"].items():
        frame = frames[spec["rows"]].reset_index(drop=True)
        kept = (
            frame
            if "where" not in spec
            else frame[parse_value(spec["where"]).mask(frame, home=HOME)]
        )
        kept = kept.reset_index(drop=True)
        what = parse_value(spec.get("total", "1"))
        value = what.mask(kept) if hasattr(what, "mask") else what.values(kept)
        sums[part] = np.nansum(
            np.asarray(value, dtype=float) * kept["weight"].to_numpy(dtype=float)
        )
    want = eval(one.given["formula"], {}, sums)  # noqa: S307 - the catalogue's own formula
    found = table.frame[(table.frame.indicator == name) & (table.frame.breakdown == "")]
    assert found.estimate.iloc[0] == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize("rows", ["absent", "sender"])
def test_rows_of_a_roster_by_hand(rows, table, made_people):
    frame = frames_of(made_people)[rows]
    for one in INDICATORS.values():
        if one.rows != rows or one.statistic not in ("proportion", "total"):
            continue
        kept = frame
        if one.where is not None:
            kept = frame[parse_value(one.where).mask(frame)].reset_index(drop=True)
        holds = parse_value(one.given["variable"]).mask(kept)
        weight = kept["weight"].to_numpy(dtype=float)
        want = weight[holds].sum() / (weight.sum() if one.statistic == "proportion" else 1)
        found = table.frame[(table.frame.indicator == one.id) & (table.frame.breakdown == "")]
        assert found.estimate.iloc[0] == pytest.approx(want), one.id


def test_areas_without_emigrants_stay_in_the_design(made_people, table):
    # the household's own count, over all households, is the same total with the same error
    homes = frames_of(made_people)["household"].copy()
    away = frames_of(made_people)["absent"]
    skilled = away[(away.emigrant == 1) & (away.ab_prof == 1)].groupby("hh_id").size()
    homes["count"] = homes["hh_id"].map(skilled).fillna(0.0)
    want = mp.total(mp.Sample(homes, DESIGN), "count").frame
    found = table.frame[(table.frame.indicator == "HLT08") & (table.frame.breakdown == "")]
    close(found.estimate.astype(float), want.estimate, "total")
    close(found.se.astype(float), want.se, "error")


def test_household_answers_stand_beside_persons(table, made_people):
    frame = table.frame[table.frame.breakdown == ""].set_index("indicator")
    people = made_people.frame
    for name in ("transnat_hh", "rem_total", "ri_any", "hh_cons"):
        assert made_people.of[name] == "household"
        assert (people.groupby("hh_id")[name].nunique(dropna=False) == 1).all()
    assert (frame.loc[list(BY_HOUSEHOLD), "n"] > 0).all()
    old = people[(people.age >= 65) & (people.hh_size == 1) & people.transnat_hh.notna()]
    want = np.average(old.transnat_hh == 1, weights=old.weight)
    assert frame.estimate["DEM11"] == pytest.approx(want)


def test_health_payments_are_summed_in_households(made_people):
    people = made_people.frame
    adults = people[people.age >= 15]
    unknown = adults.groupby("hh_id").hl_oop.apply(lambda one: one.isna().any())
    known = people.drop_duplicates("hh_id").set_index("hh_id").hh_oop
    want = adults.groupby("hh_id").hl_oop.sum()[~unknown]
    pd.testing.assert_series_equal(known[want.index], want, check_names=False)
    assert known[unknown[unknown].index].isna().all()


def test_what_stands_beside_a_figure(table):
    frame = table.frame
    assert (frame.notes[frame.n == 0] == "Nobody in the sample.").all()
    alike = frame[(frame.n > 0) & (frame.se == 0)]
    assert len(alike)
    assert alike.notes.str.startswith("Standard error 0").all()
    plain = frame[(frame.se > 0) & (frame.df >= 1)]
    assert (plain.notes == "").all()


def test_notes_speak_the_language_of_the_table(made_sample):
    for language in ("fr", "es", "ru", "ar"):
        made = mp.tabulate(made_sample, CATALOGUE.indicators("ECO20"), language=language)
        assert made.frame.notes[0] not in ("", "Nobody in the sample.")


def test_breakdowns_that_rows_do_not_have(made_sample):
    made = mp.tabulate(made_sample, CATALOGUE.indicators("ECO04", "TRD02"), by=("sex", "region"))
    assert set(made.frame.breakdown[made.frame.indicator == "ECO04"]) == {"", "region"}
    assert any("Not by sex" in note and "ECO04" in note for note in made.footnotes())


def test_labels_of_the_breakdowns_in_five_languages():
    for concept in mp.catalogue.breakdowns(CATALOGUE):
        texts = [concept.label, *(category.label for category in concept.categories)]
        assert all({"en", "fr", "es", "ru", "ar"} <= set(text) for text in texts)
    regions = {c.code: c.label["en"] for c in mp.catalogue.breakdowns(CATALOGUE)[4].categories}
    assert regions[143] == "Central Asia"
    assert regions[0] == "Born in this country"


def test_with_less_without_by_the_verbs(table, plain):
    people = plain["person"]
    verbs = {"poverty": mp.poverty, "gini": mp.gini, "mean": mp.mean}
    for name, one in INDICATORS.items():
        g = one.given
        found = table.frame[(table.frame.indicator == name) & (table.frame.breakdown == "")]
        if one.statistic == "age_structure":
            made = mp.age_structure(people, g["group"], where=one.where).frame
            made = made[(made.variable == g["figure"]) & (made.category == "contribution")]
        elif one.statistic == "counterfactual":
            options = {key: g[key] for key in ("line", "order") if key in g}
            made = mp.counterfactual(
                people, verbs[g["figure"]], g["variable"], g["without"], size=g["size"],
                where=one.where, **options,
            ).frame  # fmt: skip
            made = made[made.category == "difference"]
        else:
            continue
        close(found.estimate.astype(float), made.estimate, name)
        close(found.se.astype(float), made.se, name, atol=1e-12)


def test_samples_by_what_a_row_is(made_sample, made_people):
    files = Files.of(made_sample, {})
    assert len(files.rows("person")) == len(files.rows("child")) == len(made_people.frame)
    assert len(files.rows("household")) == made_people.frame["hh_id"].nunique()
    beside = files.rows("absent").frame.to_native()
    assert beside["of_roster"].sum() == len(made_people.rosters["ab_roster"].frame)
    assert len(beside) == beside["of_roster"].sum() + len(files.rows("household"))
