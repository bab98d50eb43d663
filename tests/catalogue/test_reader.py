"""What the reader takes, and that it says every fault at once with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mpsurvey as mp
from mpsurvey.catalogue import json_schemas, library_folders, read_folders, shipped
from mpsurvey.errors import CatalogueError, FileUnreadable

HEAD = """\
kind: module
id: jobs
version: 1.0.0
title: {sw: "Kazi"}
purpose: {sw: "Kujua kazi."}
unit: person
universe: "age >= 15"
universe_text: {sw: "Watu wa miaka 15 na zaidi"}
hosts: [age]
sources: [{key: UN21, status: own}]
questions:
"""
LIST = """\
kind: codelist
id: NDIO
version: 1.0.0
title: {sw: "Ndiyo / hapana"}
items:
  - {code: 1, label: {sw: "Ndiyo"}}
  - {code: 2, label: {sw: "Hapana"}}
  - {code: 96, label: {sw: "Nyingine"}, specify: true}
  - {code: 98, label: {sw: "Hajui"}, missing: true}
"""


BASE = [shipped() / "modules" / one for one in ("hosts.yaml", "sources.yaml", "codelists/CNT.yaml")]


def question(name, **keys):
    given = {
        "name": name,
        "concept": '"a.b"',
        "type": "select_one",
        "codes": "NDIO",
        "level": "core",
        "text": '{sw: "Je?"}',
        "label": '{sw: "Lebo"}',
        "minutes": 0.1,
    } | keys
    lines = [f"{key}: {value}" for key, value in given.items() if value is not None]
    return "  - " + "\n    ".join(lines) + "\n"


@pytest.fixture
def office(tmp_path):
    """A country office's folder, in one language, with a list of its own."""
    (tmp_path / "NDIO.yaml").write_text(LIST, encoding="utf-8")

    def write(questions, head=HEAD, tail="", name="jobs.yaml"):
        (tmp_path / name).write_text(head + "".join(questions) + tail, encoding="utf-8")
        return read_folders([*BASE, tmp_path])

    write.folder = tmp_path
    return write


def own(reading):
    """The problems of the office's files, without folder and file."""
    return [line.split("jobs.yaml:")[1] for line in reading.problems if "jobs.yaml:" in line]


def test_an_office_s_own_module_in_its_own_language(office):
    reading = office([question("kz_a"), question("kz_b", ask_if='"kz_a == 1"')])
    assert own(reading) == []
    module = reading.catalogue.module("jobs")
    assert module.languages == ("sw",)
    assert module.names == ("kz_a", "kz_a_o", "kz_b", "kz_b_o")
    assert module.question("kz_a_o").ask_if.text == "kz_a == 96"
    assert module.missing_codes()["kz_a"] == {98}
    assert set(module.codelists) == {"NDIO"}
    assert module.host_variables["age"].type == "integer"
    assert module.question("kz_b").screened_in == 0.3
    with pytest.raises(mp.MpsurveyError, match="Did you mean 'kz_b'"):
        module.question("kz_bb")


FAULTS = {
    "unknown key": (question("kz_a", anwsers="3"), "A question has no key 'anwsers'"),
    "missing key": (question("kz_a", text=None), "A question kz_a has no 'text'"),
    "bare yes": (question("kz_a", text="{sw: yes}"), "text is expected, not yes/no (yes). Put it"),
    "wrong type": (question("kz_a", minutes='"fast"'), "a number is expected, not text (fast)"),
    "not a choice": (question("kz_a", type="select_on"), "Did you mean 'select_one'?"),
    "too small": (question("kz_a", minutes="-1"), "-1 lies outside 0 to 30"),
    "bad name": (question("KZ_a"), "'KZ_a' is not a name in lower case"),
    "long name": (question("kz_" + "a" * 20), "at most 16 fit"),
    "reserved name": (question("using"), "keep for themselves"),
    "host's name": (question("age"), "'age' is the name of a host variable"),
    "rule in words": (question("kz_a", ask_if='"age => 15"'), "Write '>=' or '<='"),
    "unknown in rule": (question("kz_a", ask_if='"agee > 3"'), "not known. Did you mean 'age'"),
    "asked later": (
        question("kz_a", ask_if='"kz_b == 1"') + question("kz_b"),
        "'kz_a' uses 'kz_b', which is asked later",
    ),
    "not among hosts": (question("kz_a", ask_if='"int_year > 3"'), "add it to 'hosts'"),
    "no such code": (
        question("kz_a") + question("kz_b", ask_if='"kz_a == 7"'),
        "7 is not a code of NDIO",
    ),
    "missing code": (
        question("kz_a") + question("kz_b", ask_if='"kz_a == 98"'),
        "Write not answered(kz_a)",
    ),
    "no such list": (question("kz_a", codes="NDIYO"), "no code list 'NDIYO'. Did you mean 'NDIO'"),
    "list lacks language": (question("kz_a", codes="CNT"), "CNT lacks the language sw"),
    "selected of one": (
        question("kz_a") + question("kz_b", ask_if='"selected(kz_a, 1)"'),
        "Write kz_a == 1",
    ),
    "compared set": (
        question("kz_a", type="select_multiple") + question("kz_b", ask_if='"kz_a == 1"'),
        "write selected(kz_a, code)",
    ),
    "text with number": (
        question("kz_a", type="text", codes=None) + question("kz_b", ask_if='"kz_a == 1"'),
        "'kz_a' is text",
    ),
    "codes of a number": (question("kz_a", type="integer"), "only a select question has 'codes'"),
    "select without codes": (question("kz_a", codes=None), "has no 'codes'"),
    "wording lacks language": (question("kz_a", text='{en: "Is it?"}'), "lacks the wording in sw"),
    "wording without language": (question("kz_a", text='"Je?"'), "A wording has its language"),
    "not a language": (question("kz_a", text='{swahili: "Je?"}'), "not the code of a language"),
    "same name twice": (question("kz_a") + question("kz_a"), "'kz_a' is already on line"),
    "placeholder": (question("kz_a", text='{sw: "{nme}?"}'), "Did you mean 'name'?"),
    "open brace": (question("kz_a", text='{sw: "{name?"}'), "not closed"),
    "roster without roster": (question("kz_a", roster="true"), "the module has no 'roster'"),
    "key twice": (question("kz_a") + "    level: core\n", "'level' stands twice"),
    "no such source": (question("kz_a", sources="[{key: UN22}]"), "There is no source 'UN22'"),
    "check of another": (
        question(
            "kz_a",
            checks='[{rule: "age > 3", message: {sw: "Hapana."}}]',
            type="integer",
            codes=None,
        ),
        "does not look at 'kz_a' itself",
    ),
    "core needs extended": (
        question("kz_a", level="extended") + question("kz_b", ask_if='"kz_a == 1"'),
        "Level core has 'kz_b', whose rules use 'kz_a'",
    ),
    "long label": (question("kz_a", label='{sw: "' + "l" * 81 + '"}'), "at most 80 fit"),
    "anchor": (question("kz_a", text='&t {sw: "Je?"}', instruction="*t"), "Anchors (&)"),
}


@pytest.mark.parametrize(("text", "says"), FAULTS.values(), ids=FAULTS)
def test_one_fault_is_said_with_its_line(office, text, says):
    found = own(office([text]))
    assert any(says in line for line in found), found
    first = HEAD.count("\n") + 1
    assert all(first <= int(line.split(":")[0]) for line in found if says in line)


def test_many_faults_are_said_in_one_run(office):
    kinds = [text for name, (text, _) in FAULTS.items() if name not in ("key twice", "anchor")]
    # Names differ so that each fault stands alone.
    renamed = [text.replace("kz_", f"k{at}_") for at, text in enumerate(kinds)]
    found = own(office(renamed))
    said = sum(
        any(says.replace("kz_", f"k{at}_") in line for line in found)
        for at, (name, (_, says)) in enumerate(
            item for item in FAULTS.items() if item[0] not in ("key twice", "anchor")
        )
    )
    assert said >= 30, found
    assert found == sorted(found, key=lambda line: int(line.split(":")[0]))


HEAD_FAULTS = {
    "kind: module": ("kind: modul", "There is no kind 'modul'. Did you mean 'module'?"),
    "kind: module\n": ("", "The file has no 'kind'"),
    "version: 1.0.0": ("version: 1.0", "three numbers such as 1.0.0, not 1.0"),
    "hosts: [age]": ("hosts: [age, agee]", "'agee' is neither a host variable"),
    "unit: person": ("unit: people", "'people' is not one of household, person, child"),
    'universe: "age >= 15"': ('universe: "kz_a == 1"', "'kz_a', which is asked later"),
    "title: {": ('roster: {name: r, count: zz, title: {sw: "R"}}\ntitle: {', "'zz' is not asked"),
    "purpose:": ("levels: {short: [kz_a, kz_z]}\npurpose:", "no question 'kz_z'"),
    'title: {sw: "Kazi"}': ("title: {sw: Kazi: nyingi}", "This is not YAML"),
    "sources: [": ("suits: [mig_none]\nsources: [", "There is no module 'mig_none'"),
}


@pytest.mark.parametrize(("old", "fault"), HEAD_FAULTS.items(), ids=HEAD_FAULTS)
def test_faults_of_the_module_itself(office, old, fault):
    new, says = fault
    assert old in HEAD
    found = own(office([question("kz_a")], head=HEAD.replace(old, new, 1)))
    assert any(says in line for line in found), found


ROWS = [
    question("kz_any"),
    question("kz_n", type="integer", codes=None, ask_if='"kz_any == 1"'),
    question("kz_r", roster="true", type="decimal", codes=None),
    question("kz_s", roster="true", ask_if='"kz_r > 0"'),
]
ROSTER = HEAD.replace("unit:", 'roster: {name: kz_rows, count: kz_n, title: {sw: "R"}}\nunit:')


def concepts(*lines):
    return "concepts:\n" + "".join(f"  - {line}\n" for line in lines)


def test_rosters_and_what_is_gathered_over_them(office):
    tail = concepts(
        '{name: kz_sum, label: {sw: "S"}, over: kz_rows, aggregate: sum, value: "kz_r", empty: 0}',
        '{name: kz_big, label: {sw: "B"}, roster: true, value: "kz_r > 10"}',
        '{name: kz_some, label: {sw: "A"}, over: kz_rows, aggregate: any, value: "kz_r > 3"}',
        '{name: kz_share, label: {sw: "C"}, universe: "kz_sum > 0", value: "kz_sum / age"}',
    )
    reading = office(ROWS, head=ROSTER, tail=tail)
    assert own(reading) == []
    module = reading.catalogue.module("jobs")
    assert module.roster.count == "kz_n"
    assert module.concepts[3].names == {"kz_sum", "age"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{name: kz_c, label: {sw: "S"}, value: "kz_r"}', "uses kz_r of the roster"),
        ('{name: kz_c, label: {sw: "S"}}', "has one of 'value'"),
        ('{name: kz_c, label: {sw: "S"}, value: "kz_x > 1"}', "'kz_x', which is not known"),
        ('{name: kz_c, label: {sw: "S"}, value: "kz_d > 1"}', "which is worked out later"),
        ('{name: kz_c, label: {sw: "S"}, over: rows, aggregate: count}', "it is 'kz_rows'"),
        ('{name: kz_c, label: {sw: "S"}, over: kz_rows, aggregate: sum}', "needs the 'value'"),
        (
            '{name: kz_c, label: {sw: "S"}, over: kz_rows, aggregate: sum, value: "kz_r > 1"}',
            "the value of 'sum' is a formula",
        ),
        ('{name: kz_n, label: {sw: "S"}, value: "age"}', "'kz_n' is already on line"),
    ],
)
def test_faults_of_concepts(office, line, says):
    last = '{name: kz_d, label: {sw: "S"}, value: "age + 1"}'
    found = own(office(ROWS, head=ROSTER, tail=concepts(line, last)))
    assert any(says in one for one in found), found


def test_a_roster_s_questions_stand_together(office):
    mixed = [*ROWS[:3], question("kz_x"), ROWS[3]]
    assert any("stands among the roster's" in one for one in own(office(mixed, head=ROSTER)))
    outside = [*ROWS, question("kz_x", ask_if='"kz_r > 0"')]
    assert any("asked for each row" in one for one in own(office(outside, head=ROSTER)))


def test_levels(office):
    head = HEAD.replace(
        "unit:",
        'levels: {short: {questions: [kz_b], ask_if: {kz_b: "age > 20"}}}\nunit:',
    )
    questions = [question("kz_a"), question("kz_b", ask_if='"kz_a == 1"', level="extended")]
    module = office(questions, head=head).catalogue.module("jobs")
    assert module.at_level("core").names == ("kz_a", "kz_a_o")
    assert module.at_level("extended") is module
    short = module.at_level("short")
    assert short.names == ("kz_b", "kz_b_o")
    assert short.question("kz_b").ask_if.text == "age > 20"
    with pytest.raises(mp.MpsurveyError, match="Did you mean 'short'"):
        module.at_level("shor")


def test_a_skipped_question_compared_with_is_not_is_doubted(office):
    questions = [
        question("kz_a"),
        question("kz_b", ask_if='"kz_a == 1"'),
        question("kz_c", ask_if='"kz_b != 2"'),
        question("kz_d", ask_if='"not (kz_b == 2)"'),
        question("kz_e", ask_if='"answered(kz_b) and kz_b != 2"'),
    ]
    doubts = [line for line in office(questions).catalogue.doubts if "jobs.yaml" in line]
    assert len(doubts) == 1
    assert "'kz_b' can be skipped" in doubts[0]


def test_replacing_says_which_version(office):
    office([question("kz_a")])
    again = HEAD.replace("version: 1.0.0", "version: 2.0.0")
    reading = office([question("kz_a")], head=again, name="z_jobs.yaml")
    assert any("add: replaces: jobs@1.0.0" in line for line in reading.problems)
    right = again.replace("unit:", "replaces: jobs@1.0.0\nunit:")
    reading = office([question("kz_a")], head=right, name="z_jobs.yaml")
    assert not any("jobs" in line for line in reading.problems)
    assert reading.catalogue.module("jobs").version == "2.0.0"
    wrong = again.replace("unit:", "replaces: jobs@0.9.0\nunit:")
    reading = office([question("kz_a")], head=wrong, name="z_jobs.yaml")
    assert any("holds jobs@1.0.0" in line for line in reading.problems)


def test_files_that_cannot_be_read(office):
    folder = office.folder
    (folder / "empty.yaml").write_text("")
    (folder / "list.yaml").write_text("- 1\n- 2\n")
    (folder / "latin.yaml").write_bytes("kind: module\nid: été\n".encode("latin-1"))
    (folder / "tag.yaml").write_text("kind: !!python/object/apply:os.system ['true']\n")
    (folder / "two.yaml").write_text("kind: codelist\n---\nkind: codelist\n")
    (folder / "deep.yaml").write_text("[" * 500)
    found = "\n".join(office([question("kz_a")]).problems)
    for says in (
        "empty.yaml:1: The file is empty",
        "list.yaml:1: The file holds keys",
        "latin.yaml:2: The file is not in UTF-8",
        "tag.yaml:1: The tag",
        "two.yaml:2: This is not YAML",
        "deep.yaml:",
    ):
        assert says in found


def test_a_list_has_each_code_once(tmp_path):
    text = LIST.replace("code: 2,", "code: 1,") + '  - {code: 3, label: {sw: "ndiyo"}}\n'
    (tmp_path / "NDIO.yaml").write_text(text, encoding="utf-8")
    found = [line for line in read_folders([tmp_path]).problems if "NDIO" in line]
    assert any("Code 1 stands twice" in line for line in found)
    assert any("same wording" in line for line in found)


def test_load_catalogue_raises_with_all(office):
    office([question("kz_a", codes="NONE"), question("kz_b", text=None)])
    with pytest.raises(CatalogueError) as caught:
        mp.load_catalogue(office.folder)
    assert sum("jobs.yaml" in line for line in caught.value.problems) == 2
    with pytest.raises(FileUnreadable, match="no folder"):
        mp.load_catalogue(office.folder / "none")


def test_the_shipped_catalogue_is_found_whole():
    reading = read_folders(library_folders())
    assert reading.problems == ()
    assert {"age", "int_year", "region"} <= set(reading.catalogue.hosts)
    assert 404 in reading.catalogue.codelist("CNT").codes


def test_mpsurvey_path(office, monkeypatch):
    office([question("kz_a")])
    monkeypatch.setenv("MPSURVEY_PATH", str(office.folder))
    assert office.folder in list(library_folders())


def test_the_published_schemas_are_the_reader_s():
    folder = Path(__file__).parents[2] / "docs" / "schemas"
    for kind, schema in json_schemas().items():
        assert json.loads((folder / f"{kind}.json").read_text(encoding="utf-8")) == schema


def test_every_shipped_file_satisfies_its_schema():
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    schemas = json_schemas()
    for path in sorted((shipped() / "modules").rglob("*.yaml")):
        content = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        if content.get("kind") in schemas:
            jsonschema.validate(content, schemas[content["kind"]])


def test_the_country_list_is_what_its_script_makes():
    pytest.importorskip("pycountry")
    pytest.importorskip("babel")
    import runpy

    script = runpy.run_path(str(Path(__file__).with_name("countries.py")))
    made = script["countries_yaml"]()
    kept = (shipped() / "modules" / "codelists" / "CNT.yaml").read_text(encoding="utf-8")
    codes = [line.split(",")[0] for line in made.splitlines() if "code:" in line]
    assert codes == [line.split(",")[0] for line in kept.splitlines() if "code:" in line]
