"""Direct standardisation against R svystandardize, by hand, and with its structure estimated."""

import numpy as np
import pandas as pd
import pytest
from references import close, data, golden, kinds, pick, read_domain

import mpsurvey as mp


def health():
    frame = data("nhanes").assign(sex=lambda f: f.RIAGENDR)
    return mp.Sample(frame, mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU"))


def structure(name):
    rows = golden("standardise_structures")
    rows = rows[(rows.structure == name) & (rows.share > 0)]
    return dict(zip(rows.agecat, rows.share, strict=True))


@pytest.mark.parametrize("name", ["census_adults", "made_up", "pooled"])
def test_a_given_structure_equals_r(name):
    sample, rows = health(), golden("standardise")
    found = {}
    for row in rows[rows.case == name].itertuples():
        domain = read_domain(row.domain, sample.frame.to_native())
        by = tuple(domain)
        if by not in found:
            found[by] = mp.standardise(
                sample, "HI_CHOL", "agecat", structure=structure(name), by=by
            )
        got = pick(found[by], None, domain)
        # Sums of 8,000 weighted terms in another order.
        close([got.estimate, got.se], [row.estimate, row.se], row)
        close([got.ci_low, got.ci_high], [row.ci_low, row.ci_high], row)
        assert (got.df, got.n) == (row.df, row.n)
    assert len(found) == 4


def test_a_structure_is_taken_as_shares():
    sample = health()
    shares = structure("made_up")
    people = {cell: 1e6 * share for cell, share in shares.items()}
    one = mp.standardise(sample, "HI_CHOL", "agecat", structure=shares, by="race")
    other = mp.standardise(sample, "HI_CHOL", ("agecat",), structure=pd.Series(people), by="race")
    pd.testing.assert_frame_equal(one.frame, other.frame)


def test_two_variables_and_a_contrast():
    sample = health()
    cells = {(age, sex): n for age, n in structure("made_up").items() for sex in (1, 2)}
    found = mp.standardise(sample, "HI_CHOL", ("agecat", "sex"), structure=cells, by="race")
    fine = mp.mean(sample, "HI_CHOL", by=("race", "agecat", "sex"))
    weights = fine.frame.set_index(["race", "agecat", "sex"]).estimate
    want = [
        sum(weights[race, age, sex] * share / 2 for (age, sex), share in cells.items())
        for race in found.frame.race
    ]
    close(found.frame.estimate, want, "by hand")
    gap = mp.contrast(found, {"race": {1: 1, 2: -1}})
    part = found.covariance[:2, :2]
    close(gap.frame.se[0] ** 2, part[0, 0] + part[1, 1] - 2 * part[0, 1], "gap")


def test_row_order_and_units_do_not_matter():
    frame = data("nhanes").assign(rate=lambda f: 100 * f.HI_CHOL)
    mixed = frame.sample(frac=1, random_state=2).assign(WTMEC2YR=lambda f: f.WTMEC2YR / 1e6)
    design = mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU")
    base = mp.standardise(mp.Sample(frame, design), "HI_CHOL", "agecat", by="race")
    again = mp.standardise(mp.Sample(mixed, design), "rate", "agecat", by="race")
    for name in ("estimate", "se", "ci_low", "ci_high"):
        close(again.frame[name] / 100, base.frame[name], name)


def test_pooled_equals_linearised_by_hand():
    """The pooled structure is estimated: a jackknife of the whole chain has the same variance."""
    random = np.random.default_rng(8)
    n = 900
    people = pd.DataFrame(
        {
            "ea": np.repeat(np.arange(90), 10),
            "w": random.uniform(1, 3, n),
            "g": random.integers(0, 2, n),
            "age": random.integers(0, 3, n),
        }
    )
    people["y"] = people.age + 0.3 * people.g + random.normal(size=n) + 0.02 * people.ea
    people.loc[random.choice(n, 40), "y"] = np.nan
    sample = mp.Sample(people, mp.Design(weight="w", psu="ea"))
    taylor = mp.standardise(sample, "y", "age", by="g")
    again = mp.standardise(mp.add_replicates(sample, mp.Jackknife()), "y", "age", by="g")
    close(again.frame.estimate, taylor.frame.estimate, "estimates", rtol=1e-12)
    # The jackknife and linearisation agree to the second order, about 1/90 here.
    close(again.frame.se, taylor.frame.se, "se", rtol=0.02)
    known = people[people.y.notna()]
    shares = known.groupby("age").w.sum() / known.w.sum()
    given = mp.standardise(sample, "y", "age", by="g", structure=shares)
    close(given.frame.estimate, taylor.frame.estimate, "estimates", rtol=1e-12)
    assert (given.frame.se < taylor.frame.se).all(), "an estimated structure is less certain"
    everyone = mp.standardise(sample, "y", "age")
    plain = mp.mean(sample, "y")
    names = ["estimate", "se", "ci_low", "ci_high", "df", "n", "population"]
    close(everyone.frame[names].to_numpy(), plain.frame[names].to_numpy(), "itself", rtol=1e-9)


def test_under_a_files_replicates():
    file, weight, replicates = kinds("estimate")["fay"]
    frame = data(file)
    sample = mp.Sample(frame, mp.Design(weight=weight, replicates=replicates))
    text = next(
        name
        for name in frame.columns
        if frame[name].dtype == object or str(frame[name].dtype) in ("str", "string")
    )
    number = "y" if "y" in frame else frame.select_dtypes("number").columns[0]
    found = mp.standardise(sample, number, text)
    close(found.frame.se, mp.mean(sample, number).frame.se, "its own structure", rtol=1e-8)


def test_imputed_rates():
    frame = data("imputed")
    sample = mp.Sample(frame, mp.Design(weight="pw", psu="dnum"))
    found = mp.standardise(
        sample, mp.Imputed("enroll_*", formula="{} < 300"), "stype", by="`sch.wide`".strip("`")
    )
    assert found.frame.statistic.tolist() == ["standardised mean"] * 2
    assert "5 imputations" in found.method


def test_a_cell_without_people_has_no_figure():
    people = pd.DataFrame({"g": [1, 1, 2, 2, 2], "age": [0, 1, 0, 0, 0], "y": [1.0, 2, 3, 4, 5]})
    sample = mp.Sample(people, mp.Design())
    for given in ("pooled", {0: 1, 1: 1}):
        found = mp.standardise(sample, "y", "age", by="g", structure=given)
        assert np.isnan(found.frame.estimate[1])
        assert np.isnan(found.frame.se[1])
        assert any("nobody in some cell" in note for note in found.notes)
    fine = mp.standardise(sample, "y", "age", by="g", structure={0: 1})
    assert fine.frame.estimate.tolist() == [1.0, 4.0]
    assert fine.frame.n.tolist() == [1, 3]


def test_mistakes_are_named():
    sample = health()
    with pytest.raises(mp.MpsurveyError, match=r"cell '\(0,91\]'.*Did you mean") as error:
        mp.standardise(sample, "HI_CHOL", "agecat", structure={"(0,91]": 1, "(19,39]": -1})
    assert "share -1" in str(error.value)
    with pytest.raises(mp.MpsurveyError, match="in `by` and in `cells`"):
        mp.standardise(sample, "HI_CHOL", "race", by="race")
    with pytest.raises(mp.MpsurveyError, match="not 'pooled'"):
        mp.standardise(sample, "HI_CHOL", "agecat", structure="census")
