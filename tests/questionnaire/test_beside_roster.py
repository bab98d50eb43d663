"""A person module beside the household roster reads the right member's answers.

Run in JavaRosa, the engine of ODK Collect, which pyxform brings along inside ODK Validate.
"""

from __future__ import annotations

import io
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

import mpsurvey as mp
from mpsurvey.questionnaire import xlsform_bytes

pyxform = pytest.importorskip("pyxform.xls2xform", reason="pyxform is not installed")
HERE = Path(__file__).parent
JAR = Path(pyxform.__file__).parent / "validators" / "odk_validate" / "bin" / "ODK_Validate.jar"
lfs_host = runpy.run_path(str(HERE / "lfs_host.py"))["lfs_host"]

pytestmark = pytest.mark.skipif(
    shutil.which("javac") is None or not JAR.exists(),
    reason="a Java development kit, which runs JavaRosa, is not installed",
)
MEMBERS = [("Ann", "40", "univ", "231"), ("Ben", "12", "prim", "404"), ("Eve", "33", "sec", "998")]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The questions that were asked, and every value of the instance by path."""
    folder = tmp_path_factory.mktemp("javarosa")
    (folder / "lfs.xlsx").write_bytes(lfs_host())
    catalogue = mp.load_catalogue()
    form = mp.read_xlsform(folder / "lfs.xlsx", home="KEN", languages=["en"])
    given = {"age": "hh_age", "int_year": "visit_year", "*": "add"}
    form = form.insert(catalogue.module("mig_core"), after="roster", hosts=given)
    education = {"variable": "hh_edu", "codes": {"none": 0, "prim": 1, "sec": 3, "univ": 6}}
    form = form.insert(
        catalogue.module("mig_work"),
        after="mig_core",
        hosts=given | {"lfs": "w_lfs", "educ": education},
    )
    converted = pyxform.convert(io.BytesIO(xlsform_bytes(form)), validate=False, file_type=".xlsx")
    (folder / "form.xml").write_text(converted.xform, encoding="utf-8")
    lines = ["/data/visit[1]\t2026-08-14", f"/data/n_members[1]\t{len(MEMBERS)}"]
    for at, (name, age, level, country) in enumerate(MEMBERS, 1):
        row = f"/data/roster[{at}]"
        lines += [f"{row}/hh_name[1]\t{name}", f"{row}/hh_age[1]\t{age}"]
        lines += [f"{row}/hh_edu[1]\t{level}", f"{row}/work[1]/w_pay[1]\t1"]
        core = f"/data/mig_core_each[{at}]/mig_core[1]"
        lines += [f"{core}/mb_cob[1]\t{country}", f"{core}/mb_cit_home[1]\t1"]
    (folder / "answers.txt").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        ["java", "-cp", JAR, HERE / "FillForm.java", "form.xml", "answers.txt"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    out = [line.partition("\t") for line in done.stdout.splitlines()]
    asked = [re.sub(r"\[1\](?=/|$)", "", path) for kind, _, path in out if kind == "asked"]
    [instance] = [text for kind, _, text in out if kind == "instance"]
    return asked, instance


def rows(instance, repeat):
    return re.findall(rf"<{repeat}(?: [^>]*)?>(.*?)</{repeat}>", instance)


def value(row, name):
    found = re.search(rf"<{name}>(.*?)</{name}>", row)
    return found[1] if found else ""


def test_each_row_has_its_own_member(filled):
    _, instance = filled
    for repeat, group in (("mig_core_each", "mig_core"), ("mig_work_each", "mig_work")):
        made = rows(instance, repeat)
        assert [value(row, f"{group}_name") for row in made] == ["Ann", "Ben", "Eve"]
        assert [value(row, f"{group}_age") for row in made] == ["40", "12", "33"]


def test_values_are_recoded_row_by_row(filled):
    _, instance = filled
    made = rows(instance, "mig_work_each")
    assert [value(row, "mig_work_educ") for row in made] == ["6", "1", "3"]


def test_a_later_module_is_asked_of_those_whom_its_universe_names(filled):
    asked, instance = filled
    made = rows(instance, "mig_work_each")
    assert [value(row, "mig_work_mb_cob") for row in made] == ["231", "404", "998"]
    # Ann was born abroad; Ben is a child; of Eve the country of birth is not known.
    first = [path for path in asked if "/lw_forwork" in path]
    assert first == ["/data/mig_work_each/mig_work/lw_forwork"]
