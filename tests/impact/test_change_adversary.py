"""Two rounds whose columns are written differently, or whose groups are not the same."""

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp

DESIGN = mp.Design(weight="w", psu="ea")


def people(seed=0, **columns):
    rng = np.random.default_rng(seed)
    n = 120
    return pd.DataFrame(
        {
            "w": rng.uniform(1, 4, n),
            "ea": np.arange(n) // 4,
            "wage": rng.normal(10, 3, n),
            "migrant": rng.integers(0, 2, n),
            "region": rng.choice(list("abc"), n),
        }
    ).assign(**columns)


def change(first, second, *asked, **options):
    return mp.change(mp.Sample(first, DESIGN), mp.Sample(second, DESIGN), *asked, **options)


@pytest.mark.parametrize("kind", [str, float, "Int64", "category"])
def test_psu_codes_are_the_same_however_they_are_kept(kind):
    expected = change(people(), people(1), mp.mean, "wage").frame
    later = people(1)
    found = change(people(), later.assign(ea=later.ea.astype(kind)), mp.mean, "wage").frame
    assert found.se[0] == pytest.approx(expected.se[0], rel=1e-12)


def test_groups_are_the_same_where_one_round_has_unanswered_rows():
    later = people(1)
    flag = (later.migrant == 1).astype("boolean").where(later.index > 3)
    found = change(
        people(migrant=people().migrant == 1), later.assign(migrant=flag), mp.mean, "wage",
        by="migrant",
    ).frame  # fmt: skip
    assert len(found) == 2


def test_rows_of_one_round_only_are_told():
    later = people(1)
    other = later.assign(region=later.region.replace("c", "d"))
    notes = change(people(), other, mp.mean, "wage", by="region").notes
    assert any(n.startswith("Left out: 1 row(s) that the earlier round alone has") for n in notes)
    assert change(people(), later, mp.mean, "wage", by="region").notes == ()


def test_psus_without_a_shared_code():
    frames = [people(seed, panel=people().ea.where(people().ea > 3)) for seed in (0, 1)]
    with pytest.raises(mp.MpsurveyError, match="'panel' has no value for 4 PSUs"):
        change(*frames, mp.mean, "wage", shared_psu="panel")


@pytest.mark.parametrize(
    ("verb", "asked"),
    [(mp.regression, ("wage ~ migrant",)), (mp.independence, ("region", "migrant"))],
)
def test_models_have_no_change(verb, asked):
    with pytest.raises(mp.MpsurveyError, match="is not one of figures"):
        change(people(), people(1), verb, *asked)
