"""The wheel holds every YAML file that git tracks, and works where it is installed."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def tracked_yaml():
    listed = subprocess.run(
        ["git", "ls-files", "modules", "weights"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode:  # an unpacked archive: everything that lies there
        folders = (ROOT / "modules", ROOT / "weights")
        names = [path for folder in folders for path in folder.rglob("*.yaml")]
        return [path.relative_to(ROOT).as_posix() for path in names]
    return [name for name in listed.stdout.split() if name.endswith(".yaml")]


def test_every_tracked_yaml_is_in_the_wheel(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    missing = [name for name in tracked_yaml() if f"mpsurvey/_library/{name}" not in inside]
    assert not missing


def test_what_the_package_reads_beside_its_code_is_in_the_wheel(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    beside = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "mpsurvey").rglob("*")
        if path.suffix in (".yaml", ".css", ".js", ".md")
    ]
    assert len(beside) > 20
    assert not [name for name in beside if name not in inside]


def test_the_wheel_works_elsewhere(wheel, tmp_path):
    # The dependencies come from this environment; the package itself only from the wheel.
    venv.create(tmp_path / "env", with_pip=True, system_site_packages=False)
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)],
        check=True,
    )
    site = subprocess.run(
        [sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    code = (
        "import sys; sys.path.append(sys.argv[1])\n"
        "import mpsurvey as mp, pandas as pd\n"
        "assert 'env' in mp.__file__, mp.__file__\n"
        "people = pd.DataFrame({'w': [1.0, 2, 3, 4], 'ea': [1, 1, 2, 2], 'y': [1, 2, 3, 4]})\n"
        "sample = mp.Sample(people, mp.Design(weight='w', psu='ea'))\n"
        "print(float(mp.mean(sample, 'y').frame.estimate[0]))"
    )
    run = subprocess.run(
        [python, "-c", code, site], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "3.0"
