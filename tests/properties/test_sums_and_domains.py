"""What must be true of totals, means and domains, whatever the data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties.small_samples import ALL, few, frames, same, sample_of, scale_of

import mpsurvey as mp
from mpsurvey.estimation import linearise, scanning, taylor
from mpsurvey.estimation.domains import split_domains

VERBS = {
    "total": lambda sample, **options: mp.total(sample, "y", **options),
    "people": mp.total,
    "mean": lambda sample, **options: mp.mean(sample, "y", **options),
    "ratio": lambda sample, **options: mp.ratio(sample, "y", "x", **options),
    "proportion": lambda sample, **options: mp.proportion(sample, "g", **options),
    "quantile": lambda sample, **options: mp.quantile(sample, "y", (0.25, 0.5), **options),
    "variance": lambda sample, **options: mp.variance(sample, "y", **options),
    "share": lambda sample, **options: mp.share(sample, "b", of="x", **options),
    "contribution": lambda sample, **options: mp.contribution(sample, "b", "y", "x", **options),
    "gini": lambda sample, **options: mp.gini(sample, "x", **options),
    "entropy": lambda sample, **options: mp.generalised_entropy(sample, "x", 1, **options),
    "poverty": lambda sample, **options: mp.poverty(sample, "x", line=5.0, order=1, **options),
}


@few
@given(frames(), st.sampled_from([0.01, 3.0, 1000.0]))
def test_a_change_of_unit(frame, unit):
    sample, other = sample_of(frame), sample_of(frame.assign(y=unit * frame.y))
    for verb, power in (("total", 1), ("mean", 1), ("quantile", 1), ("variance", 2)):
        want, found = (VERBS[verb](each).frame for each in (sample, other))
        limits = ["estimate", "se", "ci_low", "ci_high"]
        size = unit**power * (1 + np.abs(want.estimate).max())
        np.testing.assert_allclose(
            found[limits], unit**power * want[limits], rtol=1e-8, atol=1e-8 * size
        )


@few
@given(frames(), st.integers(-100, 100))
def test_a_constant_added(frame, constant):
    sample, other = sample_of(frame), sample_of(frame.assign(y=frame.y + constant))
    for verb, moves in (("mean", 1), ("quantile", 1), ("variance", 0)):
        want, found = (VERBS[verb](each, by="b").frame for each in (sample, other))
        moved = want.assign(estimate=want.estimate + moves * constant)
        same(found, moved, rtol=1e-8)


@few
@given(frames(), st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    sample, other = sample_of(frame), sample_of(frame.iloc[order].reset_index(drop=True))
    for ask in VERBS.values():
        same(ask(other, by="b"), ask(sample, by="b"), columns=ALL)


@few
@given(frames(), st.data())
def test_splitting_a_row_in_two_halves(frame, data):
    row = data.draw(st.integers(0, len(frame) - 1))
    halved = frame.copy()
    halved.loc[row, "w"] /= 2
    halved = pd.concat([halved, halved.loc[[row]]], ignore_index=True)
    for name, ask in VERBS.items():
        if name != "variance":  # it counts rows: n / (n - 1)
            same(ask(sample_of(halved), by="b"), ask(sample_of(frame), by="b"))


@few
@given(frames())
def test_a_population_twice_as_large(frame):
    twice = pd.concat([frame, frame.assign(h=frame.h + frame.h.max() + 1)], ignore_index=True)
    for name, ask in VERBS.items():
        if name in ("quantile", "variance"):  # their intervals, or n - 1, are not linear
            continue
        once, both = (ask(sample_of(each)).frame for each in (frame, twice))
        larger = 2 if name in ("total", "people") else 1
        same(both, once.assign(estimate=larger * once.estimate, se=larger * once.se / 2**0.5))
        assert (both.df == 2 * once.df).all()
        assert (both.n == 2 * once.n).all()


@few
@given(frames(), st.sampled_from([0.5, 10.0]))
def test_weights_that_sum_to_something_else(frame, factor):
    sample, other = sample_of(frame), sample_of(frame.assign(w=factor * frame.w))
    for name, ask in VERBS.items():
        times = factor if name in ("total", "people") else 1
        want = ask(sample, by="b").frame
        same(ask(other, by="b"), want.assign(estimate=times * want.estimate, se=times * want.se))


@few
@given(frames())
def test_domain_totals_add_up(frame):
    sample = sample_of(frame)
    parts, whole = mp.total(sample, "y", by=("g", "b")), mp.total(sample, "y")
    known = parts.frame.n > 0
    assert np.isclose(parts.frame.estimate[known].sum(), whole.frame.estimate[0], atol=1e-9)
    together = parts.covariance[np.ix_(known, known)].sum()
    assert np.isclose(together, whole.covariance[0, 0], rtol=1e-9, atol=1e-9)
    assert parts.frame.n.sum() == whole.frame.n[0]
    assert np.isclose(parts.frame.population.sum(), whole.frame.population[0])


@few
@given(frames())
def test_a_domain_mean_by_three_routes(frame):
    frame = frame.assign(inside=(frame.b == 1).astype(float)).assign(y_in=lambda f: f.y * f.inside)
    if not frame.inside.any():
        return
    sample = sample_of(frame)
    mean = mp.mean(sample, "y", where="b == 1")
    same(mp.ratio(sample, "y_in", "inside"), mean)
    both = [mp.total(sample, "y_in"), mp.total(sample, "inside")]
    same(mp.contrast(both, lambda t: t[0] / t[1]), mean)
    by_group = mp.mean(sample, "y", by="b").frame
    same(by_group[by_group.b == 1], mean, columns=ALL)


@few
@given(frames(), st.sampled_from(["mean", "ratio", "quantile", "variance"]))
def test_a_constant_has_no_error(frame, verb):
    frame = frame.assign(y=3.0, x=2.0)
    found = VERBS[verb](sample_of(frame), by="b").frame
    assert (found.se[found.n > 1].fillna(0.0).abs() < 1e-9).all()


@few
@given(frames())
def test_a_census_has_no_error(frame):
    frame = frame.assign(w=1.0, N=frame.groupby("h").ea.transform("nunique"))
    sample = sample_of(frame, fpc="N")
    for name, ask in VERBS.items():
        if name != "quantile":
            found = ask(sample, by="b")
            assert (found.frame.se.dropna().abs() <= 1e-9 * scale_of(found)).all(), name
    people = frame.assign(M=frame.groupby(["h", "ea"]).y.transform("size"), row=range(len(frame)))
    design = mp.Design(weight="w", strata="h", psu=("ea", "row"), fpc=("N", "M"))
    found = mp.total(mp.Sample(people, design), "y", by="b")
    assert (found.frame.se.abs() <= 1e-9 * scale_of(found)).all()


@few
@given(frames())
def test_crossed_domains_are_nested(frame):
    sample = sample_of(frame)
    crossed = mp.total(sample, "y", by=("g", "b"))
    outer = mp.total(sample, "y", by="g")
    matrix = (outer.frame.g.to_numpy()[:, None] == crossed.frame.g.to_numpy()).astype(float)
    matrix[:, crossed.frame.n == 0] = 0
    same(mp.contrast(crossed, matrix), outer)
    for group, rows in mp.mean(sample, "y", by=("g", "b")).frame.groupby("g"):
        inside = mp.mean(sample, "y", by="b", where=f"g == {group}").frame
        same(rows, inside, columns=ALL)


@few
@given(frames(), st.sampled_from(sorted(VERBS)))
def test_where_is_a_group(frame, verb):
    sample = sample_of(frame)
    groups = VERBS[verb](sample, by="g").frame
    for group in groups.g.unique():
        same(VERBS[verb](sample, where=f"g == {group}"), groups[groups.g == group], columns=ALL)


@few
@given(frames(), st.sampled_from(sorted(VERBS)), st.booleans())
def test_few_and_many_domains_take_the_same_numbers(frame, verb, fpc):
    """Full arrays where they are small, pairs that occur where they are not."""
    sample = sample_of(frame, **({"fpc": "N"} if fpc else {}))
    full = VERBS[verb](sample, by=("g", "b"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taylor, "_DENSE", 0)
        middle = VERBS[verb](sample, by=("g", "b"))
        patch.setattr(scanning, "_FULL", 0)
        patch.setattr(scanning, "_PER_ROW", 1)
        sparse = VERBS[verb](sample, by=("g", "b"))
    for found in (middle, sparse):
        same(found, full, columns=ALL)
        np.testing.assert_allclose(
            found.covariance, full.covariance, rtol=1e-8, atol=1e-8 * scale_of(full) ** 2
        )


@few
@given(frames(), st.sampled_from(["centre", "average"]), st.booleans())
def test_lonely_units_in_few_and_many_domains(frame, lonely, domains):
    alone = frame[frame.h == 0].assign(h=99, ea=0)
    frame = pd.concat([frame, alone], ignore_index=True)
    sample = sample_of(frame, lonely_psu=lonely, lonely_domains=domains)
    full = mp.mean(sample, "y", by=("g", "b"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taylor, "_DENSE", 0)
        patch.setattr(scanning, "_FULL", 0)
        patch.setattr(scanning, "_PER_ROW", 1)
        sparse = mp.mean(sample, "y", by=("g", "b"))
        np.testing.assert_allclose(
            sparse.covariance, full.covariance, rtol=1e-8, atol=1e-8 * scale_of(full) ** 2
        )
    same(sparse, full, columns=ALL)


@few
@given(frames(), st.booleans())
def test_folded_groups_are_the_groups_themselves(frame, sparse):
    sample = sample_of(frame)
    domains = split_domains(sample, ("b", "g"))
    with pytest.MonkeyPatch.context() as patch:
        if sparse:
            patch.setattr(scanning, "_FULL", 0)
            patch.setattr(scanning, "_PER_ROW", 1)
            patch.setattr(taylor, "_DENSE", 0)
        each = scanning.unit_totals(sample, domains, (frame.y.to_numpy(),))
        inner = domains.size // domains.outer(1).size
        folded = each.folded(inner)

        def means(totals):
            table = totals[..., 1:].reshape(*totals.shape[:-1], inner, 2)
            return table[..., 1] / table[..., 0]

        value = linearise.evaluate(means, folded.totals).ravel()
        want = mp.mean(sample, "y", by=("b", "g"))
        np.testing.assert_allclose(value, want.frame.estimate, rtol=1e-9, atol=1e-9)
        occupied = (each.n.reshape(-1, inner) > 0).all(axis=1)
        slope = linearise.gradient(means, folded.totals)
        variance = taylor.score(folded, slope).variance().reshape(-1, inner)
        wanted = want.frame.se.to_numpy().reshape(-1, inner) ** 2
        np.testing.assert_allclose(variance[occupied], wanted[occupied], rtol=1e-8, atol=1e-10)
    outer = mp.mean(sample, "y", by="b").frame
    np.testing.assert_array_equal(folded.df, outer.df)
    np.testing.assert_array_equal(folded.n, outer.n)
    np.testing.assert_allclose(folded.population, outer.population)


@few
@given(frames(), st.sampled_from(["total", "mean", "quantile", "proportion", "ratio"]))
def test_dropping_the_unanswered_is_leaving_them_out_first(frame, verb):
    holes = frame.assign(y=frame.y.where(frame.x > 2), g=frame.g.where(frame.y > -5).astype(float))
    lacking = holes.g if verb == "proportion" else holes.y
    kept = holes[lacking.notna()]
    whole = kept.groupby("h").ea.nunique()
    if kept.empty or (whole < 2).any():
        return
    found = VERBS[verb](sample_of(holes), missing="drop")
    same(found, VERBS[verb](sample_of(kept)), columns=ALL)


@few
@given(frames())
def test_the_unanswered_are_a_domain(frame):
    holes = frame.assign(y=frame.y.where(frame.x > 2))
    found = mp.mean(sample_of(holes), "y")
    want = mp.mean(sample_of(frame), "y", where="x > 2")
    same(found, want, columns=ALL)


@few
@given(frames())
def test_rows_of_weight_zero_are_nobody_but_keep_their_unit(frame):
    out = frame.assign(w=frame.w.where(frame.x > 2, 0.0))
    if not out.w.any():
        return
    want = mp.mean(sample_of(frame), "y", by="b", where="x > 2")
    same(mp.mean(sample_of(out), "y", by="b"), want, columns=ALL)
