"""Every example of the pages below runs, in order, and prints what the page says it prints."""

import ast
import doctest
import gc
import io
import os
import re
import shlex
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from mpsurvey.cli import app
from mpsurvey.errors import MpsurveyError

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "docs/index.md",
    "docs/from-stata-r-spss.md",
    "docs/how-to/big-data.md",
    "docs/how-to/charts.md",
    "docs/how-to/estimate.md",
    "docs/how-to/harmonise.md",
    "docs/how-to/indicators.md",
    "docs/how-to/machine-formats.md",
    "docs/how-to/plausible-values.md",
    "docs/how-to/quality-and-disclosure.md",
    "docs/how-to/regression.md",
    *sorted(f"docs/tutorials/{page.name}" for page in (ROOT / "docs/tutorials").glob("*.md")),
    "docs/methods/estimation.md",
    "docs/methods/replication.md",
    "docs/methods/impact.md",
    "docs/methods/snapshot.md",
]
ENGINES = ("dask", "duckdb", "ibis", "polars", "pyspark")
SERVER = "postgresql:///census"  # what the pages call it; MPSURVEY_POSTGRES says where it is
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass
class Block:
    language: str
    text: str
    line: int
    end: int
    follows: bool


def blocks(page):
    """Fenced blocks; a block of text that comes right after code is what the code prints."""
    last, found = 0, []
    for fence in FENCE.finditer(page):
        follows = bool(found) and not page[last : fence.start()].strip()
        line = page[: fence.start()].count("\n") + 2
        found.append(Block(fence[1], fence[2], line, fence.end(), follows))
        last = fence.end()
    return found


def absent(text):
    """What a block needs and this machine has not: an engine, Java, a server."""
    for name in ENGINES:
        if re.search(rf"^(?:import|from) {name}\b", text, re.MULTILINE) and not find_spec(name):
            return name
    if "pyspark" in text and shutil.which("java") is None:
        return "Java"
    if SERVER in text and not (os.environ.get("MPSURVEY_POSTGRES") and find_spec("psycopg")):
        return "PostgreSQL"
    return None


def serve(text):
    """Bring the page's file to where its block finds it: a table in the tests' own server.

    Java keeps the folder that it was started in, maybe by another page: it needs the whole path.
    """
    if "pyspark" in text:
        return text.replace('"persons.parquet"', repr(str(Path("persons.parquet").resolve())))
    if SERVER not in text:
        return text
    import ibis
    import psycopg

    address = os.environ["MPSURVEY_POSTGRES"]
    rows = pq.read_table("persons.parquet")
    with psycopg.connect(address) as once:
        once.execute("drop table if exists persons")
    server = ibis.connect(address)
    plain = [name for name in rows.column_names if not name.endswith("@missing")]
    server.create_table("persons", rows.select(plain))
    server.disconnect()
    return text.replace(SERVER, address)


def run_python(text, names, place):
    """Run a block; like a notebook, it shows its last expression."""
    tree = ast.parse(text, place)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(tree, place, "exec"), names)  # noqa: S102 - our own pages
        if last is not None:
            shown = eval(compile(ast.Expression(last.value), place, "eval"), names)  # noqa: S307
            if shown is not None:
                print(repr(shown))
    return said.getvalue()


def run_console(text):
    said = []
    lines = text.replace("\\\n", " ").splitlines()
    for line in (part for whole in lines for part in whole.removeprefix("$").split("&&")):
        words = shlex.split(line, comments=True)
        if words[:1] != ["mpsurvey"]:
            continue
        result = CliRunner().invoke(app, words[1:], terminal_width=100)
        assert result.exit_code == 0, (line, result.output, result.exception)
        said.append(result.output)
    return "".join(said)


# Dask's support moves out of narwhals, and Dask and Spark are not yet at home in pandas 3; they and
# connections that a page leaves open are closed when the interpreter finds time for it.
@pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")
@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")
@pytest.mark.filterwarnings("ignore:PySpark does not yet:FutureWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("place", PAGES)
def test_a_page(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    names = {"__name__": "__main__"}
    said, ran, left_out = "", 0, []
    for block in blocks((ROOT / place).read_text(encoding="utf-8")):
        here = f"{place}:{block.line}"
        if block.language == "python":
            lacking = absent(block.text)
            if lacking:
                left_out.append(f"{lacking} is not here, line {block.line}")
                said = None
                continue
            said, ran = run_python(serve(block.text), names, here), ran + 1
        elif block.language == "console":
            said, ran = run_console(block.text), ran + 1
        elif block.language == "text" and block.follows and said is not None:
            same = doctest.OutputChecker().check_output(block.text, said, SAME)
            assert same, f"{here} prints\n{said}\nand the page says\n{block.text}"
    assert ran or place.startswith(("docs/index", "docs/methods")), f"{place} has no examples"
    names.clear()
    gc.collect()  # closes what the page opened, while its warnings are expected
    if left_out:
        pytest.skip(f"{place} ran without some examples: {'; '.join(left_out)}")


def test_every_block_of_code_is_found():
    """A fence that is indented or misspelt would be left out in silence."""
    for place in PAGES:
        page = (ROOT / place).read_text(encoding="utf-8")
        opened = len(re.findall(r"^\s*```(?:python|console)", page, re.MULTILINE))
        ran = [block for block in blocks(page) if block.language in ("python", "console")]
        assert len(ran) == opened, place


def test_a_page_that_lies_is_caught(tmp_path):
    with pytest.raises(MpsurveyError):
        run_python("import mpsurvey as mp\nmp.read('absent.sav')", {}, "page")
    assert run_python("1 + 1", {}, "page") == "2\n"
    assert not doctest.OutputChecker().check_output("3\n", "2\n", SAME)
