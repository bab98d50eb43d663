"""No sentence says more than its interval: read back by a reader that knows only the figures."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

import mpsurvey as mp
from mpsurvey.catalogue import Indicator
from mpsurvey.profile.snapshot import claims, findings
from mpsurvey.profile.snapshot.family import adjusted
from mpsurvey.profile.snapshot.rounding import one_in, outward, supported
from mpsurvey.profile.snapshot.saying import headline, sentence
from mpsurvey.tabulation import IndicatorTable

PERCENT = {"en": "percent", "fr": "pour cent", "es": "por ciento", "ru": "проценты", "ar": "بالمئة"}
POINTS = {"en": "percentage points", "fr": "points de pourcentage"}
SORTS = {
    "share": ({"group": "mig_status in (1, 2)"}, PERCENT, 100),
    "proportion": ({"variable": "works == 1"}, PERCENT, 100),
    "total": ({}, {"en": "persons"}, 1),
    "mean": ({"variable": "income"}, {"en": "national currency"}, 1),
    "gap": ({"group": "returnee == 1", "variable": "works"}, POINTS, 100),
    "contribution": ({"group": "nobody knows", "numerator": "works"}, POINTS, 100),
    "age_structure": ({"group": "mig_status in (1, 2)"}, {"en": "years"}, 1),
    "counterfactual": ({"variable": "income", "without": "rem_total"}, POINTS, 100),
}
TESTED = ("gap", "contribution", "age_structure", "counterfactual")


def indicator(place: int, statistic: str, **more: object) -> Indicator:
    given_, unit, per = SORTS[statistic]
    kept = {"tier": "core", "theme": "employment", **more}
    return Indicator(
        id=f"TST{place:02d}",
        version="1.0.0",
        title={"en": f"Figure {chr(65 + place)}"},
        definition={"en": "For tests"},
        statistic=statistic,
        given=given_,
        unit=unit,
        caveat={"en": "None"},
        per=per,
        **kept,
    )


def table_of(rows: list[dict[str, object]], **more: object) -> IndicatorTable:
    """A table from rows of statistic, estimate, se, df, n and perhaps status."""
    indicators, lines = {}, []
    for place, row in enumerate(rows):
        one = indicator(place, str(row["statistic"]))
        indicators[one.id] = one
        estimate, se, df = (float(row[key]) for key in ("estimate", "se", "df"))
        half = stats.t.ppf(0.975, df) * se
        low, high = estimate - half, estimate + half
        if row["statistic"] in ("share", "proportion"):
            slope = half / (estimate * (1 - estimate))
            logit = math.log(estimate / (1 - estimate))
            low, high = (1 / (1 + math.exp(-x)) for x in (logit - slope, logit + slope))
        line = {
            "indicator": one.id, "theme": one.theme, "breakdown": "",
            "statistic": row["statistic"], "variable": "x", "category": None,
            "estimate": estimate, "se": se, "ci_low": low, "ci_high": high,
            "cv": se / abs(estimate) if estimate else math.nan, "deff": math.nan, "df": df,
            "n": row["n"], "population": 1000.0, "unit": one.unit["en"],
        }  # fmt: skip
        if "status" in row:
            line["status"] = row["status"]
            line["reason"] = "fewer than 50 respondents" if row["status"] == "flag" else ""
            if row["status"] == "withhold":
                line |= dict.fromkeys(("estimate", "se", "ci_low", "ci_high", "cv"), math.nan)
        lines.append(line)
    return IndicatorTable(frame=pd.DataFrame(lines), indicators=indicators, **more)


def size(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log10(low), math.log10(high)).map(lambda x: 10**x)


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, object]]:
    found = []
    for _ in range(draw(st.integers(1, 8))):
        statistic = draw(st.sampled_from(sorted(SORTS)))
        row: dict[str, object] = {
            "statistic": statistic,
            "df": draw(st.sampled_from([2.0, 11.0, 12.0, 40.0, 283.0])),
            "n": draw(st.sampled_from([5, 29, 30, 60, 5000])),
            "status": draw(st.sampled_from(["publish", "publish", "publish", "flag", "withhold"])),
        }
        if statistic in ("share", "proportion"):
            share = draw(st.one_of(st.floats(0.0005, 0.9995), size(1e-6, 0.5)))
            row |= {"estimate": share, "se": draw(size(1e-3, 1.0)) * share * (1 - share)}
        else:
            value = draw(st.one_of(st.just(0.0), size(1e-6, 1e10)))
            sign = draw(st.sampled_from([1, -1])) if statistic in TESTED else 1
            row |= {"estimate": sign * value, "se": draw(size(1e-3, 3)) * (value or 1.0)}
        found.append(row)
    return found


NUMBER = r"(−?[0-9][0-9,]*(?:\.[0-9]+)?)(?:\u00a0(million|billion))?"
SIZES = {"": 1.0, "million": 1e6, "billion": 1e9}


def numbers(text: str) -> list[float]:
    found = re.findall(NUMBER, text)
    return [float(x.replace(",", "").replace("−", "-")) * SIZES[word] for x, word in found]


def read(text: str) -> tuple[str, float, float]:
    """What an English sentence says: of what sort, from where, to where."""
    said = text.split(": ", 1)[1].split(" To be used with caution")[0]
    said = said.split(", about 1 in ")[0]
    magnitude = re.search(r"\u00a0(million|billion)", said)
    found = numbers(said)
    if magnitude and len(found) == 2 and "lower to" not in said:
        # "between 190 and 270 million": the word goes with both.
        found[0] *= SIZES[magnitude.group(1)]
    if "no clear difference" in said:
        low, high = found if found else (math.nan, math.nan)
        return "unclear", -low, high
    if "in every" in said:
        base, found = found[-1], [x / found[-1] * 100 for x in found[:-1]]
        assert base in (100, 1000, 10000, 100000, 1e6, 1e7)
    low, high = (-math.inf, found[0]) if "at most" in said else (found[0], found[-1])
    if "at least" in said:
        low, high = found[0], math.inf
    for word, sort in (("higher", "up"), ("raises", "up"), ("lower", "down"), ("lowers", "down")):
        if re.search(rf"\b{word}\b", said):
            return sort, low, high
    return "level", low, high


def holm(p: dict[str, float]) -> dict[str, float]:
    """The largest of all steps up to one's own, written as in the paper."""
    order = sorted(p, key=lambda key: p[key])
    return {
        one: min(1.0, max(p[other] * (len(p) - j) for j, other in enumerate(order[: i + 1])))
        for i, one in enumerate(order)
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows())
def test_each_sentence_is_implied_by_the_interval_in_the_table(given_rows):
    table = table_of(given_rows)
    frame = table.frame.set_index("indicator")
    per = {one.id: one.per for one in table.indicators.values()}
    spoken = {
        one: 2 * stats.t.sf(abs(frame.loc[one, "estimate"] / frame.loc[one, "se"]), row["df"])
        for one, row in frame.iterrows()
        if row["statistic"] in TESTED and row["status"] != "withhold" and row["n"] >= 30
    }
    share = holm(spoken)
    for claim in claims(table):
        row = frame.loc[claim.indicator]
        assert row["status"] != "withhold"
        assert row["n"] >= 30
        low, high = row["ci_low"] * per[claim.indicator], row["ci_high"] * per[claim.indicator]
        text = sentence(claim, table.indicators[claim.indicator], "en", same_language=True)
        sort, said_low, said_high = read(text)
        slack = 1e-6 * (high - low) + 1e-8 * max(abs(low), abs(high))
        if sort == "level":
            assert row["statistic"] not in TESTED
            assert said_low <= low + slack
            assert said_high >= high - slack
        elif sort == "unclear":
            assert share[claim.indicator] > 0.05 - 1e-9 or low <= 0 <= high
            if math.isfinite(said_low):
                assert said_low <= low + slack < high - slack <= said_high
        else:
            assert share[claim.indicator] <= 0.05 + 1e-9
            assert low > 0 if sort == "up" else high < 0
            ends = sorted((abs(low), abs(high)))
            assert said_low <= ends[0] + slack
            assert said_high >= ends[1] - slack
        if row["status"] == "flag":
            assert "To be used with caution: fewer than 50 respondents." in text
        if row["status"] == "flag" or sort == "unclear":
            assert headline(claim, "en") == ""


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows())
def test_every_language_says_the_same_numbers(given_rows):
    table = table_of(given_rows)
    marks = {"en": ",", "ar": ",", "fr": "\u202f", "es": "\u202f", "ru": "\u00a0"}
    for claim in claims(table):
        one = table.indicators[claim.indicator]
        said = set()
        for language, mark in marks.items():
            text = sentence(claim, one, language, same_language=False)
            assert "{" not in text
            text = re.sub(rf"(?<=[0-9]){mark}(?=[0-9]{{3}})", "", text)
            text = text.replace(",", ".") if language in ("fr", "es", "ru") else text
            found = re.findall(r"[0-9]+(?:\.[0-9]+)?", text.split(": ", 1)[-1])
            said.add(tuple(found))
            if language == "ar":
                assert re.search("[\u0600-\u06ff]", text)
        assert len(said) == 1


@given(size(1e-3, 1e9), size(1e-6, 10))
def test_rounding_outwards_holds_the_interval_and_is_not_lavish(start, width):
    low, high = start, start * (1 + width)
    ends = outward(low, high)
    slack = 1e-8 * high
    assert ends.low <= low + slack
    assert ends.high >= high - slack
    assert ends.high - ends.low <= 1.3 * (high - low) + slack


@given(size(1e-6, 1e9), size(1e-6, 1), st.floats(0, 1))
def test_a_headline_lies_in_its_interval_and_shows_no_digit_below_its_error(start, width, place):
    low, high = start, start * (1 + width)
    estimate = low + place * (high - low)
    value, digits = supported(estimate, low, high)
    assert low - 1e-9 * high <= value <= high + 1e-9 * high or value == pytest.approx(estimate)
    if 0.05 <= place <= 0.95:
        assert 10.0**-digits > (high - low) / 2 / 1000


@given(st.floats(0.01, 0.9), st.floats(1e-4, 0.5))
def test_one_in_k_is_said_only_where_the_whole_interval_is_near_it(low, width):
    high = min(low + width, 0.99)
    k = one_in(low, high)
    if k is not None:
        assert round(1 / low) == k or low * k >= 0.85
        assert 0.85 <= low * k <= high * k <= 1.15


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusting_is_that_of_the_papers(p):
    names = {str(i): x for i, x in enumerate(p)}
    wanted = holm(names)
    assert adjusted(p) == pytest.approx([wanted[str(i)] for i in range(len(p))])
    order = sorted(range(len(p)), key=lambda i: p[i])
    false = [
        min(1.0, min(p[j] * len(p) / (rank + 1) for rank, j in enumerate(order) if p[j] >= p[i]))
        for i in range(len(p))
    ]
    assert adjusted(p, "bh") == pytest.approx(false)


def people(seed: int, groups: int, effect: float) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    count = 60 * groups
    frame = pd.DataFrame(
        {"ea": np.repeat(np.arange(count // 6), 6), "g": np.tile(np.arange(groups) + 1, 60)}
    )
    area = chance.normal(0, 0.5, count // 6)[frame["ea"]]
    rate = 1 / (1 + np.exp(-(area + effect * (frame["g"] == 1))))
    return frame.assign(works=(chance.random(count) < rate).astype(float))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([2, 4]), st.sampled_from([0.0, 1.5]))
def test_groups_are_compared_with_their_covariance(seed, groups, effect):
    one = indicator(0, "proportion")
    sample = mp.Sample(people(seed, groups, effect), mp.Design(psu="ea"))
    table = mp.tabulate(sample, one, by="g")
    told = [claim for claim in claims(table) if claim.breakdown == "g"]
    result = table.estimates("TST00", "g")
    theta, covariance = result.frame["estimate"].to_numpy(), result.covariance
    for claim in told:
        code = int(claim.groups[0].split()[-1])
        line = np.where(np.arange(groups) == code - 1, 1.0, -1 / (groups - 1))
        se = math.sqrt(line @ covariance @ line)
        assert claim.evidence.estimate == pytest.approx(100 * line @ theta)
        assert claim.evidence.se == pytest.approx(100 * se)
        if claim.direction in ("up", "down"):
            assert claim.evidence.tests == len(told)
            assert claim.evidence.p * len(told) <= 0.05 * len(told)
            assert (line @ theta > 0) == (claim.direction == "up")


def test_chance_alone_makes_hardly_any_headline():
    # 300 pages of 20 true zeros: one page in twenty may hold a false alarm, 15 in 300. Without the
    # adjustment it would be two pages in three.
    chance = np.random.default_rng(5)
    alarms = 0
    for _ in range(300):
        p = 2 * stats.norm.sf(np.abs(chance.normal(size=20)))
        alarms += bool((adjusted(p) <= 0.05).any())
    assert alarms <= 27


def test_what_is_withheld_is_never_compared():
    sample = mp.Sample(people(1, 2, 1.0), mp.Design(psu="ea"))
    table = mp.tabulate(sample, indicator(0, "proportion"), by="g")
    assert any(claim.breakdown for claim in claims(table))
    hidden = table.frame.assign(
        status=np.where(table.frame["g"] == 1, "withhold", "publish"), mark="", reason=""
    )
    left = IndicatorTable(frame=hidden, indicators=table.indicators, results=table.results)
    assert not any(claim.breakdown for claim in claims(left))


def changes_of(**more: object) -> pd.DataFrame:
    row = {
        "indicator": "TST00", "breakdown": "", "category": None, "earlier_round": "2022",
        "later_round": "2026", "earlier": 0.2, "later": 0.25, "change": 0.05, "se": 0.01,
        "ci_low": 0.0303, "ci_high": 0.0697, "p": 1e-6, "significant": True, "verdict": "up",
    }  # fmt: skip
    return pd.DataFrame([{**row, **more}])


def test_a_change_is_said_with_its_rounds():
    table = table_of([{"statistic": "share", "estimate": 0.25, "se": 0.01, "df": 90, "n": 900}])
    found = findings(table, changes_of())
    assert [one.kind for one in found] == ["level", "change"]
    assert found[1].text == ("Figure A: higher in 2026 than in 2022, by 3 to 7 percentage points.")
    assert found[1].headline == "+5 pts"
    assert "p after adjustment for 1 comparisons (Holm) < 0.001" in found[1].basis


def test_an_arabic_headline_keeps_its_sign_before_its_figure():
    """Isolated, so that the line runs as its words do and the figure as digits do."""
    table = table_of([{"statistic": "share", "estimate": 0.25, "se": 0.01, "df": 90, "n": 900}])
    found = findings(table, changes_of(), language="ar")
    assert found[1].headline.split() == ["\u2066+5\u2069", "نقطة", "مئوية"]


def test_a_change_that_is_not_clear_or_withheld_is_not_a_change():
    table = table_of([{"statistic": "share", "estimate": 0.25, "se": 0.01, "df": 90, "n": 900}])
    unclear = findings(table, changes_of(change=0.01, ci_low=-0.0097, ci_high=0.0297, p=0.32))
    assert unclear[1].kind == "none"
    assert unclear[1].text == (
        "Figure A: no clear change between 2022 and 2026; anything from 1 percentage point lower "
        "to 3 percentage points higher fits the data."
    )
    withheld = findings(table, changes_of(verdict="withheld"))
    assert [one.kind for one in withheld] == ["level"]


def test_the_change_of_a_gap_is_not_called_higher_or_lower():
    table = table_of([{"statistic": "gap", "estimate": -0.05, "se": 0.01, "df": 90, "n": 900}])
    assert [one.kind for one in findings(table, changes_of())] == ["gap"]


def test_of_several_rounds_the_last_is_spoken_of():
    first = table_of([{"statistic": "share", "estimate": 0.40, "se": 0.01, "df": 90, "n": 900}])
    last = table_of([{"statistic": "share", "estimate": 0.25, "se": 0.01, "df": 90, "n": 900}])
    frame = pd.concat([first.frame.assign(round="2022"), last.frame.assign(round="2026")])
    frame.insert(6, "round", frame.pop("round"))
    frame["breakdown"] = "round"
    found = findings(IndicatorTable(frame=frame, indicators=last.indicators))
    assert [one.text for one in found] == [
        "Figure A: between 23 and 28 in every 100, about 1 in 4."
    ]


def test_a_page_holds_the_best_of_each_theme_and_what_leads():
    rows_ = [
        {"statistic": "share", "estimate": 0.1 + 0.02 * i, "se": 0.01, "df": 90, "n": 900}
        for i in range(9)
    ]
    table = table_of(rows_)
    assert len(findings(table)) == 4
    assert len(findings(table, limit=2)) == 2
    assert len(findings(table, per_theme=6)) == 6
    led = findings(table, lead=("TST00", "TST01"), limit=2)
    assert [one.indicator for one in led] == ["TST00", "TST01"]


def test_a_faulty_request_says_what_is_wrong():
    table = table_of([{"statistic": "share", "estimate": 0.25, "se": 0.01, "df": 90, "n": 900}])
    with pytest.raises(mp.MpsurveyError, match="language='de' is not one of en, fr, es, ru, ar"):
        findings(table, language="de")
    with pytest.raises(mp.MpsurveyError, match="audience='minister'"):
        findings(table, audience="minister")
    with pytest.raises(mp.MpsurveyError, match="ci_low"):
        findings(table, changes_of().drop(columns="ci_low"))
    with pytest.raises(mp.MpsurveyError, match="adjust='none'"):
        findings(table, adjust="none")
