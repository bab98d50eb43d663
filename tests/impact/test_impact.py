"""What must be true of impact figures, whatever the data."""

import numpy as np
import pandas as pd
import pytest
from references import close

import mpsurvey as mp


def people(seed=4, n=1200):
    random = np.random.default_rng(seed)
    ea = random.integers(0, 40, n)
    frame = pd.DataFrame(
        {
            "w": random.uniform(1, 3, n),
            "h": ea // 10,
            "ea": ea,
            "age": random.integers(0, 90, n),
            "sex": random.integers(1, 3, n),
            "region": random.choice(["north", "south"], n),
            "migrant": (random.random(n) < 0.2).astype(int),
        }
    )
    frame["band"] = frame.age // 30
    frame["educ"] = random.integers(1, 4, n)
    frame["lfs"] = np.where(frame.age < 15, 3, random.choice([1, 1, 1, 2, 3], n))
    frame["wage"] = 100 + 10 * frame.educ - 8 * frame.migrant + random.normal(0, 20, n)
    frame["inc"] = np.exp(random.normal(4, 0.6, n))
    frame["remit"] = np.where(random.random(n) < 0.2, 0.4 * frame.inc, 0.0)
    frame["size"] = random.integers(1, 6, n)
    return frame


DESIGN = mp.Design(weight="w", strata="h", psu="ea")


@pytest.fixture(scope="module")
def sample():
    return mp.Sample(people(), DESIGN)


@pytest.fixture(scope="module")
def jackknifed(sample):
    return mp.add_replicates(sample, mp.Jackknife())


def test_shares_of_a_group_and_of_the_others_are_one(sample):
    mine = mp.share(sample, "migrant", among="lfs == 2", by="region").frame
    theirs = mp.share(sample, "migrant == 0", among="lfs == 2", by="region").frame
    close(mine.estimate + theirs.estimate, [1.0, 1.0], "sum")
    close(mine.se, theirs.se, "se")
    close(mine.ci_low, 1 - theirs.ci_high, "limits")


def test_a_share_is_a_mean_and_a_share_of_an_amount_a_ratio(sample):
    mine = mp.share(sample, "migrant", among="age >= 15").frame
    mean = mp.mean(sample, "migrant", where="age >= 15").frame
    close([mine.estimate[0], mine.se[0]], [mean.estimate[0], mean.se[0]], "mean")
    amount = mp.share(sample, "migrant", of="wage").frame
    ratio = mp.ratio(sample, "wage * migrant", "wage").frame
    close([amount.estimate[0], amount.se[0]], [ratio.estimate[0], ratio.se[0]], "ratio")


def test_contribution_is_all_less_without(sample):
    rate = ("lfs == 2", "lfs in (1, 2)")
    found = mp.contribution(sample, "migrant", *rate, by="region", detail=True)
    parts = found.frame.pivot(index="region", columns="category", values="estimate")
    close(parts["contribution"], parts["all"] - parts["without the group"], "parts")
    all_of_it = mp.ratio(sample, *rate, by="region").frame
    without = mp.ratio(sample, *rate, by="region", where="migrant == 0").frame
    close(parts["all"], all_of_it.estimate, "all")
    close(parts["without the group"], without.estimate, "without")
    joint = mp.contrast(
        [mp.ratio(sample, *rate), mp.ratio(sample, *rate, where="migrant == 0")], [[1, -1]]
    )
    whole = mp.contribution(sample, "migrant", *rate)
    close(whole.frame.se[0], joint.frame.se[0], "the joint covariance of two results")
    assert any("accounting" in note for note in whole.notes)


def test_nobody_in_the_group_contributes_nothing(sample):
    found = mp.contribution(sample, "age > 200", "lfs == 2", "lfs in (1, 2)").frame
    assert (found.estimate[0], found.se[0]) == (0.0, 0.0)


@pytest.mark.parametrize("cells", ["educ", ("educ", "sex"), ("educ", "sex", "region")])
def test_decompositions_add_up_by_any_number_of_factors(sample, cells):
    found = mp.decompose(sample, "wage", group="migrant", cells=cells).frame
    parts = found.set_index("category").estimate
    close(parts["difference"], parts.drop("difference").sum(), "sum")
    means = mp.mean(sample, "wage", by="migrant")
    gap = mp.contrast(means, {"migrant": {1: 1, 0: -1}}).frame
    whole = found.iloc[0]
    close([whole.estimate, whole.se], [gap.estimate[0], gap.se[0]], "the plain gap")


def test_a_factor_that_does_not_differ_has_no_effect():
    frame = people()
    frame = pd.concat([frame.assign(migrant=0), frame.assign(migrant=1, wage=frame.wage + 5)])
    sample = mp.Sample(frame, DESIGN)
    found = mp.decompose(sample, "wage", group="migrant", cells=("educ", "sex")).frame
    parts = found.set_index("category").estimate
    close([parts["educ"], parts["sex"]], [0, 0], "composition is the same", atol=1e-10)
    close(parts["rate"], 5.0, "all of it is the rate")


def test_decomposition_of_a_rate_weighs_by_its_denominator(sample):
    rate = ("lfs == 2", "lfs in (1, 2)")
    found = mp.decompose(sample, *rate, group="migrant", cells="educ", by="region").frame
    for region, part in found.groupby("region"):
        inside = f"region == '{region}'"
        rates = mp.ratio(sample, *rate, by="migrant", where=inside)
        gap = mp.contrast(rates, {"migrant": {1: 1, 0: -1}}).frame
        close([part.estimate.iloc[0], part.se.iloc[0]], [gap.estimate[0], gap.se[0]], region)


def test_a_cell_that_one_group_lacks_takes_the_others_rate():
    frame = people()
    frame = frame[~((frame.migrant == 1) & (frame.educ == 3))]
    found = mp.decompose(mp.Sample(frame, DESIGN), "wage", group="migrant", cells="educ").frame
    parts = found.set_index("category").estimate
    means = frame.groupby("migrant")[["wage", "w"]].apply(lambda x: np.average(x.wage, weights=x.w))
    close(parts["difference"], means[1] - means[0], "difference")
    close(parts["difference"], parts["rate"] + parts["educ"], "sum")


def test_oaxaca_with_categories_adds_up(sample):
    found = mp.decompose(sample, "wage ~ age + C(educ)", group="migrant", reference="pooled").frame
    parts = found.set_index("category").estimate
    close(parts["difference"], parts["explained"] + parts["unexplained"], "sum")
    detail = parts[[name for name in parts.index if name.startswith("explained: ")]]
    close(parts["explained"], detail.sum(), "terms")
    detail = parts[[name for name in parts.index if name.startswith("unexplained: ")]]
    close(parts["unexplained"], detail.sum(), "terms")


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: mp.share(s, "migrant", of="wage", by="region"),
        lambda s: mp.contribution(s, "migrant", "lfs == 2", "lfs in (1, 2)", by="region"),
        lambda s: mp.decompose(s, "wage", group="migrant", cells=("educ", "sex"), by="region"),
        lambda s: mp.decompose(s, "wage ~ age + C(educ)", group="migrant", by="region"),
        lambda s: mp.age_structure(s, "migrant"),
        lambda s: mp.counterfactual(s, mp.mean, "inc", "remit", size="size", by="region"),
    ],
)
def test_the_jackknife_agrees(sample, jackknifed, ask):
    """Linearised and replicated errors differ by the curvature only: a few percent with 40 PSUs."""
    one, two = ask(sample), ask(jackknifed)
    close(two.frame.estimate, one.frame.estimate, "estimate", atol=1e-10)
    close(two.frame.se, one.frame.se, "se", rtol=0.15, atol=1e-9)
    assert "Replication" in two.method


def test_with_and_without_remittances(sample):
    found = mp.counterfactual(sample, mp.mean, "inc", "remit", size="size", by="region")
    rows = found.frame
    assert rows.category.tolist() == ["with", "without", "difference"] * 2
    kept = rows.pivot(index="region", columns="category", values="estimate")
    close(kept["difference"], kept["with"] - kept["without"], "difference")
    direct = mp.mean(sample, "remit / size", by="region").frame
    close(kept["difference"], direct.estimate, "the mean of the part")
    close(rows[rows.category == "difference"].se, direct.se, "and its error", rtol=1e-8)
    assert any("nothing replaces it" in note for note in found.notes)
    half = mp.counterfactual(sample, mp.mean, "inc", "remit", replaced=0.5).frame
    whole = mp.counterfactual(sample, mp.mean, "inc", "remit").frame
    close(half.estimate[2], whole.estimate[2] / 2, "half of it is replaced")
    medians = mp.counterfactual(sample, mp.quantile, "inc", "remit", q=(0.25, 0.5)).frame
    assert medians.category.tolist()[:3] == ["with: 0.25", "without: 0.25", "difference: 0.25"]


def test_a_share_of_an_amount_on_the_logit_scale():
    random = np.random.default_rng(4)
    n = 400
    frame = pd.DataFrame({"ea": np.arange(n) // 10, "pay": np.exp(random.normal(size=n))})
    frame["g"], frame["none"] = (random.random(n) < 0.05).astype(int), 0
    frame["loss"] = frame.pay * np.where(frame.g == 1, -1, 1)
    sample = mp.Sample(frame, mp.Design(psu="ea"))
    for df in ("domain", "effective"):
        plain = mp.share(sample, "g", of="pay", df=df).frame.iloc[0]
        assert plain.ci_high - plain.estimate == pytest.approx(plain.estimate - plain.ci_low)
        found = mp.share(sample, "g", of="pay", df=df, ci="logit").frame.iloc[0]
        p, reach = plain.estimate, (plain.ci_high - plain.estimate)
        middle, reach = np.log(p / (1 - p)), reach / (p * (1 - p))
        want = 1 / (1 + np.exp(-(middle + np.array([-reach, reach]))))
        assert [found.ci_low, found.ci_high] == pytest.approx(want)
        assert 0 < found.ci_low < found.ci_high < 1
    for group, of in (("none", "pay"), ("g", "loss")):  # no share, and one below 0
        logit = mp.share(sample, group, of=of, ci="logit").frame
        pd.testing.assert_frame_equal(logit, mp.share(sample, group, of=of).frame)
    people = mp.share(sample, "g", ci="normal").frame.iloc[0]
    assert people.ci_high - people.estimate == pytest.approx(people.estimate - people.ci_low)
    with pytest.raises(mp.MpsurveyError, match="logit, normal"):
        mp.share(sample, "g", ci="beta")


def test_members_who_return_share_the_income(sample):
    found = mp.counterfactual(sample, mp.mean, "inc", "remit", size="size", returning="1").frame
    direct = mp.mean(sample, "(inc - remit) / (size + 1)").frame
    close(found.estimate[1], direct.estimate[0], "without")
    with pytest.raises(mp.MpsurveyError, match="only where incomes are divided"):
        mp.counterfactual(sample, mp.mean, "inc", "remit", returning="1")
    with pytest.raises(mp.MpsurveyError, match="between 0 and 1"):
        mp.counterfactual(sample, mp.mean, "inc", "remit", replaced=50)


def test_age_structure_by_other_routes(sample):
    found = mp.age_structure(sample, "migrant").frame.set_index(["variable", "category"])
    ratio = mp.ratio(sample, "age < 15 or age >= 65", "age >= 15 and age < 65").frame
    close(found.loc[("dependency ratio", "with"), ["estimate", "se"]].tolist(),
          [ratio.estimate[0], ratio.se[0]], "ratio")  # fmt: skip
    mean = mp.mean(sample, "age", where="migrant == 0").frame
    close(found.loc[("mean age", "without"), ["estimate", "se"]].tolist(),
          [mean.estimate[0], mean.se[0]], "mean")  # fmt: skip
    with pytest.raises(mp.MpsurveyError, match="rising order"):
        mp.age_structure(sample, "migrant", young=65, old=15)


def test_population_change_is_its_components(sample):
    found = mp.population_change(sample, {"births": "age == 0"}, {"left": "age == 89"}).frame
    parts = found.set_index("variable").estimate
    close(parts["net change"], parts["births"] + parts["left"], "net")
    assert parts["left"] < 0
    with pytest.raises(mp.MpsurveyError, match="both as a gain and as a loss"):
        mp.population_change(sample, {"a": "age == 0"}, {"a": "age == 1"})


def test_no_change_between_identical_rounds(sample):
    again = mp.Sample(people(), DESIGN)
    found = mp.change(sample, again, mp.mean, "wage", by="region").frame
    close(found.estimate, [0, 0], "change", atol=1e-12)
    close(found.se, [0, 0], "error", atol=1e-6)
    apart = mp.change(sample, again, mp.mean, "wage", shared_psu=False).frame
    close(apart.se[0], np.sqrt(2) * mp.mean(sample, "wage").frame.se[0], "independent")


def test_a_panel_is_one_sample_of_differences(sample):
    """Where all PSUs are kept, the change of a total is the total of the changes."""
    random = np.random.default_rng(1)
    later = people().assign(wage=lambda x: x.wage + random.normal(3, 5, len(x)))
    after = mp.Sample(later, DESIGN)
    found = mp.change(sample, after, mp.total, "wage").frame
    both = mp.Sample(people().assign(gain=later.wage - people().wage), DESIGN)
    want = mp.total(both, "gain").frame
    close([found.estimate[0], found.se[0]], [want.estimate[0], want.se[0]], "panel", rtol=1e-6)
    tested = mp.change(sample, after, mp.mean, "wage").test()
    assert 0 < tested.p[0] < 1


def test_growth_is_split_between_groups(sample):
    later = people().assign(w=lambda x: x.w * np.where(x.migrant == 1, 1.5, 1.0))
    after = mp.Sample(later, DESIGN)
    found = mp.contribution_to_growth(sample, after, "migrant", by="region").frame
    parts = found.pivot(index="region", columns="category", values="estimate")
    close(parts["growth"], parts["group"] + parts["others"], "sum")
    close(parts["others"], [0, 0], "others do not grow", atol=1e-12)
    plain = mp.change(sample, after, mp.total, "1", relative=True, by="region").frame
    growth = found[found.category == "growth"]
    close(growth.estimate, plain.estimate, "growth")
    close(growth.se, plain.se, "its error", rtol=1e-7)


def test_replicates_of_two_rounds_are_paired():
    one, two = (
        mp.add_replicates(mp.Sample(people(), DESIGN), mp.Bootstrap(replicates=100, seed=3))
        for _ in range(2)
    )
    found = mp.change(one, two, mp.mean, "wage").frame
    close([found.estimate[0], found.se[0]], [0, 0], "the same draws", atol=1e-12)


def test_bad_questions(sample):
    with pytest.raises(mp.MpsurveyError, match="other values than 0 and 1"):
        mp.share(sample, "sex")
    with pytest.raises(mp.MpsurveyError, match="Say what explains the difference"):
        mp.decompose(sample, "wage", group="migrant")
    with pytest.raises(mp.MpsurveyError, match="has 3 values"):
        mp.decompose(sample, "wage", group="educ", cells="sex")
    with pytest.raises(mp.MpsurveyError, match="must name two of"):
        mp.decompose(sample, "wage", group="educ", between=(1, 9), cells="sex")
    with pytest.raises(mp.MpsurveyError, match="No column 'migrnat' for group"):
        mp.decompose(sample, "wage", group="migrnat", cells="sex")
    with pytest.raises(mp.MpsurveyError, match="Did you mean"):
        mp.decompose(sample, "wage ~ ages", group="migrant")
    elsewhere = mp.Sample(people().assign(ea=lambda x: x.ea + 1000), DESIGN)
    with pytest.raises(mp.MpsurveyError, match="share no PSU"):
        mp.change(sample, elsewhere, mp.mean, "wage")
