"""The site: every page in the navigation, every stage in the reference, formulas drawn."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import mpsurvey as mp

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def navigation(entries):
    for entry in entries:
        value = next(iter(entry.values())) if isinstance(entry, dict) else entry
        yield from [value] if isinstance(value, str) else navigation(value)


def settings():
    return yaml.safe_load((DOCS / "mkdocs.yml").read_text(encoding="utf-8"))


def test_every_page_is_in_the_navigation_once():
    named = list(navigation(settings()["nav"]))
    assert len(named) == len(set(named))
    assert sorted(named) == sorted(
        str(page.relative_to(DOCS).as_posix()) for page in DOCS.rglob("*.md")
    )


def test_the_reference_has_a_page_for_each_stage():
    pages = " ".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    stages = {path.parent.name for path in (ROOT / "mpsurvey").glob("*/__init__.py")}
    stages -= {"cli"}  # the command has a page of its own: reference/command.md
    assert stages == {stage for stage in stages if f"::: mpsurvey.{stage}\n" in pages}


def test_every_public_name_is_documented():
    for name in mp.__all__:
        thing = getattr(mp, name)
        assert (thing.__doc__ or "").strip(), name


def test_links_of_the_readme_and_the_pages_lead_somewhere():
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    for page in [*pages, *DOCS.rglob("*.md")]:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def hook(name):
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / "hooks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_formulas_of_docstrings_become_those_of_pages():
    pytest.importorskip("griffe", reason="the extra 'docs' is not installed")
    told = """Say.

    .. math:: a = b,
              c

    .. math::

        d = \\frac{1}{2}

    With :math:`x` and ``code``.
"""
    assert hook("docstrings").as_markdown(told).split() == [
        "Say.", "$$", "a", "=", "b,", "c", "$$", "$$", "d", "=", r"\frac{1}{2}", "$$",
        "With", "$x$", "and", "`code`.",
    ]  # fmt: skip


def test_the_page_of_the_command_has_every_verb():
    pytest.importorskip("latex2mathml", reason="the extra 'docs' is not installed")
    pages = hook("pages")
    told = pages.on_page_markdown(pages.COMMAND)
    for verb in ("demo", "inspect", "estimate", "modules list"):
        assert f"## `mpsurvey {verb}`" in told
    formula = r'<span class="arithmatex">\(a &lt; b\)</span>'
    assert "<math" in pages.on_page_content(formula)


def test_the_site_builds_without_a_warning(tmp_path):
    for needed in ("mkdocs", "mkdocstrings", "material", "latex2mathml"):
        pytest.importorskip(needed, reason="the extra 'docs' is not installed")
    made = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--config-file",
         str(DOCS / "mkdocs.yml"), "--site-dir", str(tmp_path / "site")],
        capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    estimation = (tmp_path / "site/methods/estimation/index.html").read_text(encoding="utf-8")
    assert "<math" in estimation
    assert "arithmatex" not in estimation
