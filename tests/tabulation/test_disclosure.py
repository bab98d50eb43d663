"""No withheld cell can be worked out, the pattern is the cheapest, and noise is what it says."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import mpsurvey as mp
from mpsurvey.catalogue import read_folders
from mpsurvey.errors import CatalogueError
from mpsurvey.tabulation import attack, protect
from mpsurvey.tabulation.disclosure.attacking import reach
from mpsurvey.tabulation.disclosure.cells import Cells, cells_of
from mpsurvey.tabulation.disclosure.noise import change_counts, noise_table
from mpsurvey.tabulation.disclosure.rounding import round_cells
from mpsurvey.tabulation.disclosure.sensitivity import (
    Sensitive,
    largest_contributions,
    sensitive_cells,
)
from mpsurvey.tabulation.disclosure.settings import DisclosureRules, disclosure_rules
from mpsurvey.tabulation.disclosure.suppression import rows_to_withhold

FIGURES = ["estimate", "se", "ci_low", "ci_high", "cv", "deff", "df", "n", "population"]
HEAD = "kind: indicator\nid: {0}\nversion: 1.0.0\ntheme: employment\n"
REST = (
    'title: {{en: "{0}"}}\ndefinition: {{en: "x"}}\nunit: {{en: "percent"}}\nweight: person\n'
    'sources: [{{key: "OECD18"}}]\ncaveat: {{en: "Accounting."}}\n'
)
BODIES = {
    "EMP01": 'statistic: share\nwhere: "age >= 15"\ngroup: "migrant == 1"\n',
    "EMP02": 'statistic: total\nwhere: "age >= 15"\nvariable: "migrant == 1"\n',
    "EMP03": 'statistic: proportion\nwhere: "migrant == 1 and age >= 15"\nvariable: "lfs == 2"\n',
    "EMP04": 'statistic: mean\nvariable: "wage"\nwhere: "lfs == 1"\n',
    "EMP05": 'statistic: gap\ngroup: "migrant == 1"\nvariable: "wage"\n',
    "EMP06": 'statistic: ratio\nnumerator: "lfs == 2"\ndenominator: "lfs in (1, 2)"\n',
}


def people(seed=5, n=700):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "w": random.uniform(5, 20, n).round(2),
            "ea": random.integers(0, 40, n),
            "age": random.integers(0, 80, n),
            "sex": random.integers(1, 3, n),
            "district": random.choice(8, n, p=[0.3, 0.2, 0.2, 0.15, 0.09, 0.03, 0.02, 0.01]),
            "migrant": (random.random(n) < 0.12).astype(int),
            "lfs": random.choice([1, 1, 2, 3], n),
            "wage": random.gamma(2, 50, n),
        }
    )
    frame["region"] = np.where(frame.district < 3, "north", "south")
    return mp.Sample(frame, mp.Design(weight="w", psu="ea"))


def catalogue(folder, bodies=BODIES):
    for name, body in bodies.items():
        (folder / f"{name}.yaml").write_text(HEAD.format(name) + body + REST.format(name))
    return read_folders([folder]).catalogue


@pytest.fixture(scope="module")
def sample():
    return people()


@pytest.fixture(scope="module")
def indicators(tmp_path_factory):
    return catalogue(tmp_path_factory.mktemp("catalogue")).indicators()


BY = ("sex", "region", "district", ("sex", "district"))


@pytest.fixture(scope="module")
def table(sample, indicators):
    return mp.tabulate(sample, indicators, by=BY)


# -- tables of numbers -----------------------------------------------------------------------------


def numbers(inner, cost=None):
    """A two-way table with its margins, cells in reading order, a row of the table for each."""
    whole = np.block([[inner, inner.sum(1, keepdims=True)],
                      [inner.sum(0, keepdims=True), inner.sum(keepdims=True)]])  # fmt: skip
    r, c = whole.shape
    sums = []
    for i in range(r):
        line = np.zeros((r, c))
        line[i, :-1], line[i, -1] = -1, 1
        sums.append(line.ravel())
    for j in range(c):
        line = np.zeros((r, c))
        line[:-1, j], line[-1, j] = -1, 1
        sums.append(line.ravel())
    return simple(whole.ravel().astype(float), np.array(sums), cost)


def simple(value, relations, cost=None):
    size = len(value)
    return Cells(
        value=value,
        measure=np.ones(size, dtype=np.intp),
        respondents=value,
        low=np.zeros(size),
        relations=sparse.csr_array(relations),
        told=sparse.csr_array(sparse.eye_array(size)),
        weight=np.ones(size) if cost is None else cost,
        roles=(),
    )


def levels(cells, wanted, down=None, up=None):
    lower, upper = np.zeros(cells.size), np.zeros(cells.size)
    lower[wanted] = cells.value[wanted] * 0.3 if down is None else down
    upper[wanted] = np.maximum(cells.value[wanted] * 0.3, 0.5) if up is None else up
    return Sensitive(lower, upper, np.zeros(cells.size, dtype=bool))


def is_safe(cells, sensitive, withheld):
    found = reach(cells, withheld, sensitive.cells)
    return all(
        down >= sensitive.down[cell] * (1 - 1e-6) and up >= sensitive.up[cell] * (1 - 1e-6)
        for cell, (down, up) in found.items()
    )


def cheapest_by_trying_all(cells, sensitive):
    first = sensitive.cells
    others = [k for k in range(cells.size) if k not in set(first.tolist())]
    best = np.inf
    for count in range(len(others) + 1):
        for extra in itertools.combinations(others, count):
            withheld = np.zeros(cells.size, dtype=bool)
            withheld[[*first, *extra]] = True
            cost = cells.weight[withheld].sum()
            if cost < best and is_safe(cells, sensitive, withheld):
                best = cost
        if best < np.inf and cells.weight.min() == cells.weight.max():
            return best
    return best


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.data())
def test_the_pattern_is_the_cheapest_of_all(data):
    shape = data.draw(st.sampled_from([(2, 3), (3, 3)]))
    inner = np.array(data.draw(st.lists(
        st.lists(st.integers(0, 40), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0], max_size=shape[0])))  # fmt: skip
    cells = numbers(inner)
    inside = [i * (shape[1] + 1) + j for i in range(shape[0]) for j in range(shape[1])]
    wanted = data.draw(st.lists(st.sampled_from(inside), min_size=1, max_size=2, unique=True))
    wanted = [k for k in wanted if cells.value[k] > 0]
    if not wanted:
        return
    sensitive = levels(cells, wanted)
    exact = rows_to_withhold(cells, sensitive, exact=True)
    assert is_safe(cells, sensitive, exact)
    assert exact.sum() == cheapest_by_trying_all(cells, sensitive)
    quick = rows_to_withhold(cells, sensitive, exact=False)
    assert is_safe(cells, sensitive, quick)
    assert quick.sum() >= exact.sum()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.integers(3, 9), st.integers(3, 9), st.integers(0, 10_000), st.floats(0.05, 0.4),
    st.sampled_from([0.05, 0.3, 1.0]),
)  # fmt: skip
def test_random_tables_hold_against_attack(rows, columns, seed, rate, width):
    random = np.random.default_rng(seed)
    inner = random.poisson(random.gamma(0.7, 25, (rows, columns)))
    cells = numbers(inner, cost=None)
    grid = np.arange(cells.size).reshape(rows + 1, columns + 1)[:-1, :-1].ravel()
    wanted = grid[(random.random(len(grid)) < rate) & (cells.value[grid] > 0)]
    if not len(wanted):
        return
    value = cells.value[wanted]
    sensitive = levels(cells, wanted, value * min(width, 1.0), np.maximum(value * width, 0.5))
    withheld = rows_to_withhold(cells, sensitive)
    assert withheld[wanted].all()
    assert is_safe(cells, sensitive, withheld)


def test_putting_a_secondary_figure_back_lets_the_attack_succeed():
    random = np.random.default_rng(3)
    broken = 0
    for _ in range(10):
        cells = numbers(random.integers(1, 60, (4, 5)))
        sensitive = levels(cells, [0])
        withheld = rows_to_withhold(cells, sensitive)
        for row in np.flatnonzero(withheld):
            if row == 0:
                continue
            trial = withheld.copy()
            trial[row] = False
            assert not is_safe(cells, sensitive, trial)
            found = reach(cells, trial, np.array([0]))
            broken += found[0] == (0.0, 0.0)
    assert broken > 10


def test_sdctable_example_that_needs_one_more_cell():
    """sdcTable, tests/testthat/test-simpleheuristic.R: one cell is left to find, and its bounds."""
    inner = np.array([[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]])
    value = numbers(inner).value
    cells = numbers(inner, cost=1 + value)
    names = {f"{r}{c}": 5 * i + j for i, r in enumerate("wxyz") for j, c in enumerate("abcd")}
    first = [names[k] for k in ("wa", "wb", "wc", "xa", "xc", "yb", "yd", "zb", "zd")]
    # Two in every line are not enough: w|b can be worked out exactly.
    plain = np.zeros(cells.size, dtype=bool)
    plain[first] = True
    goal = np.array([names["wb"]])
    assert reach(cells, plain, goal)[names["wb"]] == pytest.approx((0, 0))
    withheld = rows_to_withhold(cells, levels(cells, first, 0.5, 0.5), exact=True)
    assert np.flatnonzero(withheld & ~plain).tolist() == [names["xd"]], "the cheapest of seven"
    down, up = reach(cells, withheld, goal)[names["wb"]]
    assert (47 - down, 47 + up) == pytest.approx((0, 78)), "the bounds that sdcTable reports"


def test_sdctable_example_of_linked_tables():
    """sdcTable, tests/testthat/test-linked-tables.r: each table is safe, both together are not."""
    value = dict(zip("ABIJKLMN", (2, 2, 8, 8, 3, 3, 3, 7), strict=True))
    names = [*value, "county1", "county2", "small", "big", "all"]
    where = {name: k for k, name in enumerate(names)}
    sums = {
        "county1": "ABIJ", "county2": "KLMN", "small": "ABIJKN", "big": "LM",
    }  # fmt: skip
    lines = []
    for whole, parts in [*sums.items(), ("all", ["county1", "county2"]), ("all", ["small", "big"])]:
        line = np.zeros(len(names))
        line[where[whole]] = 1
        line[[where[part] for part in parts]] = -1
        lines.append(line)
    full = value | {w: sum(value[p] for p in parts) for w, parts in sums.items()}
    full["all"] = sum(value.values())
    cells = simple(np.array([full[name] for name in names], dtype=float), np.array(lines))
    cost = cells.weight.copy()
    cost[[where[w] for w in ("county1", "county2", "small", "big", "all")]] = 100
    cells = simple(cells.value, np.array(lines), cost)
    first = [where[k] for k in "ABKLM"]
    sensitive = levels(cells, first, 0.5, 0.5)
    withheld = rows_to_withhold(cells, sensitive)
    extra = {names[k] for k in np.flatnonzero(withheld)} - set("ABKLM")
    assert extra == {"N"}


# -- tables of indicators --------------------------------------------------------------------------


def test_cells_add_up_and_are_the_same_people(table, sample):
    cells = cells_of(table, sample, None)
    assert np.abs(cells.relations @ cells.value).max() < 1e-6 * cells.value.max()
    roles = dict(zip([(b.indicator, b.breakdown) for b in cells.blocks], cells.roles, strict=True))
    share, total, below = (roles[f"EMP0{k}", "district"] for k in (1, 2, 3))
    assert (share["part"] == total["part"]).all(), "migrants, as share and as total"
    assert (share["n"] == total["n"]).all()
    filled = cells.value[share["part"]] > 0
    assert (share["part"][filled] == below["base"][filled]).all(), "the base of another indicator"
    north = roles["EMP01", "region"]["base"][0]
    parts = set(roles["EMP01", "district"]["base"][:3])
    lines = cells.relations.toarray()
    found = [set(np.flatnonzero(line < 0)) for line in lines if line[north] == 1]
    assert any(parts == each for each in found), "districts add up to regions"


def test_sets_that_are_others_together_are_found(sample, tmp_path):
    """Employed and unemployed make the labour force; three statuses make everyone."""
    bodies = {
        f"EMP1{k}": f'statistic: share\nwhere: "{where}"\ngroup: "migrant == 1"\n'
        for k, where in enumerate(("lfs in (1, 2)", "lfs == 1", "lfs == 2", "lfs == 3", "age >= 0"))
    }
    table = mp.tabulate(sample, catalogue(tmp_path, bodies).indicators(), by="district")
    cells = cells_of(table, sample, None)
    assert np.abs(cells.relations @ cells.value).max() < 1e-6 * cells.value.max()
    roles = dict(zip([(b.indicator, b.breakdown) for b in cells.blocks], cells.roles, strict=True))
    lines = cells.relations.toarray()
    for whole, parts in (("EMP10", ("EMP11", "EMP12")), ("EMP14", ("EMP11", "EMP12", "EMP13"))):
        for role in ("base", "part"):
            for group in range(5):
                want = {roles[one, "district"][role][group] for one in parts}
                goal = roles[whole, "district"][role][group]
                sums = [set(np.flatnonzero(line < 0)) for line in lines if line[goal] == 1]
                assert want in sums, (whole, role, group)
    safe = protect(table, sample=sample)
    assert attack(safe, sample=sample).safe.all()
    # Each indicator on its own withholds less: together they would tell.
    alone = sum(
        protect(table.only(one), sample=sample).frame.status.eq("withhold").sum()
        for one in table.indicators
    )
    assert safe.frame.status.eq("withhold").sum() > alone


def test_categories_add_up_to_all(sample, tmp_path):
    body = {"EMP10": 'statistic: proportion\nvariable: "lfs"\n'}
    frame = sample.frame.to_native().assign(lfs=lambda d: np.where(d.index < 3, 3, d.lfs % 3))
    frame = frame.assign(lfs=frame.lfs.map({0: "in", 1: "out", 2: "seeking", 3: "rare"}))
    mine = mp.Sample(frame, sample.design)
    table = mp.tabulate(mine, catalogue(tmp_path, body).indicators())
    assert len(table) == 4
    safe = protect(table, sample=mine)
    assert safe.frame.status.eq("withhold").sum() >= 2
    assert safe.frame.set_index("category").status["rare"] == "withhold"
    assert attack(safe, sample=mine).safe.all()
    assessed = mp.assess(table, "eclac_2020", sample=mine).frame.set_index("category")
    assert assessed.status["rare"] == "withhold"


@pytest.mark.parametrize("given_sample", [True, False])
def test_a_protected_table_holds(table, sample, given_sample):
    mine = sample if given_sample else None
    safe = protect(table, sample=mine)
    frame = safe.frame
    kept = frame.status == "withhold"
    assert 0 < kept.sum() < len(frame)
    assert frame[kept][FIGURES].isna().all(axis=None)
    assert set(frame[kept].mark) == {"c"}
    assert set(frame[kept].reason) == {"confidential"}
    assert "secondary" not in " ".join(safe.footnotes())
    found = attack(safe, sample=mine)
    assert found.safe.all()
    assert not found[found.needed_high > found.value].known.any()
    before = attack(table, sample=mine)
    assert not before.safe.all()


def test_no_cell_below_the_threshold_is_left(table, sample):
    frame = protect(table, {"threshold": 8}, sample=sample).frame
    rows = sample.frame.to_native()
    adults = rows[rows.age >= 15]
    part = adults.groupby(["sex", "district"]).migrant.agg(["sum", "size"])
    mine = frame[(frame.indicator == "EMP01") & (frame.breakdown == "sex x district")]
    for row in mine.itertuples():
        if (row.sex, row.district) in part.index:
            cases, n = part.loc[(row.sex, row.district)]
            if 0 < cases < 8 or 0 < n - cases < 8 or n < 8:
                assert row.status == "withhold"
    gap = frame[(frame.indicator == "EMP05") & (frame.breakdown == "district")]
    migrants = rows.groupby("district").migrant.sum()
    for row in gap.itertuples():
        if 0 < migrants[row.district] < 8:
            assert row.status == "withhold"


def test_a_second_table_cannot_tell_the_first(sample, indicators):
    """What is withheld in one indicator is not to be had from another's numbers."""
    table = mp.tabulate(sample, indicators[:3], by=("district", ("sex", "district")))
    safe = protect(table, sample=sample)
    frame = safe.frame.set_index(["indicator", "breakdown", "district", "sex"]).sort_index()
    share = frame.loc["EMP01"]
    total = frame.loc["EMP02"]
    total = total.loc[share.index]
    # The total's row shows the same base and the trait itself: they go together.
    assert not (share.estimate.isna() & total.population.notna()).any()
    assert share.estimate.isna().any()


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.sampled_from([3, 5, 10]))
def test_random_linked_tables_hold(indicators_of_module, seed, threshold):
    sample = people(seed, 400)
    table = mp.tabulate(sample, indicators_of_module[:4], by=("sex", "region", ("sex", "region")))
    rules = {"threshold": threshold, "p_percent": 10}
    found = attack(protect(table, rules, sample=sample), rules, sample=sample)
    assert found.safe.all()


@pytest.fixture(scope="module")
def indicators_of_module(indicators):
    return indicators


def test_quality_and_disclosure_together(table, sample):
    assessed = mp.assess(table, "dhs", sample=sample)
    safe = protect(assessed, {"threshold": 5}, sample=sample)
    marks = set(safe.frame.mark)
    assert {"", "..", "c"} <= marks
    dots = safe.frame[safe.frame.mark == ".."]
    assert (dots.n.ge(5) | dots.n.eq(0)).all(), "a row of few respondents does not keep its n"
    assert len(safe.rules) == len(assessed.rules) + 1
    assert attack(safe, sample=sample).safe.all()
    again = mp.assess(protect(table, sample=sample), "dhs", sample=sample).frame
    assert again[again.mark == "c"][FIGURES].isna().all(axis=None)
    assert (again[again.mark == "c"].status == "withhold").all()


def test_the_base_of_a_withheld_row_may_be_told_elsewhere_only_if_safe(table, sample):
    found = attack(protect(table, sample=sample), sample=sample)
    small = found[(found.measure == "n") & (found.value < 5) & (found.value > 0)]
    assert (small.low <= small.value - 1 + 1e-6).all() or (small.low <= 1e-6).all()
    assert (small.high >= small.value + 1 - 1e-6).all()


def test_edges(table, sample):
    empty = replace(table, frame=table.frame.iloc[:0])
    for rules in ("threshold", {"method": "rounding"}, {"method": "cell_key", "seed": 1}):
        assert len(protect(empty, rules, sample=sample)) == 0
    assert len(mp.assess(empty, "nchs", sample=sample)) == 0
    bare = mp.assess(replace(table, results={}), "dhs")
    with pytest.raises(mp.MpsurveyError, match="no longer has the results"):
        protect(bare, sample=sample)
    whole = protect(table.only("EMP03"), sample=sample)
    assert attack(whole, sample=sample).safe.all()


def test_unanswered_groups_and_rows_without_weight(sample, indicators):
    frame = sample.frame.to_native().copy()
    frame.loc[frame.index[:40], "district"] = np.nan
    frame.loc[frame.index[10:60], "wage"] = np.nan
    frame["wage"] -= 100
    frame.loc[frame.index[::9], "w"] = 0
    mine = mp.Sample(frame, sample.design)
    table = mp.tabulate(mine, indicators, by=("district", "sex", ("sex", "district")))
    cells = cells_of(table, mine, None)
    assert np.abs(cells.relations @ cells.value).max() < 1e-6 * np.abs(cells.value).max()
    safe = protect(table, {"threshold": 5, "p_percent": 10}, sample=mine)
    assert attack(safe, {"threshold": 5, "p_percent": 10}, sample=mine).safe.all()


# -- amounts ---------------------------------------------------------------------------------------


def test_contributions_by_hand():
    code = np.array([0, 0, 0, 1, 1, -1])
    value = np.array([10.0, 50, 30, 7, 3, 99])
    one = np.ones(6)
    assert largest_contributions(code, value, one, 3, 2).tolist() == [80, 10, 0]
    copies = largest_contributions(code, value, 2.5 * one, 3, 4).tolist()
    assert copies == [2.5 * 50 + 1.5 * 30, 2.5 * 7 + 1.5 * 3, 0]


def test_dominance_and_p_percent(tmp_path):
    frame = pd.DataFrame({"g": [1] * 6 + [2] * 6, "ea": range(12), "w": 1.0})
    frame["wage"] = [1000.0, 20, 15, 10, 5, 5, 100, 90, 110, 95, 105, 98]
    sample = mp.Sample(frame, mp.Design(weight="w", psu="ea"))
    body = {"EMP04": 'statistic: mean\nvariable: "wage"\n'}
    table = mp.tabulate(sample, catalogue(tmp_path, body).indicators(), by="g")
    rules = disclosure_rules({"threshold": 3, "p_percent": 10})
    cells = cells_of(table, sample, None)
    found = sensitive_cells(cells, rules)
    amount = dict(zip([b.breakdown for b in cells.blocks], cells.roles, strict=True))["g"][
        "amount amount"
    ]
    # T = 1055: the second of 20 knows that the first has at most 1035, 3.5 percent off.
    assert found.up[amount].tolist() == pytest.approx([0.10 * 1000 - (1055 - 1000 - 20), 0])
    rules = disclosure_rules({"threshold": 3, "dominance": [1, 80]})
    found = sensitive_cells(cells, rules)
    assert found.up[amount].tolist() == pytest.approx([1000 / 0.8 - 1055, 0])
    safe = protect(table, {"threshold": 3, "p_percent": 10}, sample=sample).frame
    assert safe[safe.breakdown == "g"].status.tolist() == ["withhold", "withhold"]
    weighted = mp.Sample(frame.assign(w=20.0), sample.design)
    wide = mp.tabulate(weighted, catalogue(tmp_path, body).indicators(), by="g")
    rules = {"threshold": 3, "p_percent": 10}
    assert protect(wide, rules, sample=weighted).frame.status.eq("publish").all()
    strict = protect(wide, {**rules, "weighted": False}, sample=weighted).frame
    assert strict[strict.breakdown == "g"].status.eq("withhold").any()
    with pytest.raises(mp.MpsurveyError, match="give sample="):
        protect(table, {"p_percent": 10})


# -- rounding and noise ----------------------------------------------------------------------------


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(2, 7), st.integers(2, 7), st.integers(0, 5000), st.sampled_from([3, 5, 10]))
def test_rounding_is_near_and_adds_up(rows, columns, seed, base):
    inner = np.random.default_rng(seed).integers(0, 60, (rows, columns))
    cells = numbers(inner)
    found = round_cells(cells.value, cells.relations, np.full(cells.size, float(base)))
    assert np.abs(cells.relations @ found).max() == 0
    assert np.all(found % base == 0)
    assert np.all(np.abs(found - cells.value) < base)
    whole = cells.value % base == 0
    assert np.all(found[whole] == cells.value[whole])


def test_a_rounded_table(table, sample):
    rules = {"method": "rounding", "base": 5, "population_base": 50}
    made = protect(table, rules, sample=sample)
    frame = made.frame[made.frame.mark != "c"]
    assert (frame.n % 5 == 0).all()
    assert (frame.population % 50 == 0).all()
    counts = frame[frame.indicator == "EMP02"]
    assert (counts.estimate % 50 == 0).all()
    whole = counts[counts.breakdown == ""].iloc[0]
    for name in ("sex", "district", "sex x district"):
        part = counts[counts.breakdown == name]
        assert part.n.sum() == whole.n
        assert part.estimate.sum() == whole.estimate
    share = frame[(frame.indicator == "EMP01") & (frame.breakdown == "sex")]
    people_with = counts[counts.breakdown == "sex"]
    product = share.estimate.to_numpy() * share.population.to_numpy()
    assert product == pytest.approx(people_with.estimate.to_numpy())
    assert "rounded to 5, people and totals of people to 50" in made.rules[-1]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 40])
def test_noise_is_unbiased_and_bounded(count):
    change, chance = noise_table(min(count, 5), 5, 2.0)
    change = np.array(change)
    assert chance.min() >= 0
    assert chance.sum() == pytest.approx(1)
    assert chance @ change == pytest.approx(0, abs=1e-8)
    assert chance @ change**2 == pytest.approx(2.0, abs=1e-3)
    assert change.min() >= -count
    assert np.abs(change).max() <= 5
    keys = (np.arange(100_000) + 0.5) / 100_000
    got = change_counts(np.full(100_000, float(count)), keys, 5, 2.0) - count
    assert got.mean() == pytest.approx(0, abs=1e-4)
    assert got.var() == pytest.approx(2.0, abs=1e-2)


def test_noise_has_the_greatest_entropy():
    """Any other distribution with the same two moments is less spread."""
    change, chance = noise_table(5, 5, 2.0)
    change = np.array(change, dtype=float)
    # A direction that keeps total, mean and variance.
    basis = np.vstack([np.ones(len(change)), change, change**2])
    free = np.linalg.svd(basis)[2][3:]

    def entropy(p):
        return -(p * np.log(p)).sum()

    for direction in free:
        for step in (-1e-3, 1e-3):
            other = chance + step * direction
            if other.min() > 0:
                assert entropy(other) < entropy(chance)


def test_cell_keys_change_a_cell_always_alike(table, sample, indicators):
    rules = {"method": "cell_key", "seed": 71, "threshold": 1}
    made = protect(table, rules, sample=sample).frame
    again = protect(mp.tabulate(sample, indicators[:1], by="sex"), rules, sample=sample).frame
    mine = made[(made.indicator == "EMP01") & (made.breakdown.isin(["", "sex"]))]
    assert again.n.tolist() == mine.n.tolist()
    assert again.estimate.tolist() == mine.estimate.tolist()
    other = made[(made.indicator == "EMP02") & (made.breakdown.isin(["", "sex"]))]
    assert other.n.tolist() == mine.n.tolist(), "the same respondents under another name"
    true = table.frame
    assert (made.n - true.n).abs().max() <= 5
    assert (made.n != true.n).any()
    assert made[true.n == 0].n.eq(0).all()
    elsewhere = protect(table, {**rules, "seed": 72}, sample=sample).frame
    assert (elsewhere.n != made.n).any()
    shares = made[made.indicator.isin(["EMP01", "EMP03"])].estimate.dropna()
    assert shares.between(0, 1).all()
    with pytest.raises(mp.MpsurveyError, match="give sample="):
        protect(table, rules)


# -- rules -----------------------------------------------------------------------------------------


def test_rules_are_checked_at_once(tmp_path):
    with pytest.raises(CatalogueError) as caught:
        disclosure_rules({"threshhold": 3, "dominance": [1.5, 120], "method": "blur"})
    for said in ("threshhold", "Did you mean 'threshold'", "dominance is", "blur"):
        assert said in str(caught.value)
    with pytest.raises(CatalogueError, match="seed"):
        disclosure_rules({"method": "cell_key"})
    with pytest.raises(CatalogueError, match="There are no rules 'treshold'"):
        disclosure_rules("treshold")
    path = tmp_path / "office.yaml"
    path.write_text("kind: disclosure\nid: office\nthreshold: 10\ndominance: [2, 85]\n")
    assert disclosure_rules(path) == DisclosureRules(threshold=10, dominance=(2, 85.0))
