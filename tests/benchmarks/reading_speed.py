"""Seconds and memory of reading an SPSS file of 300,000 rows and 53 columns, beside pyreadstat.

``python tests/benchmarks/reading_speed.py``; ``--rows`` for another size, ``--file`` for a .sav of
your own. Seconds are of the processor, all threads together; each reader runs in a process of its
own, which has read a file of 100 rows before, and the least of several turns counts. Memory is what
the process holds at most above what it holds before reading, in units of the frame that comes out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

sys.path.insert(0, str(Path(__file__).parents[1]))
from spss_packing import packed

FOUR = ["age", "sex", "weight", "income"]

MEASURE = """
import json, sys, threading, time
import psutil
import numpy, pandas, pyreadstat
import mpsurvey as mp
from mpsurvey.microdata import convert_file
path, small, what = sys.argv[1:]
columns = {four!r}
pyreadstat.read_sav(small)  # what is imported and compiled at a first call
mp.read(small)
process = psutil.Process()
before = peak = process.memory_info().rss
done = False
def watch():
    global peak
    while not done:
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.002)
watcher = threading.Thread(target=watch)
if what.endswith("memory"):
    watcher.start()
wall, processor = time.perf_counter(), time.process_time()
if what.startswith("pyreadstat"):
    frame, _ = pyreadstat.read_sav(path)
elif what.startswith("four"):
    frame = mp.read(path, columns=columns).frame
elif what.startswith("scan"):
    frame = mp.scan(path).frame.select(columns).collect()
elif what.startswith("convert"):
    convert_file(path, path + ".parquet")
    frame = None
else:
    frame = mp.read(path).frame
wall, processor = time.perf_counter() - wall, time.process_time() - processor
done = True
size = frame.memory_usage(deep=True).sum() if hasattr(frame, "memory_usage") else 0
print(json.dumps(dict(wall=wall, processor=processor, frame=int(size), held=peak - before)))
"""


def survey(rows: int) -> tuple[pd.DataFrame, dict[str, object]]:
    """Persons with 53 answers as surveys have them: codes, a few amounts, dates, short texts."""
    random = np.random.default_rng(1)
    frame: dict[str, object] = {
        "hh_id": 100_000.0 + np.arange(rows) // 4,
        "weight": np.round(np.exp(random.normal(5, 0.6, rows)), 4),
        "age": random.integers(0, 96, rows).astype(float),
        "sex": random.integers(1, 3, rows).astype(float),
        "region": random.choice(np.array(["GE-TB", "GE-AJ", "GE-IM", "GE-KA"], object), rows),
        "occupation": np.where(
            random.random(rows) < 0.5,
            "",
            random.integers(1000, 9999, rows).astype(str).astype(object),
        ),
        "interviewed": 13.6e9 + random.integers(0, 300, rows) * 86_400.0,
        "income": np.where(
            random.random(rows) < 0.4,
            np.nan,
            np.round(np.exp(random.normal(7, 0.8, rows)), 2),
        ),
        "hours": np.where(random.random(rows) < 0.5, np.nan, random.integers(1, 90, rows)),
    }
    labels: dict[str, dict[float, str]] = {"sex": {1: "Man", 2: "Woman"}}
    missing: dict[str, list[object]] = {"age": [99.0]}
    frame["income"] = np.where(random.random(rows) < 0.05, 999_999.0, frame["income"])
    missing["income"] = [999_998.0, 999_999.0]
    labels["income"] = {999_998: "Does not know", 999_999: "Refused"}
    for k in range(53 - len(frame)):
        name = f"q{k + 1}"
        answers = random.integers(1, 4 + k % 7, rows).astype(float)
        answers[random.random(rows) < 0.25] = np.nan
        answers[random.random(rows) < 0.03] = 98
        answers[random.random(rows) < 0.02] = 99
        frame[name] = answers
        labels[name] = {code: f"Answer {code}" for code in range(1, 4 + k % 7)}
        labels[name] |= {98: "Does not know", 99: "Refused"}
        missing[name] = [98.0, 99.0] if k % 3 else [{"lo": 97.0, "hi": 99.0}]
    said = {
        "variable_value_labels": labels,
        "missing_ranges": missing,
        "column_labels": {name: f"Question about {name}" for name in frame},
        "variable_format": {"interviewed": "DATE11", "age": "F3.0", "sex": "F1.0"},
    }
    return pd.DataFrame(frame), said


def measured(path: Path, small: Path, what: str) -> dict[str, float]:
    code = MEASURE.replace("{four!r}", repr(FOUR))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(path), str(small), what],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=300_000)
    asked.add_argument("--turns", type=int, default=5)
    asked.add_argument("--file", type=Path)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.file or Path(folder) / "survey.sav"
        small = Path(folder) / "small.sav"
        few, said = survey(100)
        pyreadstat.write_sav(few, small, **said)
        if given.file is None:
            frame, said = survey(given.rows)
            pyreadstat.write_sav(frame, path, **said)
            path.write_bytes(packed(path.read_bytes()))
            print(f"{len(frame):,} rows, {len(frame.columns)} columns, {path.stat().st_size:,} B")
        kinds = ["pyreadstat", "whole", "four", "scan", "convert"]
        turns = {kind: [measured(path, small, kind) for _ in range(given.turns)] for kind in kinds}
        least = {
            kind: {unit: min(one[unit] for one in turns[kind]) for unit in ("wall", "processor")}
            for kind in kinds
        }
        names = {
            "pyreadstat": "pyreadstat.read_sav, the whole",
            "whole": "mp.read, the whole",
            "four": "mp.read, 4 columns",
            "scan": "mp.scan, 4 columns collected",
            "convert": "convert to parquet",
        }
        reference = least["pyreadstat"]
        print(f"{'':32}{'processor':>10}{'times faster':>14}{'wall':>8}{'times faster':>14}")
        for kind, name in names.items():
            one = least[kind]
            print(
                f"{name:32}{one['processor']:9.2f}s"
                f"{reference['processor'] / one['processor']:14.1f}"
                f"{one['wall']:7.2f}s{reference['wall'] / one['wall']:14.1f}"
            )
        one = measured(path, small, "convert memory")
        print(f"{'convert memory':32}{one['held'] / 1e6:8.0f} MB")
        for kind in ("pyreadstat memory", "whole memory", "four memory"):
            one = measured(path, small, kind)
            print(
                f"{kind:32}{one['held'] / 1e6:8.0f} MB for a frame of {one['frame'] / 1e6:.0f} MB: "
                f"{one['held'] / one['frame']:.2f} times"
            )


if __name__ == "__main__":
    main()
