"""Rows that stay in their engine are harmonised as those in memory: values, report, codebook."""

import os
import shutil
from itertools import count
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mpsurvey as mp
from mpsurvey.errors import ColumnMissing, MpsurveyError, RuleError
from mpsurvey.harmonisation import (
    Band,
    Crosswalk,
    LazyHarmonised,
    Linked,
    Mapped,
    harmonise,
    lazy_rows,
)
from mpsurvey.harmonisation.known import known_catalogue
from mpsurvey.profile.demo import draw_survey, make_country
from mpsurvey.rule import parse_formula, parse_rule

CATALOGUE = known_catalogue()
DATA = Path(__file__).parents[2].parent / "shared" / "data"

# Dask's support moves out of narwhals; Spark speaks of pandas 3 and leaves sockets to the system.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def plain(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def duck(connection, frame):
    name = f"t{len(connection.execute('show tables').fetchall())}"
    connection.register(name, plain(frame))
    connection.execute(f"create table {name}_ as select * from {name}")  # noqa: S608
    return connection.table(f"{name}_")


def served(address, name, frame):
    """Write a frame into a table of a PostgreSQL server."""
    psycopg = pytest.importorskip("psycopg")
    kinds = {"f": "double precision", "i": "bigint", "b": "boolean", "M": "timestamp"}
    columns = ", ".join(f'"{c}" {kinds.get(frame[c].dtype.kind, "text")}' for c in frame)
    rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    marks = ", ".join(["%s"] * frame.shape[1])
    with psycopg.connect(address) as server:
        server.execute(f"drop table if exists {name}")
        server.execute(f"create table {name} ({columns})")
        server.cursor().executemany(f"insert into {name} values ({marks})", list(rows))  # noqa: S608


class Engine:
    """Frames of one engine; those of one database belong together."""

    def __init__(self, name):
        self.name, self.number = name, count()
        if name == "postgresql":
            if "MPSURVEY_POSTGRES" not in os.environ:
                pytest.skip("MPSURVEY_POSTGRES names no server")
            self.connection = pytest.importorskip("ibis").connect(os.environ["MPSURVEY_POSTGRES"])
        if name == "duckdb":
            self.connection = pytest.importorskip("duckdb").connect()
        if name == "spark":
            pytest.importorskip("pyspark")
            if shutil.which("java") is None:
                pytest.skip("Spark needs Java")
            from pyspark.sql import SparkSession

            build = SparkSession.builder.master("local[2]")
            build = build.config("spark.ui.enabled", "false")
            self.session = build.config("spark.sql.shuffle.partitions", "2").getOrCreate()

    def __call__(self, frame):
        match self.name:
            case "polars":
                return pl.from_pandas(frame, nan_to_null=True).lazy()
            case "polars, with NaN":
                return pl.from_pandas(frame, nan_to_null=False).lazy()
            case "duckdb":
                return duck(self.connection, frame)
            case "dask":
                return pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=3)
            case "ibis":
                return pytest.importorskip("ibis").memtable(plain(frame))
            case "postgresql":
                name = f"mpsurvey_lazily_{next(self.number)}"
                served(os.environ["MPSURVEY_POSTGRES"], name, frame)
                return self.connection.table(name)
            case "spark":
                return self.session.createDataFrame(plain(frame))


EVERY = ["polars", "polars, with NaN", "duckdb", "dask", "ibis", "spark", "postgresql"]
SOME = ["polars", "duckdb"]


def rows_of(lazy, by):
    frame = nw.from_native(lazy).collect("pyarrow").to_native().to_pandas()
    for name in frame.select_dtypes("datetimetz"):  # Spark puts times into a zone
        frame[name] = frame[name].dt.tz_localize(None)
    return frame.sort_values(by).reset_index(drop=True)


def assert_same_columns(one, two):
    assert list(one.columns) == list(two.columns)
    for name in one:
        a, b = one[name], two[name]
        if a.dtype.kind in "iufb":
            numbers = [column.to_numpy(dtype=float, na_value=np.nan) for column in (a, b)]
            np.testing.assert_allclose(*numbers, rtol=1e-12, err_msg=name)
        else:
            assert a.isna().tolist() == b.isna().tolist(), name
            assert a.dropna().astype(str).tolist() == b.dropna().astype(str).tolist(), name


def assert_same(eager, lazy, by="id"):
    assert isinstance(lazy, LazyHarmonised)
    assert_same_columns(eager.frame.sort_values(by).reset_index(drop=True), rows_of(lazy.frame, by))
    assert [str(one) for one in lazy.report.findings] == [str(one) for one in eager.report.findings]
    assert lazy.report == eager.report
    assert lazy.variables == eager.variables
    assert (lazy.design, lazy.of, lazy.unit) == (eager.design, eager.of, eager.unit)
    for name in eager.report.mapped:
        counts = [
            one.missing_reasons(name).set_index("code")["count"].to_dict() for one in (eager, lazy)
        ]
        assert counts[0] == counts[1], name


def people(n=400):
    """A file with every sort of column and most sorts of fault."""
    random = np.random.default_rng(5)
    some = random.choice
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "AGE": some([*range(95), 130], n),
            "sx": some([1, 2, 9], n, p=[0.48, 0.5, 0.02]),
            "born": some(["GE", " Russia ", "UKR", "804", "Mars", "", None, "99"], n),
            "birth": some([1950, 1980.0, 2005, np.nan, -1], n),
            "came": some([1949.0, 1999, 2021, 2031, np.nan, -7, 98], n),
            "ever": some([1.0, 2, np.nan], n),
            "citizen": some([True, False], n),
            "hours": some(["40", " 35.5 ", "much", "0", None, "-1"], n),
            "wage": np.where(random.random(n) < 0.2, np.nan, random.normal(100, 30, n)),
            "occ": some([110, 1234, 2999, 9629, 777], n),
            "look": some([1, 2, -1], n),
            "work": some([1.0, 2, -1, np.nan], n),
            "use_1": some([1.0, 0, np.nan], n),
            "use_3": some([1, 0, -1], n),
            "several": some(["1 3", "3", None, "4,1", "8"], n),
            "when": pd.to_datetime(some(["2024-01-31", "2024-12-01", None], n)),
            "cl": random.integers(1, 9, n),
            "no": some([1.0, 2, 3, np.nan], n, p=[0.3, 0.3, 0.38, 0.02]),
            "size": some([3, 4], n),
            "area": some(["R1", "R2", "-1"], n),
            "w": random.uniform(1, 3, n),
            "reg": some([1, 2, 3, 99], n),
            "moved": some([1, 2, 5, 6], n),
        }
    )


def crosswalk(**more):
    return Crosswalk(
        id="made", home=268, missing=(Band(-9, -1),), not_asked=(-7,),
        household=("cl", "no"), keep=("id", "wage", "when", "citizen"), **more,
    ).mapping(
        Mapped(name="int_year", column="when"),
        Mapped(name="int_month", column="when"),
        Mapped(name="age", column="age"),
        Mapped(name="sex", column="sx"),
        Mapped(name="mb_cob", column="born", countries=True, recode={99: 999}),
        Mapped(name="mb_arr_year", column="came"),
        Mapped(name="mb_ever_abr", column="ever"),
        Mapped(name="mb_cit_home", column="citizen", recode={1: 1, 0: 2}),
        Mapped(name="hours", column="hours"),
        Mapped(name="isco1", column="occ", recode={Band(0, 999): 10, Band(1000, 1999): 1,
                                                   1234: 98, Band(2000, 2999): 2, 777: None}),
        Mapped(
            name="lfs",
            categories=(
                (1, parse_rule("work == 1")),
                (2, parse_rule("look == 1")),
                (3, parse_rule("answered(work)")),
            ),
            universe=parse_rule("age >= 15"),
        ),
        Mapped(name="attend", value=parse_rule("work == 2 and look == 2")),
        Mapped(name="hh_inc", value=parse_formula("wage * 12")),
        Mapped(name="ri_use", column="use", recode={1: 2, 3: 3}),
        Mapped(name="nt_prep", column="several", recode={1: 1, 3: 3, 4: 95}),
        Mapped(name="hh_size", column="size"),
        Mapped(name="weight", column="w"),
        Mapped(name="psu", column="cl"),
        Mapped(name="region", column="reg", recode={99: 98}, keep_others=True),
        Mapped(name="mv_always", column="moved", recode={5: 2}, keep_others=True),
        Mapped(name="mb_arr_per", absent=True),
        Mapped(name="educ", column="none", optional=True),
    )  # fmt: skip


@pytest.mark.parametrize("engine", EVERY)
def test_every_sort_of_column(engine):
    frame = people(60 if engine == "spark" else 400)
    eager = harmonise(frame, crosswalk(), catalogue=CATALOGUE)
    assert {one.kind for one in eager.report.findings} >= {
        "unmapped", "type", "date", "impossible", "routing", "unit",
    }  # fmt: skip
    assert_same(eager, harmonise(Engine(engine)(frame), crosswalk(), catalogue=CATALOGUE))


@pytest.mark.parametrize("engine", SOME)
@pytest.mark.parametrize("strict", [{"impossible": "missing", "date": "missing"}, False])
def test_answers_that_fail_are_taken_out_alike(engine, strict):
    eager, lazy = (
        harmonise(frame, crosswalk(), strict=strict, catalogue=CATALOGUE)
        for frame in (people(), Engine(engine)(people()))
    )
    assert_same(eager, lazy)


def test_it_fails_alike():
    said = []
    for frame in (people(), Engine("polars")(people())):
        with pytest.raises(MpsurveyError) as fault:
            harmonise(frame, crosswalk(), strict=True, catalogue=CATALOGUE)
        said.append(fault.value.problems)
    assert said[0] == said[1]


def test_nothing_is_read_and_the_sample_stays():
    frame = people()
    engine = Engine("duckdb")
    lazy = harmonise(engine(frame), crosswalk(), catalogue=CATALOGUE)
    eager = harmonise(frame, crosswalk(), catalogue=CATALOGUE)
    assert "DuckDBPyRelation" in type(lazy.frame).__name__
    assert "POLARS" not in repr(lazy)
    assert "400 rows" in repr(lazy)
    far, near = mp.Sample(lazy), mp.Sample(eager)
    assert far.elsewhere is not None
    for question in (
        lambda s: mp.mean(s, "foreign_born", by="sex"),
        lambda s: mp.proportion(s, "lfs", where="age >= 15 and age < 65"),
        lambda s: mp.total(s, "hh_inc", by="age_group"),
    ):
        one, two = question(near).frame, question(far).frame
        for name in ("estimate", "se", "n", "population"):
            np.testing.assert_allclose(one[name], two[name], rtol=1e-9)
    assert lazy.label("sex", 2) == eager.label("sex", 2)
    assert ("sex" in lazy, len(lazy), list(lazy)) == (True, 400, list(eager))
    with pytest.raises(MpsurveyError, match="carried over as it is"):
        lazy.missing_reasons("wage")
    with pytest.raises(ColumnMissing):
        lazy.missing_reasons("sexx")


# -- further files

PERSONS = pd.DataFrame(
    {"id": range(7), "cl": [1, 1, 1, 2, 2, 3, None], "no": [1, 1, 2, 1, 1, 9, 1],
     "yrs": [40, 8, 30, 61, 19, 5, 70], "any": [1, 1, 2, 1, 1, 2, 1],
     "n": [2, 2, None, 3, 3, None, 1]}
)  # fmt: skip
HOUSES = pd.DataFrame(
    {"CL": [2, 1, 1, 4, None], "NO": [1, 1, 2, 4, 1], "urb": [2, 1, 7, 1, 1],
     "inc": [50, -1, 70, 1, 2]}
)  # fmt: skip
ABROAD = pd.DataFrame(
    {
        "CL": [1, 1, 2, 7, None],
        "NO": [1, 1, 1, 7, 1],
        "went": [2023, 2010, 2021, 2020, 2029],
        "stay": [1, 1, 2, 1, 1],
        "dest": [643, 792, 643, 643, 643],
        "rel": [3, 8, 2, 3, 77],
        "kids": [0, 0, 1, 0, 0],
    }
)
KEY = {"cl": "CL", "no": "NO"}


def two_files():
    roster = [("ab_year", "went"), ("ab_stay12", "stay"), ("ab_dest", "dest"), ("ab_rel", "rel"),
              ("ab_kids", "kids")]  # fmt: skip
    return Crosswalk(
        id="two_files", home=268, household=("cl", "no"), keep=("id",), missing=(-1,),
        files={
            "houses": Linked(name="houses", unit="household", key=KEY),
            "ab_roster": Linked(name="ab_roster", unit="roster", key=KEY),
        },
    ).mapping(
        Mapped(name="age", column="yrs"),
        Mapped(name="urban", column="urb", file="houses"),
        Mapped(name="hh_inc", column="inc", file="houses"),
        Mapped(name="ab_any", column="any"),
        Mapped(name="ab_count", column="n"),
        Mapped(name="int_year", value=parse_formula("2024")),
        Mapped(name="int_month", value=parse_formula("6")),
        *(Mapped(name=name, column=column, file="ab_roster") for name, column in roster),
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["polars", "duckdb", "dask", "ibis", "postgresql"])
def test_households_and_rosters(engine):
    make = Engine(engine)
    eager = harmonise(PERSONS, two_files(), files={"houses": HOUSES, "ab_roster": ABROAD},
                      catalogue=CATALOGUE)  # fmt: skip
    lazy = harmonise(
        make(PERSONS), two_files(),
        files={"houses": make(HOUSES), "ab_roster": make(ABROAD)}, catalogue=CATALOGUE,
    )  # fmt: skip
    assert len(eager.report.of_kind("join")) == 4
    assert_same(eager, lazy)
    one, two = eager.rosters["ab_roster"], lazy.rosters["ab_roster"]
    by = ["ab_year", "ab_dest"]
    assert_same_columns(one.frame.sort_values(by).reset_index(drop=True), rows_of(two.frame, by))
    assert one.variables == two.variables
    homes, far = eager.at_households(), lazy.at_households()
    assert_same_columns(
        homes.frame.sort_values("hh_id").reset_index(drop=True), rows_of(far.frame, "hh_id")
    )
    assert homes.variables == far.variables


def test_a_key_must_be_of_one_kind_and_on_one_row():
    make = Engine("polars")

    def run(houses):
        walk = two_files().without("ab_year", "ab_stay12", "ab_dest", "ab_rel", "ab_kids")
        return harmonise(make(PERSONS), walk, files={"houses": houses}, catalogue=CATALOGUE)

    with pytest.raises(MpsurveyError, match="'houses' has 1 households on more than one row"):
        run(make(pd.concat([HOUSES, HOUSES.iloc[[1]]])))
    with pytest.raises(MpsurveyError, match="text in the houses and a number in the main file"):
        run(make(HOUSES.assign(CL=["2", "1", "1", "4", None])))
    with pytest.raises(ColumnMissing, match="key in 'houses'"):
        run(make(HOUSES.rename(columns={"CL": "cluster"})))
    with pytest.raises(MpsurveyError, match="'houses' is in memory and the main file in POLARS"):
        run(HOUSES)
    with pytest.raises(MpsurveyError, match="'houses' is in DUCKDB"):
        run(Engine("duckdb")(HOUSES))


def test_what_differs_inside_a_household_is_left_out():
    frame = pd.DataFrame(
        {"hh_id": [1, 1, 2], "hh_size": [2, 2, 1], "weight": [1.0, 2.0, 3.0], "psu": [1, 1, 2],
         "urban": [1, np.nan, 2], "own": [1, 2, 1], "flag": ["a", "a", "b"]}
    )  # fmt: skip
    got = harmonise(Engine("polars")(frame), keep=("own", "flag"), catalogue=CATALOGUE)
    homes = got.at_households()
    assert set(homes.variables) == {"hh_id", "hh_size", "psu", "urban", "flag"}
    assert rows_of(homes.frame, "hh_id")["urban"].tolist() == [1, 2]
    assert homes.remarks == ("These differ inside households: weight.",)
    assert homes.design is None
    with pytest.raises(MpsurveyError, match="hh_id"):
        harmonise(Engine("polars")(frame[["psu"]]), catalogue=CATALOGUE).at_households()


# -- what an engine cannot do


def test_what_cannot_be_pushed_down_is_said(monkeypatch):
    make = Engine("polars")

    def run(frame, *mapped):
        walk = Crosswalk(id="x", home=268).mapping(*mapped)
        return harmonise(make(frame), walk, catalogue=CATALOGUE)

    dates = pd.DataFrame({"d": pd.to_datetime(["2024-01-01"])})
    with pytest.raises(MpsurveyError, match="'d' holds dates in POLARS"):
        run(dates, Mapped(name="sex", column="d"))
    with pytest.raises(MpsurveyError, match="texts and numbers"):
        run(pd.DataFrame({"r": [1, 2]}), Mapped(name="hh_id", column="r", recode={1: "a", 2: 3}))
    with pytest.raises(RuleError, match="'t' is text"):
        run(pd.DataFrame({"t": ["a"]}), Mapped(name="attend", value=parse_rule("t == 1")))
    spans = pl.DataFrame({"s": [[1, 2]]}).lazy()
    with pytest.raises(MpsurveyError, match="'s' is of the type List"):
        harmonise(spans, Crosswalk(id="x").mapping(Mapped(name="sex", column="s")),
                  catalogue=CATALOGUE)  # fmt: skip
    monkeypatch.setattr(lazy_rows, "MOST_VALUES", 2)
    with pytest.raises(MpsurveyError, match="more than 2 different texts: too many"):
        run(pd.DataFrame({"a": ["1", "2", "3"]}), Mapped(name="age", column="a"))


def test_a_lazy_frame_is_written_by_its_own_library(tmp_path):
    got = harmonise(Engine("polars")(pd.DataFrame({"age": [30]})), catalogue=CATALOGUE)
    with pytest.raises(MpsurveyError, match=r"not LazyHarmonised.*sink_parquet"):
        mp.write(got, tmp_path / "people.sav")
    got.frame.sink_parquet(tmp_path / "people.parquet")
    assert pd.read_parquet(tmp_path / "people.parquet")["age"].tolist() == [30]


def test_names_that_a_database_takes_for_one():
    frame = pd.DataFrame({"AGE": [30], "id": [1]})
    walk = Crosswalk(id="x", keep=("AGE",)).mapping(Mapped(name="age", column="AGE"))
    with pytest.raises(MpsurveyError, match="'age' and 'AGE' are one name in DUCKDB"):
        harmonise(Engine("duckdb")(frame), walk, catalogue=CATALOGUE)
    got = harmonise(Engine("polars")(frame), walk, catalogue=CATALOGUE)
    assert {"age", "AGE"} <= set(got.variables)


def test_no_rows():
    frame = people()
    for engine in SOME:
        empty = Engine(engine)(frame)
        empty = empty.filter(pl.col("id") < 0) if engine == "polars" else empty.filter("id < 0")
        got = harmonise(empty, crosswalk(), catalogue=CATALOGUE)
        assert (len(got), got.report.findings) == (0, ())


# -- the demonstration and real files


@pytest.mark.parametrize("engine", SOME)
def test_the_demonstration(engine):
    demo = draw_survey(make_country(2))
    make = Engine(engine)
    persons = demo.persons.frame.assign(row=np.arange(len(demo.persons)))
    eager, lazy = (
        harmonise(f(persons), "demo", files={"households": f(demo.households.frame)}, keep=("row",))
        for f in (lambda frame: frame, make)
    )
    assert_same(eager, lazy, "row")
    near, far = mp.Sample(eager, demo.persons.design), mp.Sample(lazy, demo.persons.design)
    assert far.elsewhere is not None
    for where in (None, "age >= 15 and age < 65"):
        one, two = (mp.mean(s, "foreign_born", by="region", where=where).frame for s in (near, far))
        np.testing.assert_allclose(one[["estimate", "se"]], two[["estimate", "se"]], rtol=1e-9)
    homes, far_homes = (mp.Sample(one.at_households(), demo.households.design)
                        for one in (eager, lazy))  # fmt: skip
    one, two = (mp.total(s, "rem_total").frame for s in (homes, far_homes))
    np.testing.assert_allclose(one[["estimate", "se"]], two[["estimate", "se"]], rtol=1e-9)


def real(path):
    if not path.exists():
        pytest.skip(f"the real file {path.name} is not here")
    return path


def test_acs_persons_with_their_housing():
    duckdb = pytest.importorskip("duckdb")
    persons = real(DATA / "acs_pums_2024_1yr" / "p_56.parquet")
    housing = real(DATA / "acs_pums_2024_1yr" / "h_56.parquet")
    eager = harmonise(pd.read_parquet(persons), "acs_pums", keep=("SPORDER", "SERIALNO"),
                      files={"housing": pd.read_parquet(housing)})  # fmt: skip
    connection = duckdb.connect()
    for read in (pl.scan_parquet, lambda path: connection.read_parquet(str(path))):
        lazy = harmonise(read(persons), "acs_pums", files={"housing": read(housing)},
                         keep=("SPORDER", "SERIALNO"))  # fmt: skip
        assert_same(eager, lazy, ["SERIALNO", "SPORDER"])


def test_caucasus_barometer():
    path = real(DATA / "caucasus_barometer_2017_ge" / "CB_2017_Georgia_10.11.17.dta")
    file = mp.read(path).frame
    file = pd.concat([file, pd.Series(np.arange(len(file)), name="row")], axis=1)
    eager = harmonise(file, "caucasus_barometer_ge", keep=("row",))
    for engine in ("polars", "duckdb", "dask"):
        lazy = harmonise(Engine(engine)(file), "caucasus_barometer_ge", keep=("row",))
        assert_same(eager, lazy, "row")
