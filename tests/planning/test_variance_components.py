"""Components against R PracTools, the textbook analysis of variance, and known populations."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.errors import ColumnMissing, DesignError
from mpsurvey.planning import sample_size, variance_components
from mpsurvey.planning.components import nested_components
from mpsurvey.planning.relvariance import census_relvariances, sample_relvariances

FOLDER = Path(__file__).parents[1] / "r"
R = pd.read_csv(FOLDER / "planning_practools.csv").set_index("name")["value"]
CLUSTERS = pd.read_csv(FOLDER / "planning_clusters.csv")


def test_relvariances_are_those_of_r():
    y, psu = CLUSTERS["y"].to_numpy(), CLUSTERS["psu"].to_numpy() - 1
    census = census_relvariances(y, psu)
    got = [census.between, census.within, census.unit, census.k, census.delta]
    want = [R[f"census_{name}"] for name in ("B2", "W2", "unit relvar", "k", "delta")]
    np.testing.assert_allclose(got, want, rtol=1e-11)
    sizes = np.bincount(psu)
    drawn = np.array([2, 4, 6, 7, 9]) - 1
    part = CLUSTERS[np.isin(psu, drawn)].groupby("psu").head(5)
    codes = np.searchsorted(drawn, part["psu"].to_numpy() - 1)
    p = sizes[drawn] / sizes.sum()
    weight = (1 / (5 * p) * sizes[drawn] / 5)[codes]
    found = sample_relvariances(part["y"].to_numpy(), codes, weight, sizes[drawn].astype(float), p)
    got = [found.between, found.within, found.k, found.delta]
    np.testing.assert_allclose(got, [R[f"sample_{name}"] for name in ("B", "W", "k", "delta")],
                               rtol=1e-11)  # fmt: skip


def test_equal_weights_give_the_textbook_analysis_of_variance():
    y, psu = CLUSTERS["y"].to_numpy(), CLUSTERS["psu"].to_numpy() - 1
    n, sizes = y.size, np.bincount(psu)
    means = np.bincount(psu, weights=y) / sizes
    between = np.sum(sizes * (means - y.mean()) ** 2) / (sizes.size - 1)
    within = np.sum((y - means[psu]) ** 2) / (n - sizes.size)
    n0 = (n - np.sum(sizes**2) / n) / (sizes.size - 1)
    found = nested_components(y, np.ones(n), [np.zeros(n, dtype=np.intp), psu])
    np.testing.assert_allclose(found, [(between - within) / n0, within])
    # A change of the weights' unit changes nothing.
    again = nested_components(y, np.full(n, 37.0), [np.zeros(n, dtype=np.intp), psu])
    np.testing.assert_allclose(again, found)


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(4)
    areas, households, persons = 400, 12, 3
    area = np.repeat(np.arange(areas), households * persons)
    household = np.repeat(np.arange(areas * households), persons)
    n = area.size
    y = (
        50
        + 5.0 * (area % 4)
        + rng.normal(0, 2, areas)[area]
        + rng.normal(0, 3, areas * households)[household]
        + rng.normal(0, 4, n)
    )
    weight = rng.uniform(1, 4, areas)[area]
    return pd.DataFrame(
        {"y": y, "region": area % 4, "ea": area, "hh": household, "w": weight,
         "migrant": rng.random(n) < 0.1, "poor": (y < 45).astype(int), "name": "x"}
    )  # fmt: skip


def test_components_of_a_known_model_are_found(people):
    sample = mp.Sample(people, mp.Design(weight="w", strata="region", psu="ea"))
    found = variance_components(sample, ["y", "poor", "y < 45"], stages=["ea", "hh"])
    row = found.frame.loc["y"]
    np.testing.assert_allclose(
        [row["variance_1"], row["variance_2"], row["variance_within"]], [4, 9, 16], rtol=0.12
    )
    np.testing.assert_allclose([row["icc_1"], row["icc_2"]], [4 / 29, 13 / 29], rtol=0.12)
    np.testing.assert_allclose(found.frame.loc["poor"], found.frame.loc["y < 45"])
    np.testing.assert_allclose(
        row["deff_weights"], len(people) * (people["w"] ** 2).sum() / people["w"].sum() ** 2
    )
    estimate = mp.mean(sample, "y").frame.iloc[0]
    srs = row["sd"] ** 2 / len(people)
    np.testing.assert_allclose(row["deff"], estimate["se"] ** 2 / srs)
    np.testing.assert_allclose(row["value"], estimate["estimate"])


def test_a_group_and_the_road_to_sample_size(people):
    sample = mp.Sample(people, mp.Design(weight="w", strata="region", psu="ea"))
    found = variance_components(sample, ("y", "poor"), where="migrant == 1")
    assert found.frame.loc["y", "n"] == people["migrant"].sum()
    np.testing.assert_allclose(found.frame.loc["y", "icc_1"], 4 / 29, atol=0.06)
    plan = sample_size("mean", **found.inputs("y"), take=8, cv=0.01)
    assert plan.deff > 1.3
    assert "ea" in repr(found)
    assert "<table" in found._repr_html_()
    with pytest.raises(DesignError, match="not among the variables"):
        found.inputs("z")


def test_faults(people):
    with pytest.raises(DesignError, match="no PSUs"):
        variance_components(mp.Sample(people, mp.Design(weight="w")), "y")
    sample = mp.Sample(people, mp.Design(weight="w", psu="ea"))
    with pytest.raises(ColumnMissing):
        variance_components(sample, "wage")
    with pytest.raises(DesignError, match="not numeric"):
        variance_components(sample, "name")
    one_each = people.drop_duplicates("ea")
    with pytest.raises(DesignError, match="no PSU has two people"):
        variance_components(mp.Sample(one_each, mp.Design(weight="w", psu="ea")), "y")
