"""What must be true of impact figures, whatever the data."""

import numpy as np
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st
from properties.small_samples import ALL, few, frames, same, sample_of

import mpsurvey as mp


def close(found, want, size=1.0):
    np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-7 * size)


@few
@given(frames(), st.sampled_from([None, "x"]), st.booleans())
def test_a_group_and_the_others_share_all(frame, of, replicated):
    sample = sample_of(frame)
    if replicated:
        sample = mp.add_replicates(sample, mp.Jackknife())
    group = mp.share(sample, "b == 1", of=of, by="g").frame
    others = mp.share(sample, "b == 0", of=of, by="g").frame
    close(group.estimate + others.estimate, np.ones(len(group)))
    close(group.se, others.se)
    assert (group.df == others.df).all()
    close(group.ci_low, 1 - others.ci_high)
    close(group.ci_high, 1 - others.ci_low)


@few
@given(frames(), st.sampled_from([None, "x", "1"]))
def test_a_contribution_is_all_less_without(frame, denominator):
    sample = sample_of(frame)
    detail = mp.contribution(sample, "b", "y", denominator, by="g", detail=True)
    table = detail.frame.pivot_table("estimate", "g", "category", dropna=False)
    part, whole = table["contribution"], table["all"]
    known = np.isfinite(part)
    close((whole - table["without the group"])[known], part[known], 100)
    plain = mp.contribution(sample, "b", "y", denominator, by="g")
    same(detail.frame[detail.frame.category == "contribution"], plain)
    weights = {"category": {"all": 1, "without the group": -1}}
    again = mp.contrast(detail, weights).frame
    kept = np.isfinite(again.estimate) & np.isfinite(plain.frame.estimate)
    same(again[kept], plain.frame[kept])


@few
@given(frames())
def test_contributions_to_a_total_add_up(frame):
    sample = sample_of(frame)
    whole = mp.total(sample, "y").frame.estimate[0]
    parts = [mp.contribution(sample, f"g == {g}", "y").frame.estimate[0] for g in range(3)]
    close(sum(parts), whole, 1000)
    if frame.b.any():
        same(mp.contribution(sample, "b", "y"), mp.total(sample, "y", where="b == 1"))
    everyone = mp.contribution(sample, "y > -100", "y")
    same(everyone, mp.total(sample, "y"))


@few
@given(frames(), st.sampled_from([("g",), ("g", "c")]), st.sampled_from([None, "x"]), st.booleans())
def test_decompositions_add_up(frame, cells, denominator, replicated):
    assume(frame.b.nunique() == 2)
    frame = frame.assign(c=(frame.x > 5).astype(int))
    sample = sample_of(frame)
    if replicated:
        sample = mp.add_replicates(sample, mp.Jackknife())
    options = {"group": "b", "cells": cells}
    found = mp.decompose(sample, "y", denominator, between=(1, 0), **options)
    value = found.frame.estimate.to_numpy()
    close(value[0], value[1:].sum(), 100)
    if not replicated:
        one = mp.contrast(found, [[-1.0] + [1.0] * (len(value) - 1)]).frame
        close([one.estimate[0], one.se[0]], [0.0, 0.0], 100)
    rate = [denominator] if denominator else []
    verb = mp.ratio if denominator else mp.mean
    gap = mp.contrast(verb(sample, "y", *rate, by="b"), {"b": {1: 1, 0: -1}})
    same(found.frame[:1], gap)
    mirrored = mp.decompose(sample, "y", denominator, between=(0, 1), **options).frame
    close(mirrored.estimate, -value, 100)
    close(mirrored.se, found.frame.se, 100)


def test_where_one_group_has_nobody_there_is_no_difference():
    frame = pd.DataFrame({"w": 1.0, "h": 0, "ea": [1, 1, 1, 2, 2, 2], "y": [1.0, 2, 3, 4, 5, 7]})
    frame = frame.assign(b=[0, 1, 0, 1, 0, 0], g=[0, 0, 1, 1, 0, 1], region=[1, 1, 1, 1, 1, 2])
    found = mp.decompose(sample_of(frame), "y", group="b", cells="g", by="region").frame
    assert found[found.region == 1].estimate.notna().all()
    assert found[found.region == 2][["estimate", "se", "ci_low"]].isna().all(axis=None)


@few
@given(frames(), st.booleans())
def test_oaxaca_and_blinder_add_up(frame, threefold):
    spread = frame.groupby("b").x.nunique()
    assume(len(spread) == 2 and (spread > 2).all())
    sample = sample_of(frame)
    found = mp.decompose(sample, "y ~ x", group="b", between=(1, 0), threefold=threefold).frame
    part = found.set_index("category").estimate
    kinds = (
        ["endowments", "coefficients", "interaction"] if threefold else ["explained", "unexplained"]
    )
    close(part["difference"], part[kinds].sum(), 1000)
    for kind in kinds:
        terms = [name for name in part.index if name.startswith(f"{kind}: ")]
        close(part[kind], part[terms].sum(), 1000)
    gap = mp.contrast(mp.mean(sample, "y", by="b"), {"b": {1: 1, 0: -1}}).frame
    np.testing.assert_allclose(found.estimate[0], gap.estimate[0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.se[0], gap.se[0], rtol=1e-5, atol=1e-6)


CHANGES = {
    "total": lambda *rounds: mp.change(*rounds, mp.total, "y", by="b"),
    "mean": lambda *rounds: mp.change(*rounds, mp.mean, "y", by="b"),
    "ratio": lambda *rounds: mp.change(*rounds, mp.ratio, "y", "x"),
    "proportion": lambda *rounds: mp.change(*rounds, mp.proportion, "g"),
    "contribution": lambda *rounds: mp.change(*rounds, mp.contribution, "b", "x", "1"),
    "relative": lambda *rounds: mp.change(*rounds, mp.mean, "x", relative=True),
}


@few
@given(frames(), st.sampled_from(sorted(CHANGES)))
def test_nothing_changes_between_identical_rounds(frame, verb):
    found = CHANGES[verb](sample_of(frame), sample_of(frame)).frame
    close(found.estimate.dropna(), np.zeros(found.estimate.notna().sum()))
    size = 1 + frame.w.sum() * 10
    np.testing.assert_allclose(found.se.dropna(), 0.0, atol=1e-6 * size)


@few
@given(frames(), st.sampled_from(["total", "mean", "ratio", "proportion"]))
def test_a_change_there_and_back(frame, verb):
    later = frame.assign(y=frame.y[::-1].to_numpy(), g=frame.g[::-1].to_numpy())
    rounds = sample_of(frame), sample_of(later)
    there, back = CHANGES[verb](*rounds).frame, CHANGES[verb](*rounds[::-1]).frame
    if len(there) == len(back):
        same(back, there.assign(estimate=-there.estimate), columns=["estimate", "se", "df"])


@few
@given(frames())
def test_a_panel_changes_as_its_differences(frame):
    """The same people twice: the change of a total is the total of the changes."""
    later = frame.assign(y=frame.y[::-1].to_numpy(), b=0)
    found = mp.change(sample_of(frame), sample_of(later), mp.total, "y")
    gap = mp.total(sample_of(frame.assign(y=later.y - frame.y)), "y")
    same(found, gap, columns=["estimate"])
    first, second = (mp.total(sample_of(each), "y").frame.se[0] for each in (frame, later))
    drawn = frame.groupby("h").ea.nunique()
    if (drawn == drawn.iloc[0]).all():  # the correlation is a pooled one: exact where n_h is equal
        same(found, gap)
    assert abs(first - second) - 1e-6 <= found.frame.se[0] <= first + second + 1e-6


@few
@given(frames())
def test_independent_rounds_add_their_variances(frame):
    later = frame.assign(y=frame.y + frame.x)
    rounds = sample_of(frame), sample_of(later)
    found = mp.change(*rounds, mp.mean, "y", shared_psu=False).frame
    se = [mp.mean(each, "y").frame.se[0] for each in rounds]
    close(found.se[0], np.hypot(*se), 10)


@few
@given(frames())
def test_growth_is_the_group_and_the_others(frame):
    later = frame.assign(x=frame.x + 1 + frame.b)
    found = mp.contribution_to_growth(sample_of(frame), sample_of(later), "b", "x")
    value = found.frame.set_index("category").estimate
    close(value["growth"], value["group"] + value["others"])
    change = mp.change(sample_of(frame), sample_of(later), mp.total, "x", relative=True)
    same(found.frame[:1], change)


@few
@given(frames(), st.sampled_from([0.0, 0.4, 1.0]))
def test_a_counterfactual_is_its_own_difference(frame, replaced):
    frame = frame.assign(part=frame.x / 2)
    sample = sample_of(frame)
    found = mp.counterfactual(sample, mp.mean, "x", without="part", replaced=replaced, by="b")
    table = found.frame.pivot_table("estimate", "b", "category")
    close(table["with"] - table["without"], table["difference"])
    same(found.frame[found.frame.category == "with"], mp.mean(sample, "x", by="b"), columns=ALL)
    lost = mp.mean(sample_of(frame.assign(lost=(1 - replaced) * frame.part)), "lost", by="b")
    same(found.frame[found.frame.category == "difference"], lost)


@few
@given(frames())
def test_standardised_to_its_own_structure(frame):
    sample = sample_of(frame)
    same(mp.standardise(sample, "y", "g"), mp.mean(sample, "y"), columns=ALL)
    one = mp.standardise(sample, "y", "b", structure={int(frame.b[0]): 1.0}).frame
    same(one, mp.mean(sample, "y", where=f"b == {frame.b[0]}"))


@few
@given(frames())
def test_rounds_stacked_in_strata_of_their_own_are_independent(frame):
    later = frame.assign(y=frame.y + frame.x)
    both = pd.concat([frame.assign(r=1), later.assign(r=2, h=later.h + 50)], ignore_index=True)
    stacked = mp.contrast(mp.mean(sample_of(both), "y", by="r"), {"r": {2: 1, 1: -1}})
    apart = mp.change(sample_of(frame), sample_of(later), mp.mean, "y", shared_psu=False)
    same(stacked, apart)
