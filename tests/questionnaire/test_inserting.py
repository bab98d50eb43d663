"""Modules go into a host survey's form, and the host's part stays as it is."""

from __future__ import annotations

import contextlib
import io
import random
import runpy
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText

import mpsurvey as mp
from mpsurvey.errors import FileUnreadable, MpsurveyError
from mpsurvey.questionnaire import xlsform_bytes
from mpsurvey.questionnaire.host import read_host
from mpsurvey.questionnaire.validating import refusal

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "host_forms"
CATALOGUE = mp.load_catalogue()
lfs_host = runpy.run_path(str(Path(__file__).with_name("lfs_host.py")))["lfs_host"]
CODES = {
    "sex": {"variable": "hh_sex", "codes": {"M": 1, "F": 2}},
    "educ": {"variable": "hh_edu", "codes": {"none": 0, "prim": 1, "sec": 3, "univ": 6}},
    "icse": {"variable": "w_status", "codes": {"1": 4, "2": 1, "3": 2, "4": 5}},
}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    path = tmp_path_factory.mktemp("host") / "lfs.xlsx"
    path.write_bytes(lfs_host())
    return path


def four_modules(path):
    """The labour force survey with four modules, in its two languages."""
    form = mp.read_xlsform(path, home="KEN")
    form = form.insert(
        CATALOGUE.module("mig_core"),
        after="roster",
        hosts={"age": "hh_age", "int_year": "visit_year", "*": "add"},
    )
    form = form.insert(
        CATALOGUE.module("mig_work"),
        after="mig_core",
        hosts={"age": "hh_age", "int_year": "visit_year", "lfs": "w_lfs", "*": "add"}
        | {name: CODES[name] for name in ("educ", "icse")},
    )
    form = form.insert(CATALOGUE.module("mig_absent"), after="g_dwelling", hosts="add")
    return form.insert(CATALOGUE.module("mig_remit_in"), after="mig_absent", hosts="add")


@pytest.fixture(scope="module")
def written(host, tmp_path_factory):
    path = tmp_path_factory.mktemp("out") / "with_modules.xlsx"
    form = four_modules(host)
    mp.write_xlsform(form, path)
    return form, path


def test_the_field_system_takes_it(written):
    form, path = written
    assert form.languages == ("en", "fr")
    assert [one.module.id for one in form.placed] == [
        "mig_core",
        "mig_work",
        "mig_absent",
        "mig_remit_in",
    ]
    fault, _ = refusal(path.read_bytes())
    assert fault is None


def test_odk_validate_itself_was_asked():
    if shutil.which("java") is None:
        pytest.skip("ODK Validate needs Java, which is not installed")
    form = mp.new_form("T", home=404).insert(CATALOGUE.module("mig_core"), hosts="add")
    good = xlsform_bytes(form)
    assert refusal(good)[0] is None
    book = openpyxl.load_workbook(io.BytesIO(good))
    header = [cell.value for cell in book["survey"][1]]
    book["survey"].cell(8, header.index("relevant") + 1).value = "nothing(1"
    out = io.BytesIO()
    book.save(out)
    fault, _ = refusal(out.getvalue())
    assert fault is not None


def cells(path, sheet):
    """Every cell's value and looks; formulas as text."""
    book = openpyxl.load_workbook(path, rich_text=True)
    out = {}
    for row in book[sheet].iter_rows():
        for cell in row:
            if cell.value is not None or cell.has_style:
                out[cell.row, cell.column] = (
                    cell.value,
                    cell.style_id,
                    cell.comment and cell.comment.text,
                )
    return out, book[sheet]


def test_the_host_s_part_is_cell_for_cell_the_same(host, written):
    _, path = written
    before, sheet_before = cells(host, "survey")
    after, sheet_after = cells(path, "survey")
    names = {value: row for (row, column), (value, *_) in after.items() if column == 2}
    # Follow each host row to its place by its order, as rows without names have to be followed too.
    host_rows = sorted({row for row, _ in before})
    moved = {}
    last = max(names[n] for n in ("thanks",))
    new_names = {f"{p.prefix}{n}" for p in four_modules(host).placed for n in p.names()}
    survivors = [
        row for row in range(1, last + 1) if after.get((row, 2), ("",))[0] not in new_names
    ]
    assert len(survivors) == len(host_rows)
    moved = dict(zip(host_rows, survivors, strict=True))
    for (row, column), (value, style, note) in before.items():
        new_value, new_style, new_note = after[moved[row], column]
        assert new_style == style
        assert new_note == note
        if isinstance(value, str) and value.startswith("="):
            counted = f'COUNTIF(A2:A{moved[25]},"integer")'
            assert new_value == f'={counted}&" numbers, "&COUNTA(choices!A:A)'
            continue
        assert new_value == value
        assert isinstance(new_value, CellRichText) == isinstance(value, CellRichText)
    assert sheet_after.row_dimensions[moved[9]].height == 33
    [merged] = sheet_after.merged_cells.ranges
    assert (merged.min_row, merged.max_row) == (moved[24], moved[26])
    [validation] = sheet_after.data_validations.dataValidation
    assert str(validation.sqref) == f"K2:K{moved[110]}" if 110 in moved else True
    assert sheet_before.freeze_panes == sheet_after.freeze_panes


def test_other_parts_are_the_same_to_the_byte(host, written):
    _, path = written
    with zipfile.ZipFile(host) as old, zipfile.ZipFile(path) as new:
        assert old.namelist() == new.namelist()
        changed = {name for name in old.namelist() if old.read(name) != new.read(name)}
    assert changed <= {
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet2.xml",
        "xl/worksheets/sheet4.xml",
        "xl/comments/comment1.xml",
        "xl/drawings/commentsDrawing1.vml",
        "xl/drawings/legacyDrawing1.vml",
    }


def test_a_formula_elsewhere_follows_its_cell(host, written):
    _, path = written
    old = openpyxl.load_workbook(host)
    book = openpyxl.load_workbook(path)
    formula = book["office use"]["A1"].value
    assert book["survey"][formula.partition("!")[2]].value == old["survey"]["C23"].value
    assert book["office use"]["A2"].value == "=SUM(1,2)"


def test_the_choices_of_the_host_come_first_and_unchanged(host, written):
    _, path = written
    old = [[cell.value for cell in row] for row in openpyxl.load_workbook(host)["choices"]]
    new = [[cell.value for cell in row] for row in openpyxl.load_workbook(path)["choices"]]
    assert [row[: len(old[0])] for row in new[: len(old)]] == old
    assert {row[0] for row in new[len(old) :]} >= {"mp_yesno", "mp_cnt"}


def test_a_spreadsheet_program_opens_it(written, tmp_path):
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    _, path = written
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    done = subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "csv", "--outdir", tmp_path, path],
        capture_output=True,
        timeout=120,
        check=False,
    )
    text = (tmp_path / "with_modules.csv").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0
    assert "mb_cob" in text


def test_the_caller_s_form_and_file_are_not_touched(host):
    before = host.read_bytes()
    form = mp.read_xlsform(host, home=404)
    inserted = form.insert(CATALOGUE.module("mig_absent"), hosts="add")
    assert form.placed == ()
    xlsform_bytes(inserted)
    assert xlsform_bytes(form) == form.host.workbook.to_bytes()
    assert host.read_bytes() == before


def sheet_of(form):
    book = openpyxl.load_workbook(io.BytesIO(xlsform_bytes(form)))
    rows = list(book["survey"].iter_rows(values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def row_of(form, name):
    return next(row for row in sheet_of(form) if row["name"] == name)


def test_a_person_module_after_the_roster_is_asked_of_each_member(written):
    form, _ = written
    core = form.placed[0]
    assert core.beside == "roster"
    assert core.person == "hh_name"
    opening = row_of(form, "mig_core_each")
    assert opening["repeat_count"] == "count(${roster})"
    pulled = row_of(form, "mig_core_age")["calculation"]
    assert pulled == "indexed-repeat(${hh_age}, ${roster}, position(..))"
    assert "${mig_core_name}" in row_of(form, "mb_ever_abr")["label::English (en)"]
    from_core = row_of(form, "mig_work_mb_cob")["calculation"]
    assert from_core == "indexed-repeat(${mb_cob}, ${mig_core_each}, position(..))"


def test_values_are_recoded(written):
    form, _ = written
    value = "indexed-repeat(${hh_edu}, ${roster}, position(..))"
    assert row_of(form, "mig_work_educ")["calculation"] == (
        f"if({value} = 'none', 0, if({value} = 'prim', 1, if({value} = 'sec', 3, "
        f"if({value} = 'univ', 6, ''))))"
    )


def test_a_module_inside_the_roster_reads_the_row_itself(host):
    form = mp.read_xlsform(host, home=404).insert(
        CATALOGUE.module("mig_core"),
        inside="roster",
        hosts={"age": "hh_age", "int_year": "visit_year", "*": "add"},
    )
    assert form.placed[0].beside is None
    assert form.placed[0].repeats == ("roster",)
    names = [row["name"] for row in sheet_of(form)]
    assert names.index("hh_name") < names.index("mb_cob")
    assert refusal(xlsform_bytes(form))[0] is None


def faults(form, module, **more):
    with pytest.raises(MpsurveyError) as caught:
        form.insert(CATALOGUE.module(module), **more)
    return caught.value.problems


def test_every_lacking_host_variable_is_said_once_with_what_comes_near(host):
    form = mp.read_xlsform(host, home="KEN")
    found = faults(form, "mig_work", after="roster")
    assert len(found) == len(set(found)) >= 5
    [age] = [line for line in found if "'age'" in line]
    assert "'hh_age' (Age of ${hh_name})" in age
    assert '"*": "add"' in age
    [cob] = [line for line in found if "'mb_cob'" in line]
    assert "Insert mig_core before" in cob


def test_reasons_why_a_module_cannot_go_in(host):
    form = mp.read_xlsform(host)
    good = {"age": "hh_age", "int_year": "visit_year", "*": "add"}
    said = "\n".join(faults(form, "mig_core", after="rooster", hosts={"agee": "hh_age", **good}))
    assert "no 'rooster' to put mig_core by. Did you mean 'roster'" in said
    assert "takes no host variable 'agee'" in said
    assert "use HOME" in said
    form = mp.read_xlsform(host, home=404)
    said = "\n".join(faults(form, "mig_core", after="roster", hosts=good | {"age": "hh_agee"}))
    assert "'hh_agee', which the host form does not ask. Did you mean 'hh_age'" in said
    said = "\n".join(faults(form, "mig_core", after="roster", hosts=good | {"age": "hh_name"}))
    assert "which is text; integer is needed" in said
    said = "\n".join(faults(form, "mig_absent", inside="roster", hosts="add"))
    assert "asks about the household" in said
    said = "\n".join(faults(form, "mig_core", after="visit", hosts=good))
    assert "is asked after the place" in said
    said = "\n".join(faults(form, "mig_core", languages=["en", "sw"], hosts=good))
    assert "no wording in sw" in said
    said = "\n".join(faults(form, "mig_absent", after="roster", inside="roster", hosts="add"))
    assert "either after= or inside=" in said
    educ = {"educ": "hh_edu", "age": "hh_age", "lfs": "w_lfs", "icse": "w_status", "*": "add"}
    with_core = form.insert(CATALOGUE.module("mig_core"), after="roster", hosts=good)
    said = "\n".join(faults(with_core, "mig_work", after="mig_core", hosts=educ))
    assert "codes none (No schooling), prim" in said
    wrong = educ | {"educ": {"variable": "hh_edu", "codes": {"nothing": 0, "prim": 77}}}
    said = "\n".join(faults(with_core, "mig_work", after="mig_core", hosts=wrong))
    assert "has no nothing" in said
    assert "with the codes 77" in said
    with pytest.raises(MpsurveyError, match="in the form already"):
        with_core.insert(CATALOGUE.module("mig_core"), after="roster", hosts=good)
    with pytest.raises(MpsurveyError, match="no level 'shrt'"):
        form.insert(CATALOGUE.module("mig_core"), level="shrt")
    with pytest.raises(MpsurveyError, match="ISO alpha-3"):
        mp.read_xlsform(host, home="KEX")


def test_names_that_collide_are_prefixed(host):
    form = mp.read_xlsform(host, home=404)
    book = openpyxl.load_workbook(host)
    book["survey"]["B4"] = "ab_any"
    path = host.with_name("clash.xlsx")
    book.save(path)
    clash = mp.read_xlsform(path, home=404)
    [said] = faults(clash, "mig_absent", hosts="add")
    assert "both have ab_any" in said
    prefixed = clash.insert(CATALOGUE.module("mig_absent"), hosts="add", prefix="mp_")
    assert row_of(prefixed, "mp_ab_count")["relevant"] == "${mp_ab_any} = 1"
    assert form.placed == ()


def test_drop_move_replace(host):
    form = four_modules(host)
    with pytest.raises(MpsurveyError, match="mig_work needs 'mb_cob'"):
        form.drop("mig_core")
    with pytest.raises(MpsurveyError, match="host's own"):
        form.drop("hh_age")
    with pytest.raises(MpsurveyError, match="Did you mean 'mig_absent'"):
        form.drop("mig_absen")
    with pytest.raises(MpsurveyError, match=r"'ab_any' cannot go: .*ab_count"):
        form.drop("ab_any")
    less = form.drop("mig_remit_in").drop("mig_work").drop("mig_core")
    assert [one.module.id for one in less.placed] == ["mig_absent"]
    last = [q.name for q in less.placed[0].module.questions if q.asks][-1]
    assert last not in less.drop(last).placed[0].module.names
    moved = form.move("mig_remit_in", after="g_assets")
    assert moved.placed[-1].above > form.placed[-1].above
    assert refusal(xlsform_bytes(moved))[0] is None
    with pytest.raises(MpsurveyError, match="mb_cob"):
        form.move("mig_core", after="g_assets")
    core = form.replace(CATALOGUE.module("mig_absent"), level="core")
    assert core.placed[2].level == "core"
    assert len(core.placed[2].module.questions) < len(form.placed[2].module.questions)
    with pytest.raises(MpsurveyError, match="no module 'mig_env'"):
        form.replace(CATALOGUE.module("mig_env"))


def test_a_form_without_languages_takes_one(tmp_path):
    path = tmp_path / "plain.xlsx"
    path.write_bytes(lfs_host(languages=False))
    form = mp.read_xlsform(path, home=404, languages=["fr"])
    form = form.insert(CATALOGUE.module("mig_diasp"), hosts="add")
    row = row_of(form, "ds_ties")
    assert "ménage" in row["label"]
    assert not any("::" in str(key) for key in row)
    assert refusal(xlsform_bytes(form))[0] is None


def test_every_level_of_every_module_builds():
    for module in CATALOGUE.modules():
        for level in ("core", *module.levels):
            form = mp.new_form("T", home=404).insert(module, hosts="add", level=level)
            assert len(xlsform_bytes(form)) > 5000


def test_all_modules_in_one_form_of_their_own(tmp_path):
    form = mp.new_form("All", languages=("en", "ar"), home="KEN")
    for module in CATALOGUE.modules():
        if module.unit == "household":
            form = form.insert(module, hosts="add")
    order = [
        "mig_core",
        "mig_displ",
        "mig_legal",
        "mig_move",
        "mig_work",
        "mig_return",
        "mig_integ",
    ]
    order += [m.id for m in CATALOGUE.modules() if m.unit != "household" and m.id not in order]
    for name in order:
        form = form.insert(CATALOGUE.module(name), hosts="add")
    mp.write_xlsform(form, tmp_path / "all.xlsx")
    assert len(form.placed) == 18


def test_the_host_s_own_fault_is_named_as_the_host_s(tmp_path):
    if not SHARED.is_dir():
        pytest.skip("the shared host forms are not here")
    form = mp.read_xlsform(SHARED / "unhcr_proxy_demo.xlsx", home=231)
    form = form.insert(CATALOGUE.module("mig_absent"), hosts="add")
    with pytest.raises(MpsurveyError) as caught:
        mp.write_xlsform(form, tmp_path / "out.xlsx")
    said = str(caught.value)
    assert "choice list 'school_list' has 'never' (row 7)" in said
    assert "allow_choice_duplicates" in said
    assert "itself refused" in said
    assert not (tmp_path / "out.xlsx").exists()
    remarks = mp.write_xlsform(form, tmp_path / "out.xlsx", validate=False)
    assert all(remark.startswith("Upload ") for remark in remarks)


def test_a_real_form_in_other_languages_takes_a_module(tmp_path):
    if not SHARED.is_dir():
        pytest.skip("the shared host forms are not here")
    form = mp.read_xlsform(SHARED / "membership_survey_de_en.xlsx", home="DEU")
    form = form.insert(CATALOGUE.module("mig_diasp"), hosts="add", languages=["en"])
    mp.write_xlsform(form, tmp_path / "out.xlsx")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not an .xlsx"),
        (b"PK\x03\x04garbage", "not an .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "old .xls workbook or has a password"),
    ],
)
def test_what_is_no_form(tmp_path, content, says):
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(FileUnreadable, match=says):
        mp.read_xlsform(path)


def test_damaged_workbooks_give_the_one_error():
    whole = lfs_host()
    rng = random.Random(4)  # noqa: S311
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 40)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        with contextlib.suppress(MpsurveyError):
            read_host(bytes(broken), "x.xlsx")
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(MpsurveyError):
            read_host(whole[: int(len(whole) * share)], "x.xlsx")


def test_damaged_parts_give_the_one_error():
    rng = random.Random(6)  # noqa: S311
    with zipfile.ZipFile(io.BytesIO(lfs_host())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    damaged = [name for name in parts if "sheet1.xml" in name or "haredStr" in name]
    damaged.append("xl/workbook.xml")
    for _ in range(60):
        name = rng.choice(damaged)
        broken = bytearray(parts[name])
        for _ in range(rng.randint(1, 6)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for other, content in parts.items():
                archive.writestr(other, bytes(broken) if other == name else content)
        with contextlib.suppress(MpsurveyError):
            read_host(out.getvalue(), "x.xlsx")


def test_shared_formulas_keep_their_meaning(tmp_path, host):
    with zipfile.ZipFile(host) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    shared = (
        '<c r="P10"><f t="shared" ref="P10:P60" si="0">B10</f><v>0</v></c>',
        '<c r="P60"><f t="shared" si="0"/><v>0</v></c>',
    )
    for cell in shared:
        row = cell[7:9]
        at = sheet.index("</row>", sheet.index(f'<row r="{row}"'))
        sheet = sheet[:at] + cell + sheet[at:]
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    path = tmp_path / "shared.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    form = mp.read_xlsform(path, home=404).insert(
        CATALOGUE.module("mig_diasp"), after="g_dwelling", hosts="add"
    )
    book = openpyxl.load_workbook(io.BytesIO(xlsform_bytes(form)))
    formulas = {c.row: c.value for c in book["survey"]["P"] if str(c.value or "").startswith("=")}
    low = max(formulas)
    assert formulas[10] == "=B10"
    assert formulas[low] == f"=B{low}"
    assert low > 60


def test_forms_whose_structure_is_broken(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "questions"
    path = tmp_path / "x.xlsx"
    book.save(path)
    with pytest.raises(FileUnreadable, match="no sheet 'survey'"):
        mp.read_xlsform(path)
    book.active.title = "survey"
    book.active.append(["type", "label"])
    book.save(path)
    with pytest.raises(FileUnreadable, match="no column 'name'"):
        mp.read_xlsform(path)
    book = openpyxl.Workbook()
    book.active.title = "survey"
    for row in (["type", "name"], ["begin repeat", "a"], ["begin group", "b"], ["end repeat", ""]):
        book.active.append(row)
    book.save(path)
    with pytest.raises(MpsurveyError) as caught:
        mp.read_xlsform(path)
    assert "row 4: 'end repeat' closes nothing" in str(caught.value)
    assert "row 2: 'a' is opened and never closed" in str(caught.value)
    with pytest.raises(FileUnreadable, match="cannot be opened"):
        mp.read_xlsform(tmp_path / "none.xlsx")
