"""Crosswalks as YAML: what is wrong is said at once; what is written comes back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsurvey.errors import CatalogueError, FileUnreadable, MpsurveyError
from mpsurvey.harmonisation import (
    Band,
    Candidate,
    Crosswalk,
    Linked,
    Mapped,
    as_yaml,
    read_crosswalk,
    ready_crosswalks,
    write_crosswalk,
)
from mpsurvey.rule import parse_formula, parse_rule

HEAD = (
    "kind: crosswalk\nid: lfs\nversion: 1.0.0\ntitle: {en: LFS}\nstatus: proposed\nunit: person\n"
)


def read_text(tmp_path, text):
    path = tmp_path / "lfs.yaml"
    path.write_text(text, encoding="utf-8")
    return read_crosswalk(path)


def test_a_crosswalk_is_read(tmp_path):
    walk = read_text(
        tmp_path,
        HEAD
        + """home: 268
missing: [-9, [-3, -1]]
variables:
  sex: {from: B03}
""".replace("[-3, -1]", "-3..-1")
        + """  mb_cob: {from: B05, countries: true, recode: {99: 999, HERE: HOME}}
  lfs:
    categories: {1: "B10 == 1", 2: "B11 == 1 and B12 == 1", 3: "answered(B10)"}
  mb_arr_year: {value: "int_year - B06"}
""",
    )
    assert (walk.id, walk.home, len(walk)) == ("lfs", 268, 4)
    assert walk.missing == (-9, Band(-3, -1))
    assert walk["mb_cob"].recode == {99: 999, "HERE": "HOME"}
    assert [code for code, _ in walk["lfs"].categories] == [1, 2, 3]
    assert walk["mb_arr_year"].names == {"int_year", "B06"}


def test_every_problem_is_said_at_once_with_its_line(tmp_path):
    text = (
        HEAD
        + """checks: {routeing: fail, date: stop}
variables:
  sexx: {from: B03}
  age: {form: B02}
  educ:
    from: B04
    recode: {1: 1, 2: 12}
  hours: {from: B09, value: "B09"}
  mb_cob: {from: B05, recode: {1: HOME, 2: 643}}
  mb_cit_home: {value: "B06 = 1"}
  attend: {from: B07, countries: true}
  earn: {from: B08, file: houses}
"""
    )
    with pytest.raises(CatalogueError) as found:
        read_text(tmp_path, text)
    said = "\n".join(found.value.problems)
    for part in (
        "lfs.yaml:7: There is no check 'routeing'. Did you mean 'routing'?",
        "lfs.yaml:7: 'stop' is not one of list, missing, fail.",
        "lfs.yaml:9: No module and no host variable is called 'sexx'. Did you mean 'sex'?",
        "lfs.yaml:10: A variable has no key 'form'. Did you mean 'from'?",
        "lfs.yaml:13: 12 is not a code of 'educ': 0, 1, 2",
        "lfs.yaml:14: 'hours' needs exactly one of",
        "lfs.yaml:16: '=' is not in the rule language. Write '=='",
        "lfs.yaml:17: 'attend' is no country",
        "lfs.yaml:18: 'files' has no 'houses'.",
    ):
        assert part in said
    assert "643" not in said  # a list of countries is open


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: module\n", "of the kind 'module'"),
        ("- a\n", "keys with values"),
        ("", "empty"),
        (HEAD, "has no 'variables'"),
    ],
)
def test_another_file_is_refused(tmp_path, text, said):
    with pytest.raises(CatalogueError, match=said):
        read_text(tmp_path, text)


def test_an_unknown_id_names_the_ready_ones():
    with pytest.raises(FileUnreadable, match="Did you mean 'acs_pums'"):
        read_crosswalk("acs_pum")


@pytest.mark.parametrize("name", sorted(ready_crosswalks()))
def test_ready_crosswalks_are_right(name):
    walk = read_crosswalk(name)
    assert walk.id == name
    assert walk.about
    assert "weight" in walk
    assert walk.status in ("tried on data", "untested")


def test_candidates_and_remarks_are_written_as_comments(tmp_path):
    walk = Crosswalk(
        id="lfs",
        variables={"sex": Mapped(name="sex", column="B03", recode={1: 2, 2: 1})},
        candidates={
            "sex": (
                Candidate("B03", "Sexe", 0.97, ("its label is like 'sexe' (100%)",)),
                Candidate("C07", "Sexe de\nl'enfant", 0.61),
            ),
            "age": (Candidate("B77", "Année", 0.41),),
        },
        remarks={"sex": ("no code was found for 9 (Autre)",)},
        code_words={"sex": {1: "Femme -> Female", 2: "Homme -> Male"}},
    )
    text = as_yaml(walk)
    for comment in (
        "from: B03  # Sexe",
        "# why: its label is like 'sexe' (100%)",
        '# or C07 0.61 "Sexe de l\'enfant"',
        "# look: no code was found for 9 (Autre)",
        "1: 2  # Femme -> Female",
        "# age: nothing sure was found;",
        "#   perhaps B77 0.41 'Année'",
    ):
        assert comment in text
    path = write_crosswalk(walk, tmp_path / "deep" / "walk.yaml")
    again = read_crosswalk(path)
    assert again["sex"].recode == {1: 2, 2: 1}
    assert not again.candidates


WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=20,
).filter(str.strip)
CODES = st.one_of(
    st.integers(-999, 9999),
    st.sampled_from(["A", "01", ".a", "no", "null", "2.0x", "y: 1", "#"]),
    st.builds(lambda a, b: Band(min(a, b), max(a, b)), st.integers(0, 50), st.integers(0, 50)),
)
ENTRIES = st.one_of(
    st.builds(
        lambda column, recode, missing: {"column": column, "recode": recode, "missing": missing},
        WORDS,
        st.one_of(
            st.none(), st.dictionaries(CODES, st.sampled_from([1, 2, 98, None]), max_size=15)
        ),
        st.lists(CODES, max_size=3).map(tuple),
    ),
    st.just({"value": parse_rule("a == 1 and `b c` != 2")}),
    st.just({"value": parse_formula("a - 3"), "universe": parse_rule("answered(b)")}),
    st.just({"categories": ((1, parse_rule('x == "a"')), (2, parse_rule("y > 3")))}),
    st.just({"absent": True}),
)


@settings(max_examples=40, deadline=None)
@given(
    entry=ENTRIES,
    missing=st.lists(CODES, max_size=4).map(tuple),
    keep=st.lists(WORDS, max_size=3).map(tuple),
    note=WORDS,
    label=WORDS,
    optional=st.booleans(),
)
def test_what_is_written_comes_back(tmp_path_factory, entry, missing, keep, note, label, optional):
    walk = Crosswalk(
        id="lfs",
        title={"en": "LFS"},
        variables={"attend": Mapped(name="attend", note={"en": note}, optional=optional, **entry)},
        household=("a b", "c"),
        home=404,
        missing=missing,
        keep=keep,
        files={"houses": Linked(name="houses", unit="household", key={"hid": "HID"})},
        checks={"date": "fail"},
        candidates={"age": (Candidate("x", label, 0.4),)},
    )
    path = tmp_path_factory.mktemp("walks") / "lfs.yaml"
    again = read_crosswalk(write_crosswalk(walk, path))
    one, two = walk["attend"], again["attend"]
    for key in ("column", "recode", "missing", "value", "categories", "universe", "absent", "note"):
        assert getattr(one, key) == getattr(two, key), key
    assert two.optional == optional
    for key in ("title", "household", "home", "missing", "keep", "checks", "status", "unit"):
        assert getattr(walk, key) == getattr(again, key), key
    assert again.files["houses"].key == {"hid": "HID"}


def test_a_variable_is_got_in_one_way():
    with pytest.raises(MpsurveyError, match="exactly one of"):
        Mapped(name="sex")
    with pytest.raises(MpsurveyError, match="no column to recode"):
        Mapped(name="sex", value=parse_rule("a == 1"), recode={1: 1})
