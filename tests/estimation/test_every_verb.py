"""Every verb gives the same digits and labels wherever the rows are, or says why not."""

import importlib
import inspect

import every_verb
import numpy as np
import pytest
from every_verb import NEED_ROWS, VERBS, figures_of, same
from frame_libraries import DESIGN, FAR, LIBRARIES, MARKS, people

import mpsurvey as mp
from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError

pytestmark = MARKS

SLOW = ("dask", "spark")
"""Half a second a question: they get one of each verb."""
OF_TABLES = ("assess", "protect", "attack")
"""They read a table that is there already."""

MODULES = (
    "mpsurvey",
    "mpsurvey.design",
    "mpsurvey.estimation",
    "mpsurvey.impact",
    "mpsurvey.tabulation",
    "mpsurvey.profile",
    "mpsurvey.microdata",
    "mpsurvey.harmonisation",
    "mpsurvey.publication",
    "mpsurvey.planning",
)
DESIGNS = {
    "two stages": DESIGN,
    "one stage": mp.Design(weight="w", strata="h", psu="ea"),
    "units alone": mp.Design(weight="w", psu="hh"),
    "weights from the FPC": mp.Design(strata="h", psu=("ea", "hh"), fpc=("N", "M")),
    "lonely places": mp.Design(
        weight="w", strata="origin", psu="hh", lonely_psu="centre", lonely_domains=True
    ),
    "some weights zero": mp.Design(weight="sent", strata="h", psu="ea"),
}


def takes_a_sample(function):
    if not inspect.isfunction(function):
        return False
    kinds = [str(one.annotation) for one in inspect.signature(function).parameters.values()]
    return any("Sample" in kind for kind in kinds)


def test_the_registry_has_every_verb():
    public = {
        name
        for module in map(importlib.import_module, MODULES)
        for name in module.__all__
        if takes_a_sample(getattr(module, name))
    }
    assert public == {*VERBS, *NEED_ROWS}


@pytest.fixture(scope="module")
def wanted():
    """Answers of pandas under each design, worked out once."""
    known = {}

    def answers(design):
        if design not in known:
            sample = mp.Sample(people(), DESIGNS[design])
            known[design] = {
                (verb, name): _answer(ask, sample)
                for verb, questions in VERBS.items()
                for name, ask in questions.items()
            }
        return known[design]

    return answers


def _answer(ask, sample):
    try:
        return figures_of(ask(sample))
    except MpsurveyError as error:
        return error


@pytest.mark.parametrize("library", [one for one in LIBRARIES if one != "pandas"])
def test_the_same_digits_labels_rows_and_types(library, wanted):
    sample = mp.Sample(LIBRARIES[library](people()), DESIGN)
    assert (sample.elsewhere is not None) == (library in FAR)
    asked = set()
    for (verb, name), want in wanted("two stages").items():
        if library in SLOW and (verb in asked or verb in OF_TABLES):
            continue
        asked.add(verb)
        assert not isinstance(want, MpsurveyError), (verb, name, want)
        found = _answer(VERBS[verb][name], sample)
        same(found, want, f"{library}: {verb}, {name}", types=library in FAR)


@pytest.mark.parametrize("design", [one for one in DESIGNS if one != "two stages"])
def test_the_same_digits_under_other_designs(design, wanted):
    sample = mp.Sample(LIBRARIES["polars, lazy"](people()), DESIGNS[design])
    assert sample.elsewhere is not None
    for (verb, name), want in wanted(design).items():
        found = _answer(VERBS[verb][name], sample)
        same(found, want, f"{design}: {verb}, {name}", types=True)


@pytest.mark.parametrize("library", FAR)
def test_what_needs_rows_says_so_in_one_line(library, monkeypatch):
    sample = mp.Sample(LIBRARIES[library](people()), DESIGN)
    monkeypatch.setattr(Sample, "collect", _never)
    for verb, questions in NEED_ROWS.items():
        for name, ask in questions.items():
            if library in SLOW and verb in OF_TABLES:
                continue
            with pytest.raises(MpsurveyError, match=r"sample\.collect\(\)") as refusal:
                ask(sample)
            assert len(refusal.value.problems) == 1, (verb, name)
            assert "\n" not in str(refusal.value), (verb, name)


def _never(*_, **__):
    raise AssertionError("The rows were brought to memory unasked.")


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "polars"])
def test_what_needs_rows_answers_where_they_are(library):
    sample = mp.Sample(LIBRARIES[library](people()), DESIGN)
    for verb in ("quantile", "gini", "sen", "regression", "decompose", "assess"):
        for ask in NEED_ROWS[verb].values():
            assert ask(sample) is not None
    assert every_verb.NEED_ROWS["weight"]["by a recipe"](sample).weight.sum() > 0


@pytest.mark.parametrize("library", ["polars, lazy", "duckdb"])
def test_a_lorenz_curve_of_equal_amounts_differs_in_its_error_only(library):
    """Its error depends on which of equal incomes comes first, and an engine keeps no order."""
    sample = mp.Sample(LIBRARIES[library](people()), DESIGN)
    found = mp.lorenz(sample, "income", by="sex").frame
    want = mp.lorenz(mp.Sample(people(), DESIGN), "income", by="sex").frame
    np.testing.assert_allclose(found["estimate"], want["estimate"], rtol=1e-12)
    np.testing.assert_allclose(found["se"], want["se"], rtol=0.3)
