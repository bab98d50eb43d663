"""What a drawn sample must be, whatever the method."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import mpsurvey as mp
from mpsurvey.errors import ColumnMissing, DesignError
from mpsurvey.planning import Stage, draw
from mpsurvey.planning.methods import METHODS, SIZED

RNG = np.random.default_rng(20270101)
AREAS = pd.DataFrame(
    {
        "ea": np.arange(101, 161),
        "region": np.repeat(["north", "south", "west"], 20),
        "row": np.tile(np.arange(20), 3),
        "households": RNG.integers(40, 200, 60),
    }
)
HOUSEHOLDS = AREAS.loc[AREAS.index.repeat(AREAS["households"])].reset_index(drop=True)
HOUSEHOLDS["household"] = HOUSEHOLDS.groupby("ea").cumcount() + 1
HOUSEHOLDS["migrant"] = RNG.random(len(HOUSEHOLDS)) < 0.1


def options(method):
    out = {"method": method}
    if method in SIZED or method in ("pivotal", "max_entropy", "cube", "poisson"):
        out["size"] = "households"
    if method == "cube":
        out["balance"] = "row"
    return out


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_weights_and_design_agree(method):
    drawn = draw(AREAS, n=6, unit="ea", strata="region", seed=7, **options(method))
    frame = drawn.frame
    np.testing.assert_allclose(frame["base_weight"] * frame["probability"], 1)
    if method != "poisson":
        assert frame.groupby("region").size().eq(6).all()
    for selection in drawn.selections.values():
        np.testing.assert_allclose(selection.pi.sum(), 6)
    sample = mp.Sample(drawn)
    np.testing.assert_allclose(sample.weight.sum(), frame["base_weight"].sum())
    assert drawn.design.psu == ("ea",)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "cube"])
def test_the_joint_matrix_is_symmetric_with_the_probabilities_on_its_diagonal(method):
    drawn = draw(AREAS.iloc[:7], n=6, unit="ea", seed=2, **options(method))
    joint = drawn.joint()
    np.testing.assert_allclose(np.diag(joint), drawn.frame["probability"])
    np.testing.assert_allclose(joint, joint.T)
    assert (joint.to_numpy() <= np.minimum.outer(np.diag(joint), np.diag(joint)) + 1e-12).all()
    assert list(joint.index) == list(drawn.frame["ea"])
    approximated = method in ("pivotal", "pareto")
    assert joint.attrs["status"]["all"].startswith("approximated" if approximated else "exact")


def test_pps_reproduces_the_size_total_with_variance_zero():
    drawn = draw(AREAS, n=10, unit="ea", method="sampford", size="households", seed=3)
    total = mp.total(mp.Sample(drawn), "households").frame.iloc[0]
    np.testing.assert_allclose(total["estimate"], AREAS["households"].sum())
    assert total["se"] < 1e-6


def test_two_stages_in_one_plan_are_self_weighting_and_need_no_declaration():
    drawn = draw(
        HOUSEHOLDS,
        [
            Stage(n=5, unit="ea", strata="region", method="pps_systematic", size="households"),
            Stage(n=10, method="systematic"),
        ],
        seed=11,
    )
    assert len(drawn.frame) == 150
    for _, rows in drawn.frame.groupby("region"):
        np.testing.assert_allclose(rows["base_weight"], rows["base_weight"].iloc[0])
    sample = mp.Sample(drawn)
    np.testing.assert_allclose(sample.weight.sum(), len(HOUSEHOLDS))
    estimate = mp.mean(sample, "row").frame.iloc[0]
    assert estimate["df"] == 12
    assert estimate["se"] > 0
    assert len(sample.units.stages) == 2


def test_second_stage_is_drawn_within_the_first_from_a_new_listing():
    first = draw(AREAS, n=4, unit="ea", strata="region", method="brewer", size="households", seed=1)
    second = draw(HOUSEHOLDS, n={False: 8, True: 4}, strata="migrant", within=first, seed=2)
    assert set(second.frame["ea"]) == set(first.frame["ea"])
    np.testing.assert_allclose(
        second.frame["probability"],
        second.frame["probability_1"] * second.frame["probability_2"],
    )
    assert second.design.psu == ("ea", "unit_2")
    assert len(second.stages) == 2
    assert mp.Sample(second).weight.sum() > 0
    with pytest.raises(DesignError, match="have no row in the listing"):
        draw(HOUSEHOLDS[HOUSEHOLDS["ea"] != first.frame["ea"].iloc[0]], n=5, within=first, seed=2)


def test_large_units_are_certain_and_in_a_stratum_of_their_own():
    areas = AREAS.assign(households=np.where(AREAS["ea"] == 105, 50_000, AREAS["households"]))
    drawn = draw(areas, n=6, unit="ea", method="pps_systematic", size="households", seed=4)
    large = drawn.frame.query("ea == 105").iloc[0]
    assert large["probability"] == 1
    assert large["fpc_1"] == 1
    assert large["stratum_1"] == "all / certain"
    assert mp.total(mp.Sample(drawn), "households").frame["se"].iloc[0] < 1e-6
    with pytest.raises(DesignError, match="larger than the sampling interval in row 5"):
        draw(areas, n=6, unit="ea", method="brewer", size="households", take_all="fail", seed=4)


def test_forced_units_are_drawn_for_certain():
    areas = AREAS.assign(camp=AREAS["ea"].isin([103, 144]))
    drawn = draw(areas, n=10, unit="ea", take_all="camp", seed=4)
    assert drawn.frame.loc[drawn.frame["camp"], "probability"].tolist() == [1.0, 1.0]
    np.testing.assert_allclose(drawn.frame.loc[~drawn.frame["camp"], "probability"], 8 / 58)


def test_the_same_seed_gives_the_same_sample_and_strata_do_not_disturb_each_other():
    n = {"north": 4, "south": 4, "west": 4}
    one = draw(AREAS, n=n, unit="ea", strata="region", seed=9)
    again = draw(AREAS, n=n, unit="ea", strata="region", seed=9)
    more = draw(AREAS, n=n | {"north": 8}, unit="ea", strata="region", seed=9)
    pd.testing.assert_frame_equal(one.frame, again.frame)
    south = [set(d.frame.query("region == 'south'")["ea"]) for d in (one, more)]
    assert south[0] == south[1]
    unseeded = draw(AREAS, n=3, unit="ea")
    pd.testing.assert_frame_equal(
        unseeded.frame, draw(AREAS, n=3, unit="ea", seed=unseeded.seed).frame
    )


def test_nothing_outside_the_call_changes_and_is_changed():
    before = AREAS.copy()
    np.random.seed(5)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    one = draw(AREAS, n=5, seed=9)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    np.random.seed(6)  # noqa: NPY002
    pd.testing.assert_frame_equal(one.frame, draw(AREAS, n=5, seed=9).frame)
    pd.testing.assert_frame_equal(AREAS, before)


def test_frame_problems_are_reported_all_at_once_without_records():
    bad = pd.concat([AREAS, AREAS.iloc[[7]]], ignore_index=True)
    bad["households"] = bad["households"].astype(float)
    bad.loc[3, "households"] = 0
    bad.loc[4, "households"] = -2
    with pytest.raises(DesignError) as caught:
        draw(bad, n={"north": 400, "south": 2, "east": 1}, unit="ea", strata="region",
             method="brewer", size="households", seed=1)  # fmt: skip
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 6
    for part in (
        "listed more than once: again in row 61",
        "negative in row 5",
        "is 0 in row 4",
        "stratum 'north' has 21 units, but n is 400",
        "stratum 'west' has no n",
        "stratum 'east', which the frame does not have. Did you mean 'west'?",
    ):
        assert part in told
    with pytest.raises(DesignError, match="size 'households' is missing in row 2"):
        draw(AREAS.assign(households=AREAS["households"].where(AREAS.index != 1)), n=5,
             method="sampford", size="households")  # fmt: skip
    with pytest.raises(ColumnMissing, match="Did you mean 'region'"):
        draw(AREAS, n=2, strata="regoin")


def test_stage_faults_come_at_once():
    with pytest.raises(DesignError) as caught:
        Stage(n=3, method="sampfrd", size="x", prn="u", start=2.0, reserve=1)
    assert len(caught.value.problems) == 4
    with pytest.raises(DesignError, match="Did you mean 'method'"):
        Stage.of({"n": 3, "methd": "srs"})
    with pytest.raises(DesignError, match="how many units"):
        draw(AREAS)
    with pytest.raises(DesignError, match="no unit was drawn"):
        draw(AREAS, n=0)


def test_reserve_and_rotation_groups():
    drawn = draw(
        AREAS, n=8, unit="ea", strata="region", method="max_entropy", size="households",
        reserve=4, rotation=4, seed=6,
    )  # fmt: skip
    assert len(drawn.frame) == 24
    assert len(drawn.reserve) == 12
    assert not set(drawn.reserve["ea"]) & set(drawn.frame["ea"])
    assert drawn.frame.groupby(["region", "rotation_1"]).size().eq(2).all()
    for selection in drawn.selections.values():
        np.testing.assert_allclose(selection.pi.sum(), 8)
        np.testing.assert_allclose(selection.pi_with_reserve.sum(), 12)
    joint = drawn.joint("north").to_numpy()
    assert (joint[~np.eye(8, dtype=bool)] < np.outer(np.diag(joint), np.diag(joint)).max()).all()


def test_permanent_random_numbers_coordinate_samples():
    areas = AREAS.assign(u=np.random.default_rng(3).random(60))
    first = draw(areas, n=15, unit="ea", prn="u", seed=1)
    same = draw(areas, n=20, unit="ea", prn="u", seed=2)
    assert set(first.frame["ea"]) <= set(same.frame["ea"])
    behind = float(first.frame["u"].max()) + 1e-9
    other = draw(areas, n=15, unit="ea", prn="u", start=behind, seed=3)
    assert not set(first.frame["ea"]) & set(other.frame["ea"])
    with pytest.raises(DesignError, match="equal values"):
        draw(areas.assign(u=0.5), n=3, prn="u")
    overlap = [
        set(draw(areas, n=12, unit="ea", method="pareto", size="households", prn="u",
                 start=start, seed=1).frame["ea"])
        for start in (0.0, 0.0, 0.5)
    ]  # fmt: skip
    assert overlap[0] == overlap[1]
    assert len(overlap[0] & overlap[2]) < 4


def test_serpentine_order_turns_round():
    drawn = draw(AREAS, n=3, unit="ea", method="systematic", order=["region", "row"], seed=1)
    assert drawn.frame["region"].nunique() == 3
    order = mp.planning.equal.serpentine([AREAS["region"], AREAS["row"]])
    assert AREAS["row"].to_numpy()[order][[19, 20, 39, 40]].tolist() == [19, 19, 0, 0]


def test_cube_reproduces_the_balancing_totals():
    areas = pd.concat([AREAS] * 5, ignore_index=True).assign(ea=range(300))
    drawn = draw(areas, n=60, unit="ea", method="cube", balance=["households", "row"], seed=1)
    for name in ("households", "row"):
        off = (drawn.frame[name] * drawn.frame["base_weight"]).sum() / areas[name].sum() - 1
        assert abs(off) < 0.02
    with pytest.raises(DesignError, match="balanced_variance"):
        drawn.joint()


def test_frames_of_other_libraries_come_in():
    drawn = draw(pl.from_pandas(AREAS), n=5, unit="ea", seed=1)
    pd.testing.assert_frame_equal(drawn.frame, draw(AREAS, n=5, unit="ea", seed=1).frame,
                                  check_dtype=False)  # fmt: skip
    lazy = draw(pl.from_pandas(AREAS).lazy(), n=5, unit="ea", seed=1)
    assert len(lazy.frame) == 5


def test_one_unit_per_area_leaves_the_second_stage_out_of_the_design():
    plan = [Stage(n=6, unit="ea", method="brewer", size="households"), Stage(n=1)]
    drawn = draw(HOUSEHOLDS, plan, seed=1)
    assert drawn.design.fpc == ("fpc_1",)
    assert any("leaves out the variance of this stage" in note for note in drawn.notes)
    assert len(mp.Sample(drawn).units.stages) == 1


def test_a_million_units():
    big = pd.DataFrame({"size": RNG.lognormal(0, 1, 1_000_000), "s": RNG.integers(0, 9, 1_000_000)})
    drawn = draw(big, n=200, strata="s", method="pivotal", size="size", seed=1)
    assert len(drawn.frame) == 1800
