"""From the form to the analysis: a filled form, written as .sav and read back, is the module."""

from __future__ import annotations

import random

import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.questionnaire import form_columns, in_columns
from mpsurvey.questionnaire.interviews import derived, host_answers, interview
from mpsurvey.rule import Formula, Rule

CATALOGUE = mp.load_catalogue()
HOME = 404
PANDAS = {"text": "string", "date": "string", "decimal": "Float64"}


def filled(module, columns, number):
    """Random valid interviews as tables: of the unit, and of the roster's rows."""
    rng = random.Random(11)  # noqa: S311
    unit, rows, interviews = [], [], []
    for key in range(number):
        hosts = host_answers(module, rng, home=HOME)
        held = interview(module, hosts, rng, home=HOME, most_rows=3)
        interviews.append((hosts, held))
        unit.append(hosts | held.answers)
        rows += [{"key": key, **row} for row in held.rows]
    return unit, rows, interviews


def microdata(columns, records):
    """A labelled file as a field system's export would be read."""
    table = [in_columns(columns, record) for record in records]
    frame = pd.DataFrame(
        {
            one.name: pd.array(
                [row[one.name] for row in table], dtype=PANDAS.get(one.kind, "Int64")
            )
            for one in columns
        }
    )
    variables = {
        one.name: mp.Variable(
            one.name,
            one.label,
            "text" if one.kind == "date" else one.kind,
            {**one.answers, **one.missing},
        )
        for one in columns
    }
    data = mp.Microdata(frame, variables)
    declared = {one.name: list(one.missing) for one in columns if one.missing}
    return data.declare_missing(declared) if declared else data


@pytest.mark.parametrize("module", CATALOGUE.modules(), ids=lambda one: one.id)
def test_names_codes_labels_and_missing_codes_come_back(tmp_path, module):
    form = mp.new_form("T", home=HOME).insert(module, hosts="add")
    columns = form_columns(form)
    unit, rows, interviews = filled(module, columns, 40)
    tables = {}
    for table in {one.table for one in columns}:
        own = tuple(one for one in columns if one.table == table)
        of_rows = module.roster is not None and table == module.roster.name
        data = microdata(own, rows if of_rows else unit)
        path = tmp_path / f"{table}.sav"
        mp.write(data, path)
        back = mp.read(path)
        tables[table] = back
        assert list(back.frame.columns) == [one.name for one in own]
        for one in own:
            variable = back.variables[one.name]
            assert variable.label == one.label
            assert dict(variable.answers) == dict(one.answers)
            assert dict(variable.missing) == dict(one.missing)
            given = [row.get(one.name) for row in (rows if of_rows else unit)]
            if one.of is None and one.missing:
                wanted = sum(value in one.missing for value in given)
                reasons = back.missing_reasons(one.name)
                assert sum(n for code, _, n in reasons.values.tolist() if code in one.missing) == (
                    wanted
                )
    listed = {one.name for one in columns}
    for question in module.questions:
        if question.asks and question.type != "select_multiple":
            assert question.name in listed
    concepts_agree(module, tables, unit, interviews)


def concepts_agree(module, tables, unit, interviews):
    """A derived variable worked out on the file equals the one worked out in the interview."""
    [table] = [one for name, one in tables.items() if name in ("household", "person")]
    frame = table.frame
    wanted = [derived(module, hosts, held, home=HOME)[0] for hosts, held in interviews]
    for concept in module.concepts:
        if concept.over is not None or concept.roster or not concept.names:
            continue
        if not all(
            any(c == n or c.startswith(f"{n}_") for c in frame.columns) for n in concept.names
        ):
            continue  # rests on another concept
        inside = (
            concept.universe.mask(frame, home=HOME)
            if concept.universe is not None
            else [True] * len(frame)
        )
        for at, values in enumerate(wanted):
            assert (values[concept.name] is not None) <= bool(inside[at])
        if isinstance(concept.value, Rule):
            got = concept.value.mask(frame, home=HOME)
            for at, values in enumerate(wanted):
                if inside[at]:
                    assert values[concept.name] == int(got[at]), concept.name
        elif isinstance(concept.value, Formula):
            numbers = concept.value.values(frame, home=HOME)
            for at, values in enumerate(wanted):
                if inside[at] and values[concept.name] is not None:
                    assert numbers[at] == pytest.approx(values[concept.name])
