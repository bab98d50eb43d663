"""Questions that have no answer: what is said, and that it is said before any number."""

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.errors import ColumnMissing, RuleError

EDUC = mp.Variable(
    "educ",
    label="Education",
    kind="categorical",
    answers={1: "primary", 2: "secondary", 3: "higher"},
)


def people(**columns):
    return pd.DataFrame(
        {
            "w": [1.0, 2, 1, 2, 1, 2, 1, 2],
            "ea": [1, 1, 2, 2, 3, 3, 4, 4],
            "hours": [40.0, 38, np.nan, 20, 45, 0, 30, 36],
            "wage": [400.0, 390, 500, 180, 460, 10, 310, 350],
            "educ": [1, 2, 2, 1, 1, 2, 2, 1],
            "region": list("nnssnnss"),
            "migrant": [0, 1, 0, 1, 0, 0, 1, 0],
        }
    ).assign(**columns)


@pytest.fixture(scope="module")
def sample():
    data = mp.Microdata(people(), {"educ": EDUC}, "made here", mp.Design(weight="w", psu="ea"))
    return mp.Sample(data)


VERBS = {
    "total": mp.total,
    "mean": mp.mean,
    "proportion": mp.proportion,
    "quantile": mp.quantile,
    "variance": mp.variance,
    "ratio": lambda s, y, **o: mp.ratio(s, y, "wage", **o),
    "correlation": lambda s, y, **o: mp.correlation(s, y, "wage", **o),
    "share": lambda s, y, **o: mp.share(s, "migrant", of=y, **o),
    "contribution": lambda s, y, **o: mp.contribution(s, "migrant", y, **o),
    "decompose": lambda s, y, **o: mp.decompose(s, y, group="migrant", cells="educ", **o),
    "standardise": lambda s, y, **o: mp.standardise(s, y, "educ", **o),
    "counterfactual": lambda s, y, **o: mp.counterfactual(s, mp.mean, y, "wage", **o),
    "change": lambda s, y, **o: mp.change(s, s, mp.mean, y, **o),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_name_that_nothing_has(sample, verb):
    with pytest.raises(ColumnMissing, match=r"'houra'.*Did you mean 'hours'") as error:
        VERBS[verb](sample, "houra")
    assert "NaN" not in str(error.value)


@pytest.mark.parametrize("verb", VERBS)
def test_a_group_that_nothing_has(sample, verb):
    with pytest.raises(ColumnMissing, match=r"No column 'regoin' for by. Did you mean 'region'"):
        VERBS[verb](sample, "wage", by="regoin")


def test_all_absent_groups_at_once(sample):
    with pytest.raises(ColumnMissing) as error:
        mp.mean(sample, "wage", by=("regoin", "sex", "educ"))
    assert len(error.value.problems) == 2


@pytest.mark.parametrize("verb", VERBS)
def test_a_rule_that_cannot_be_read(sample, verb):
    with pytest.raises(RuleError):
        VERBS[verb](sample, "wage", where="age >>= 15")
    with pytest.raises(RuleError):
        VERBS[verb](sample, "wage", where="__import__('os').getcwd()")
    with pytest.raises(ColumnMissing, match=r"'wges'.*Did you mean 'wage'"):
        VERBS[verb](sample, "wage", where="wges > 100")


@pytest.mark.parametrize("verb", ["total", "mean", "quantile", "variance", "ratio", "correlation"])
def test_text_has_no_mean(sample, verb):
    with pytest.raises(mp.MpsurveyError, match=r"holds String.*proportion\(sample, 'region'\)"):
        VERBS[verb](sample, "region")


@pytest.mark.parametrize("verb", ["total", "mean", "quantile", "variance"])
def test_codes_have_no_mean(sample, verb):
    with pytest.raises(mp.MpsurveyError, match="categorical: its codes stand for 1 'primary'"):
        VERBS[verb](sample, "educ")
    assert mp.proportion(sample, "educ", every_category=True).frame.category.tolist() == [1, 2, 3]


@pytest.mark.parametrize("verb", VERBS)
def test_options_outside_what_there_is(sample, verb):
    for level in (95, 0, 1, -0.5):
        with pytest.raises(mp.MpsurveyError, match=f"level={level} is not between 0 and 1"):
            VERBS[verb](sample, "wage", level=level)
    with pytest.raises(mp.MpsurveyError, match="missing='ignore' is not one of"):
        VERBS[verb](sample, "wage", missing="ignore")
    with pytest.raises(mp.MpsurveyError, match="df='stata' is not one of"):
        VERBS[verb](sample, "wage", df="stata")


def test_all_wrong_options_at_once(sample):
    with pytest.raises(mp.MpsurveyError) as error:
        mp.mean(sample, "wage", level=95, df="none", deff="yes")
    assert len(error.value.problems) == 3


def test_intervals_that_are_not(sample):
    with pytest.raises(mp.MpsurveyError, match="ci='exact' is not one of"):
        mp.proportion(sample, "region", ci="exact")
    with pytest.raises(mp.MpsurveyError) as error:
        mp.quantile(sample, "wage", (0.5, 50, -0.1), rule="hf7", ci="exact")
    assert len(error.value.problems) == 4


def test_answers_must_be_complete_when_that_is_asked(sample):
    with pytest.raises(mp.MpsurveyError, match="hours: no answer in 1 of 8 rows"):
        mp.mean(sample, "hours", missing="fail")
    with pytest.raises(mp.MpsurveyError, match="hours: no answer in 1 of 4 rows"):
        mp.mean(sample, "hours", missing="fail", where="region == 's'")
    complete = mp.mean(sample, "hours", missing="fail", where="region == 'n'")
    assert complete.notes == mp.mean(sample, "hours", where="region == 'n'").notes


def test_the_unanswered_are_told(sample):
    assert "hours: no answer in 1 of 8 rows." in mp.mean(sample, "hours").notes
    dropped = mp.mean(sample, "hours", missing="drop").notes
    assert "1 rows were dropped before units were counted." in dropped


def test_nobody_answered():
    frame = people(hours=np.nan)
    sample = mp.Sample(frame, mp.Design(weight="w", psu="ea"))
    found = mp.mean(sample, "hours").frame
    assert found.n[0] == 0
    assert found[["estimate", "se", "ci_low"]].isna().all(axis=None)
    with pytest.raises(mp.MpsurveyError, match="No row has an answer"):
        mp.mean(sample, "hours", missing="drop")
    for verb in ("quantile", "variance", "correlation", "ratio", "total"):
        empty = VERBS[verb](sample, "hours").frame
        assert empty[["estimate", "se"]].isna().all(axis=None), verb


@pytest.mark.parametrize(
    "verb", [v for v in VERBS if v not in ("change", "decompose", "standardise")]
)
def test_a_rule_that_nobody_meets(sample, verb):
    found = VERBS[verb](sample, "wage", where="wage > 10_000").frame
    assert (found.n == 0).all()
    assert found[["estimate", "se", "ci_low", "ci_high"]].isna().all(axis=None)


def test_empty_cells_stay_in_the_table(sample):
    found = mp.mean(sample, "wage", by=("region", "educ"), where="region == 'n' or educ == 1")
    assert len(found) == 4
    empty = found.frame[(found.frame.region == "s") & (found.frame.educ == 2)].iloc[0]
    assert empty.n == 0
    assert np.isnan(empty.estimate)
    assert np.isnan(found.covariance[3]).all()
    assert any("nobody in the sample" in note for note in found.notes)


def test_too_many_groups():
    n = 8_000
    frame = pd.DataFrame({"y": 1.0, "a": np.arange(n), "b": np.arange(n)})
    with pytest.raises(mp.MpsurveyError, match="makes 64,000,000 groups"):
        mp.mean(mp.Sample(frame, mp.Design()), "y", by=("a", "b"))


def test_a_group_with_the_name_of_a_result(sample):
    frame = people().rename(columns={"region": "estimate"})
    other = mp.Sample(frame, mp.Design(weight="w", psu="ea"))
    with pytest.raises(mp.MpsurveyError, match="name of a column of every result"):
        mp.mean(other, "wage", by="estimate")


def test_people_without_a_group_are_told():
    frame = people(region=["n", None, "s", "s", "n", "n", "s", "s"])
    found = mp.mean(mp.Sample(frame, mp.Design(weight="w", psu="ea")), "wage", by="region")
    assert found.frame.n.sum() == 7
    assert "region: 1 rows without a value are in no group." in found.notes


def test_groups_that_are_no_groups(sample):
    with pytest.raises(mp.MpsurveyError, match="other values than 0 and 1"):
        mp.share(sample, "wage")
    with pytest.raises(mp.MpsurveyError, match="no condition: write a rule"):
        mp.proportion(sample, "wage * 2")


def test_decompositions_that_cannot_be(sample):
    with pytest.raises(mp.MpsurveyError, match="Say what explains the difference"):
        mp.decompose(sample, "wage", group="migrant")
    with pytest.raises(mp.MpsurveyError, match="Say what explains the difference"):
        mp.decompose(sample, "wage ~ hours", group="migrant", cells="educ")
    with pytest.raises(ColumnMissing, match=r"'migrnat' for group. Did you mean 'migrant'"):
        mp.decompose(sample, "wage", group="migrnat", cells="educ")
    with pytest.raises(mp.MpsurveyError, match="must name two of"):
        mp.decompose(sample, "wage", group="migrant", cells="educ", between=(1, 7))
    with pytest.raises(mp.MpsurveyError, match="both the group and a cell"):
        mp.decompose(sample, "wage", group="migrant", cells=("educ", "migrant"))


def test_contrasts_that_cannot_be(sample):
    found = mp.mean(sample, "wage", by="region")
    with pytest.raises(mp.MpsurveyError, match=r"no 'regoin' to compare. Did you mean 'region'"):
        mp.contrast(found, {"regoin": {"n": 1, "s": -1}})
    with pytest.raises(mp.MpsurveyError, match="'region' has no value 'x'; it has"):
        mp.contrast(found, {"region": {"n": 1, "x": -1}})
    with pytest.raises(mp.MpsurveyError, match="3 columns, but there are 2 estimates"):
        mp.contrast(found, [[1, 0, -1]])
    with pytest.raises(mp.MpsurveyError, match="nothing to compare"):
        mp.contrast([], [[1]])
    with pytest.raises(mp.MpsurveyError, match="weights of 1"):
        mp.contrast(found, {"region": {"n": 2, "s": -1}}, scale="ratio")
    with pytest.raises(TypeError, match=r"mp\.contrast"):
        found - found
    with pytest.raises(TypeError, match=r"mp\.contrast"):
        2 * found


def test_changes_that_cannot_be(sample):
    design = mp.Design(weight="w", psu="ea")
    other = mp.Sample(people(ea=people().ea + 100), design)
    with pytest.raises(mp.MpsurveyError, match="share no PSU"):
        mp.change(sample, other, mp.mean, "wage")
    assert mp.change(sample, other, mp.mean, "wage", shared_psu=False).frame.se[0] > 0
    with pytest.raises(ColumnMissing, match="shared_psu"):
        mp.change(sample, other, mp.mean, "wage", shared_psu="code")
    moved = mp.Sample(people(region=list("eewweeww")), design)
    with pytest.raises(mp.MpsurveyError, match="no row in common"):
        mp.change(sample, moved, mp.mean, "wage", by="region")


def test_counterfactuals_that_cannot_be(sample):
    with pytest.raises(mp.MpsurveyError, match=r"replaced=1.5 is not between 0 and 1"):
        mp.counterfactual(sample, mp.mean, "wage", "hours", replaced=1.5)
    with pytest.raises(mp.MpsurveyError, match="`size`"):
        mp.counterfactual(sample, mp.mean, "wage", "hours", returning="migrant")


@pytest.mark.parametrize("verb", [v for v in VERBS if v != "proportion"])
def test_infinite_values_are_a_fault_of_the_data(verb):
    frame = people(hours=[np.inf, *range(7)])
    sample = mp.Sample(frame, mp.Design(weight="w", psu="ea"))
    with pytest.raises(mp.MpsurveyError, match=r"is infinite in 1 rows. Correct these values, or"):
        VERBS[verb](sample, "hours")
    with pytest.raises(mp.MpsurveyError, match="is infinite in 2 rows"):
        VERBS[verb](mp.Sample(people(hours=[np.inf, -np.inf, *range(6)]), sample.design), "hours")


def test_infinite_values_that_are_not_asked_for():
    sample = mp.Sample(people(hours=[np.inf, *range(7)]), mp.Design(weight="w", psu="ea"))
    assert mp.mean(sample, "hours", where="educ == 2").frame.n[0] == 4
    assert np.isfinite(mp.mean(sample, "wage").frame.se[0])
    assert mp.proportion(sample, "hours > 3").frame.estimate[0] > 0


def test_no_message_shows_a_record():
    frame = people(migrant=[0, 1, 0, 1, 0, 0, 1, 77123])
    sample = mp.Sample(frame, mp.Design(weight="w", psu="ea"))
    with pytest.raises(mp.MpsurveyError) as error:
        mp.share(sample, "migrant")
    assert "77123" not in str(error.value)
