"""Tables of rows that stay in their engine: the same digits, in few scans."""

from __future__ import annotations

import duckdb
import pandas as pd
import polars as pl
import pytest

import mpsurvey as mp
from mpsurvey.design import elsewhere
from mpsurvey.profile.demo.country import make_country
from mpsurvey.profile.demo.survey import draw_survey
from mpsurvey.tabulation import computing

BY = ("sex", "region", ("urban", "mig_status"))
KINDS = ("total", "mean", "proportion", "ratio", "quantile", "share", "contribution", "gap",
         "poverty", "gini", "counterfactual", "age_structure", "share_of_poorest")  # fmt: skip


class Rows:
    """A frame with what its columns mean."""

    def __init__(self, frame, variables):
        self.frame, self.variables, self.design, self.remarks = frame, variables, None, ()


@pytest.fixture(scope="module")
def survey():
    drawn = draw_survey(make_country(2), 1)
    data = mp.harmonise(drawn.persons, "demo", files={"households": drawn.households})
    design = mp.Design(weight="weight", strata="stratum", psu="psu")
    return data, design


@pytest.fixture(scope="module")
def core(survey):
    """Two core indicators of each kind that the survey has the columns for."""
    found = []
    columns = set(survey[0].frame.columns)
    for kind in KINDS:
        alike = [
            one
            for one in mp.load_catalogue().indicators()
            if one.tier == "core"
            and one.statistic == kind
            and all(names <= columns for names in one.names_by_rows.values())
        ]
        found += alike[:2]
    return found


@pytest.fixture(scope="module")
def wanted(survey, core):
    data, design = survey
    return mp.tabulate(mp.Sample(Rows(data.frame, data.variables), design), core, by=BY)


def engine(frame, name):
    return pl.from_pandas(frame).lazy() if name == "polars" else duckdb.from_arrow(
        pl.from_pandas(frame).to_arrow())  # fmt: skip


def counted_scans(monkeypatch):
    """What the engine is asked for, as it goes."""
    scans = []
    collected = elsewhere._collected

    def counted(lazy, what, *most):
        scans.append(what)
        return collected(lazy, what, *most)

    monkeypatch.setattr(elsewhere, "_collected", counted)
    return scans


@pytest.mark.parametrize("name", ["polars", "duckdb"])
def test_the_same_table_wherever_the_rows_are(survey, core, wanted, name, monkeypatch):
    data, design = survey
    there = mp.Sample(Rows(engine(data.frame, name), data.variables), design)
    assert there.elsewhere is not None
    scans = []
    collected = elsewhere._collected
    monkeypatch.setattr(
        elsewhere,
        "_collected",
        lambda lazy, what, *most: scans.append(what) or collected(lazy, what, *most),
    )
    found = mp.tabulate(there, core, by=BY)
    assert set(found.indicators) == set(wanted.indicators)
    assert len(wanted.indicators) > 12
    pd.testing.assert_frame_equal(found.frame, wanted.frame, rtol=1e-10, atol=1e-9)
    asked = len(found.indicators) * (1 + len(BY))
    assert len(scans) < asked


def test_what_is_added_up_takes_one_scan_for_a_breakdown(survey, core, monkeypatch):
    data, design = survey
    added = [one for one in core if one.statistic in ("share", "contribution", "ratio")]
    there = mp.Sample(Rows(engine(data.frame, "polars"), data.variables), design)
    scans = []
    collected = elsewhere._collected
    monkeypatch.setattr(
        elsewhere,
        "_collected",
        lambda lazy, what, *most: scans.append(what) or collected(lazy, what, *most),
    )
    mp.tabulate(there, added, by=("sex", "region"))
    assert sum(what.startswith("different answers") for what in scans) == 3


def test_a_figure_that_needs_the_rows_is_left_out_and_said(survey, core, monkeypatch):
    data, design = survey
    there = mp.Sample(Rows(engine(data.frame, "polars"), data.variables), design)
    shares = [one for one in core if one.statistic == "share"]
    means = [one for one in core if one.statistic == "ratio"]
    verbs = {**computing.VERBS, "share": lambda sample, given, options: there.elsewhere.refuse()}
    monkeypatch.setattr(computing, "VERBS", verbs)
    found = mp.tabulate(there, shares + means)
    lacks = ("the rows in memory: sample.collect()",)
    assert found.lacking == {one.id: lacks for one in shares}
    assert set(found.indicators) == {one.id for one in means}
    with pytest.raises(mp.MpsurveyError, match=rf"{shares[0].id} lacks the rows in memory"):
        mp.tabulate(there, shares + means, lacking="fail")


def test_a_scan_of_too_many_cells_is_split(survey, core, wanted, monkeypatch):
    data, design = survey
    there = mp.Sample(Rows(engine(data.frame, "polars"), data.variables), design)
    monkeypatch.setattr(elsewhere, "_MOST_TOGETHER", 400)
    scans = counted_scans(monkeypatch)
    shares = [one for one in core if one.statistic in ("share", "ratio", "contribution")]
    found = mp.tabulate(there, shares, by=BY)
    expected = wanted.frame[wanted.frame.indicator.isin([one.id for one in shares])]
    pd.testing.assert_frame_equal(
        found.frame, expected.reset_index(drop=True), rtol=1e-10, atol=1e-9
    )
    assert len(scans) > 1 + len(BY)
