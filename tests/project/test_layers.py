"""A folder is a stage; stages import backwards only; samplics stays behind its seam."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "mpsurvey"
ALWAYS = {"errors", "rule", "declaration"}
MAY_IMPORT = {
    "catalogue": set(),
    "microdata": set(),
    "planning": set(),
    "questionnaire": {"catalogue"},
    "harmonisation": {"catalogue", "microdata"},
    "design": {"catalogue", "microdata"},
    "estimation": {"design", "microdata"},
    "impact": {"estimation", "design"},
    "tabulation": {"catalogue", "microdata", "design", "estimation", "impact"},
    "publication": {"catalogue", "tabulation"},
    "profile": None,
    "cli": None,
    "__init__": None,
    "errors": set(),
    "declaration": set(),
    "rule": set(),
}
SEAMS = {PACKAGE / "design" / "samplics_engine.py", PACKAGE / "planning" / "samplics_engine.py"}
FILES = sorted(PACKAGE.rglob("*.py"))


def imported(path):
    """Names of the modules that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            if node.module == "mpsurvey":
                yield from (f"mpsurvey.{alias.name}" for alias in node.names)


def stage_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_stage_imports_only_earlier_stages(path):
    allowed = MAY_IMPORT[stage_of(path)]
    stages = {name.split(".")[1] for name in imported(path) if name.startswith("mpsurvey.")}
    stages -= ALWAYS | {stage_of(path)}
    if allowed is not None:
        # The public names themselves (`from mpsurvey import __version__`) are no stage.
        stages = {stage for stage in stages if stage in MAY_IMPORT}
        assert stages <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_samplics_is_imported_by_the_seams_only(path):
    if any(name.split(".")[0] == "samplics" for name in imported(path)):
        assert path in SEAMS


def test_no_drawer_and_no_module_named_like_a_function():
    import mpsurvey

    names = {path.stem for path in FILES} | {path.parent.name for path in FILES}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}
    functions = {name for name in mpsurvey.__all__ if callable(getattr(mpsurvey, name))}
    assert not names & functions


def test_import_is_light_and_silent():
    import subprocess
    import sys

    heavy = "samplics altair great_tables pyxform pycountry docx polars typer rich xlsxwriter"
    heavy += " vl_convert pysdmx markdown_it"
    code = (
        f"import sys, mpsurvey\nprint([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert (run.stdout.strip(), run.stderr) == ("[]", "")
