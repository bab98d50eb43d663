"""Rows elsewhere with more different values than are brought at once: the same digits in parts."""

import pandas as pd
import pytest
from every_verb import VERBS, figures_of, logistic, same
from frame_libraries import LIBRARIES, MARKS, people

import mpsurvey as mp
from mpsurvey.design import elsewhere
from mpsurvey.errors import MpsurveyError

pytestmark = MARKS

MOST = 300
DESIGN = mp.Design(weight="w", strata="h", psu=("ea", "hh"), fpc=("N", "M"))
ASKED = {
    **{("quantile", name): ask for name, ask in VERBS["quantile"].items()},
    **{("poverty", name): ask for name, ask in VERBS["poverty"].items()},
    **{("poverty_line", name): ask for name, ask in VERBS["poverty_line"].items()},
    **{("gini", name): ask for name, ask in VERBS["gini"].items()},
    **{
        (verb, name): ask
        for verb in (
            "relative_median_gap",
            "sen",
            "watts",
            "quintile_share_ratio",
            "atkinson",
            "generalised_entropy",
            "variance",
            "correlation",
            "decompose",
        )
        for name, ask in VERBS[verb].items()
    },
    ("mean", "imputed"): VERBS["mean"]["imputed"],
    ("mean", "dropped"): VERBS["mean"]["dropped"],
    ("regression", "a line"): VERBS["regression"]["a line"],
    ("regression", "logistic"): logistic,
    ("regression", "margins"): VERBS["regression"]["margins"],
    ("counterfactual", "poverty"): VERBS["counterfactual"]["poverty"],
}


def many_people():
    """Many units, whose people hold few different values."""
    one = people()
    one = one.assign(
        wage=one.wage // 50 * 50, hours=(one.hours / 2).round(), age=one.age // 10 * 10, M=50.0
    )
    return pd.concat(
        [one.assign(hh=one.hh + 10 * i, w=one.w + i) for i in range(6)], ignore_index=True
    )


@pytest.fixture(scope="module")
def wanted():
    sample = mp.Sample(many_people(), DESIGN)
    return {key: figures_of(ask(sample)) for key, ask in ASKED.items()}


@pytest.mark.parametrize("library", ["polars, lazy", "duckdb", "postgresql"])
def test_the_same_digits_in_parts(library, wanted, monkeypatch):
    sample = mp.Sample(LIBRARIES[library](many_people()), DESIGN)
    monkeypatch.setattr(elsewhere, "MOST_CELLS", MOST)
    passes = count_passes(monkeypatch)
    several = 0
    for key, ask in ASKED.items():
        passes.clear()
        same(figures_of(ask(sample)), wanted[key], f"{library}: {key}", types=True)
        several += len(passes) > 1
        assert max(passes) <= MOST
    assert several > len(ASKED) * 0.8


@pytest.mark.parametrize("library", ["dask", "ibis on duckdb"])
def test_one_question_in_parts(library, wanted, monkeypatch):
    sample = mp.Sample(LIBRARIES[library](many_people()), DESIGN)
    monkeypatch.setattr(elsewhere, "MOST_CELLS", MOST)
    passes = count_passes(monkeypatch)
    found = figures_of(ASKED["quantile", "ties"](sample))
    same(found, wanted["quantile", "ties"], library, types=True)
    assert len(passes) > 1


def count_passes(monkeypatch):
    passes = []
    cells = elsewhere.Elsewhere.cells

    def counted(self, *args):
        found = cells(self, *args)
        passes.append(len(found.weight))
        return found

    monkeypatch.setattr(elsewhere.Elsewhere, "cells", counted)
    return passes


def test_quantiles_have_their_replicates_and_others_say_what_they_need(monkeypatch):
    design = mp.Design(weight="w", strata="region", psu="hh")
    each = mp.Jackknife()
    want = mp.quantile(mp.add_replicates(mp.Sample(many_people(), design), each), "income")
    rows = LIBRARIES["polars, lazy"](many_people())
    sample = mp.add_replicates(mp.Sample(rows, design), each)
    monkeypatch.setattr(elsewhere, "MOST_CELLS", 100)
    same(figures_of(mp.quantile(sample, "income")), figures_of(want), "replicates", types=True)
    with pytest.raises(MpsurveyError, match="Leave the replicates out"):
        mp.gini(sample, "income")
    with pytest.raises(MpsurveyError, match="Leave the replicates out"):
        mp.regression(sample, "income ~ hours")


def test_values_that_are_too_many_without_the_units_are_refused(monkeypatch):
    sample = mp.Sample(LIBRARIES["polars, lazy"](people()), DESIGN)
    monkeypatch.setattr(elsewhere, "MOST_CELLS", 60)
    with pytest.raises(MpsurveyError, match="more than 60 different answers: too many"):
        mp.quantile(sample, "wage")
    monkeypatch.setattr(elsewhere, "MOST_CELLS", 3)
    with pytest.raises(MpsurveyError, match="in the sampling units"):
        mp.proportion(sample, "status")


@pytest.mark.parametrize(
    "design", [mp.Design(psu=("ea", "hh")), mp.Design(strata="h", psu="ea", fpc="N")]
)
def test_a_design_without_a_weight(design, monkeypatch):
    want = figures_of(mp.quantile(mp.Sample(people(), design), "income", by="sex"))
    sample = mp.Sample(LIBRARIES["duckdb"](people()), design)
    monkeypatch.setattr(elsewhere, "MOST_CELLS", 40)
    if design.fpc:  # weights differ between the units, and only there
        with pytest.raises(MpsurveyError, match="Without a column of weights"):
            mp.quantile(sample, "income", by="sex")
    else:
        same(figures_of(mp.quantile(sample, "income", by="sex")), want, "no weight", types=True)
