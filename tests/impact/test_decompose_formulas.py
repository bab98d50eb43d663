"""Formulas and sparse cells of decompositions: what is refused, and what is said."""

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp


def people(**columns):
    rng = np.random.default_rng(4)
    n = 120
    return mp.Sample(
        pd.DataFrame(
            {
                "w": rng.uniform(1, 4, n),
                "ea": np.arange(n) // 4,
                "wage": rng.normal(10, 3, n),
                "age": rng.integers(20, 60, n),
                "educ": rng.integers(1, 4, n),
                "migrant": rng.integers(0, 2, n),
            }
        ).assign(**columns),
        mp.Design(weight="w", psu="ea"),
    )


@pytest.mark.parametrize(
    "term", ["C(__import__('os').system('{}'))", "{{__import__('os').system('{}')}}"]
)
def test_nothing_in_a_formula_is_run(tmp_path, term):
    formula = "wage ~ age + " + term.format(f"touch {tmp_path}/run")
    with pytest.raises(mp.MpsurveyError, match="cannot call"):
        mp.decompose(people(), formula, group="migrant")
    assert not list(tmp_path.iterdir())


def test_rules_and_codes_are_read_as_in_a_regression():
    sample = people()
    rule = mp.decompose(sample, "wage > 10 ~ age", group="migrant")
    column = mp.decompose(
        people(rich=(sample.frame["wage"].to_numpy() > 10) * 1), "rich ~ age", group="migrant"
    )
    assert rule.frame.estimate.tolist() == column.frame.estimate.tolist()
    educ = mp.Variable(
        "educ", kind="categorical", answers={1: "primary", 2: "secondary", 3: "higher"}
    )
    labelled = mp.Sample(
        mp.Microdata(sample.frame.to_native(), {"educ": educ}, design=sample.design)
    )
    with pytest.raises(mp.MpsurveyError, match=r"Write C\(educ\)"):
        mp.decompose(labelled, "wage ~ educ", group="migrant")


def test_an_offset_has_no_part():
    with pytest.raises(mp.MpsurveyError, match="offset"):
        mp.decompose(people(), "wage ~ age + offset(educ)", group="migrant")


def test_rows_of_weight_zero_are_not_unanswered():
    sample = people()
    frame = sample.frame.to_native()
    out = frame.assign(
        w=frame.w.where(frame.index > 5, 0.0), wage=frame.wage.where(frame.index > 5)
    )
    found = mp.decompose(mp.Sample(out, sample.design), "wage ~ age", group="migrant")
    assert found.notes == ("migrant: 1 less 0.",)
    assert found.frame.estimate.notna().all()


def test_cells_of_one_group_only_are_told():
    sample = people()
    frame = sample.frame.to_native()
    apart = mp.Sample(frame.assign(educ=np.where(frame.migrant == 1, 1, 2)), sample.design)
    notes = mp.decompose(apart, "wage", group="migrant", cells="educ").notes
    assert any(note.startswith("2 of 2 cells have people of one of the two") for note in notes)
    whole = mp.decompose(sample, "wage", group="migrant", cells="educ").notes
    assert whole == ("migrant: 1 less 0.",)
