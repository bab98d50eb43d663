"""Every golden file comes out of its script again."""

from __future__ import annotations

import csv
import functools
import math
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "r"
NOT_GOLDEN = {"golden.R", "run_all.R", "export_data.R", "export_replicates.R"}
SCRIPTS = sorted(path.stem for path in GOLDENS.glob("*.R") if path.name not in NOT_GOLDEN)
NEEDS = {
    "poverty": "convey",
    "change_overlap": "ReGenesees",
    "planning_selection": "sampling",
    "planning_practools": "bethel",
    "planning_regenesees": "ReGenesees",
    "pisa": "haven",
}
SHARED = ROOT.parent / "shared" / "data"
FILES = {"pisa": SHARED / "pisa2003_nld" / "pisa2003_nld_reexport.sav"}

# R on another machine links another BLAS: sums come in another order, iterations stop elsewhere.
# 1e-8 is far below anything a golden number is used for and far above that noise; what should be
# zero is noise relative to its own row.
RTOL = 1e-8
NOISE = 1e-12


def r_says(expression: str) -> str:
    program = (
        'folder <- Sys.getenv("MPSURVEY_R_LIB");'
        "if (nzchar(folder)) .libPaths(c(folder, .libPaths()));" + expression
    )
    done = subprocess.run(
        ["Rscript", "-e", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return done.stdout.strip()


@functools.cache
def version_of(package: str) -> tuple[int, ...]:
    if shutil.which("Rscript") is None:
        return ()
    told = r_says(
        f'if (requireNamespace("{package}", quietly = TRUE)) '
        f'cat(as.character(packageVersion("{package}")))'
    )
    words = told.split()
    return tuple(int(part) for part in words[-1].replace("-", ".").split(".")) if words else ()


def number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def differences(want: Path, got: Path) -> list[str]:
    with want.open(newline="") as one, got.open(newline="") as other:
        left, right = list(csv.reader(one)), list(csv.reader(other))
    if len(left) != len(right):
        return [f"{want.name}: {len(left)} rows in the repository, {len(right)} now"]
    found = []
    for line, (row, now) in enumerate(zip(left, right, strict=True), start=1):
        scale = max((abs(x) for cell in row if (x := number(cell)) and math.isfinite(x)), default=0)
        for cell, new in zip(row, now, strict=True):
            a, b = number(cell), number(new)
            if a is None or b is None or not math.isfinite(a):
                same = cell == new
            else:
                same = abs(a - b) <= RTOL * abs(a) + NOISE * scale
            if not same:
                found.append(f"{want.name}, line {line}: {cell!r} in the repository, {new!r} now")
    return found


@pytest.mark.against_r
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_makes_its_golden_files_again(script: str, tmp_path: Path) -> None:
    if not version_of("survey"):
        pytest.skip("Rscript with the package survey is not installed")
    if version_of("survey") < (4, 5) and script != "planning_selection":
        pytest.skip("survey 4.5 is not installed; name its library in MPSURVEY_R_LIB")
    if script in FILES and not FILES[script].exists():
        pytest.skip(f"{FILES[script].name} is not in ../shared/data")
    if script in NEEDS and not version_of(NEEDS[script]):
        pytest.skip(f"the R package {NEEDS[script]} is not installed")
    done = subprocess.run(
        ["Rscript", f"tests/r/{script}.R"],
        cwd=ROOT,
        env={**os.environ, "GOLDEN_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = sorted(tmp_path.glob("*.csv"))
    assert made, f"{script}.R wrote nothing"
    problems = [problem for path in made for problem in differences(GOLDENS / path.name, path)]
    assert not problems, "\n".join(problems[:20])


def test_every_golden_file_is_claimed_by_a_script() -> None:
    orphans = [
        path.name
        for path in GOLDENS.glob("*.csv")
        if not any(path.stem == s or path.stem.startswith(f"{s}_") for s in SCRIPTS)
        and not path.stem.startswith("planning_")
    ]
    assert not orphans
