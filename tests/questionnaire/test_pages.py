"""The examples of the how-to pages on modules and questionnaires run."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from mpsurvey.catalogue import library_folders, read_folders

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
lfs_host = runpy.run_path(str(Path(__file__).with_name("lfs_host.py")))["lfs_host"]


def blocks(page, language):
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["modules.md", "questionnaire.md"])
def test_the_code_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("lfs.xlsx").write_bytes(lfs_host())
    names = {}
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), names)  # noqa: S102 - our own pages
    assert capsys.readouterr().out


def test_the_module_of_the_page_is_one(tmp_path):
    [module] = blocks("modules.md", "yaml")
    (tmp_path / "farm.yaml").write_text(module, encoding="utf-8")
    reading = read_folders([*library_folders(), tmp_path])
    assert [line for line in reading.problems if "farm" in line] == []
    assert reading.catalogue.module("farm").names == ("fm_any", "fm_amount")
    wrong = module.replace("fm_any ==", "fm_anny ==").replace("fm_amount > 0", "hh_size > 0")
    (tmp_path / "farm.yaml").write_text(wrong, encoding="utf-8")
    found = read_folders([*library_folders(), tmp_path]).problems
    page = (DOCS / "modules.md").read_text(encoding="utf-8")
    for line in found:
        if "farm.yaml" in line:
            assert line.partition("farm.yaml:")[2].partition(": ")[2] in page
