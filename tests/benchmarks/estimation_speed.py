"""How long estimates take and how much memory, beside pandas, svy, samplics and R survey.

Run it by hand, on a machine that does nothing else::

    python tests/benchmarks/estimation_speed.py --rows 1000000

Each call is made a few times and the best time is printed; in brackets is the other's best over
ours, in the same run on the same data. svy is asked where ``MPSURVEY_SVY_PYTHON`` names a Python
that has it, R where ``Rscript`` is found and has survey (``MPSURVEY_R_LIB`` names its library).
pandas gives a weighted mean without a standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import mpsurvey as mp
from mpsurvey.catalogue import Indicator

HERE = Path(__file__).parent
DESIGN = mp.Design(weight="w", strata="h", psu="ea")
TARGETS = {
    "Sample": 0.3,
    "60 statistics x 8 breakdowns": 5.0,
    "500 bootstrap factors x 20 domains": 2.0,
    "median": 1.0,
    "Gini": 1.0,
}


def people(rows: int, seed: int = 1) -> pd.DataFrame:
    """2,000 PSUs in 50 strata, 20 domains, 10,000 domains, and eight breakdowns."""
    random = np.random.default_rng(seed)
    ea = random.integers(0, 2000, rows)
    frame = pd.DataFrame(
        {
            "w": random.random(rows) + 0.5,
            "h": ea % 50,
            "ea": ea,
            "y": random.normal(size=rows) + 3,
            "d": random.integers(0, 20, rows),
            "many": random.integers(0, 10_000, rows),
        }
    )
    for place in range(15):
        frame[f"y{place}"] = random.normal(size=rows) + place
    for place, groups in enumerate((2, 2, 3, 4, 5, 8, 10, 20)):
        frame[f"b{place}"] = random.integers(0, groups, rows)
    frame["group"] = (random.random(rows) < 0.03).astype(np.int64)
    return frame


def with_replicates(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Some of the rows, with 80 replicate weights."""
    random = np.random.default_rng(2)
    kept = frame.loc[: rows - 1, ["w", "y", "d"]]
    weights = kept["w"].to_numpy()[:, None] * random.uniform(0.5, 1.5, (len(kept), 80))
    names = [f"r{place}" for place in range(1, 81)]
    return pd.concat([kept, pd.DataFrame(weights, columns=names)], axis=1)


def best(call: Callable[[], object], times: int = 5) -> float:
    """Best time of several calls, in seconds."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return min(found)


def fresh(frame: pd.DataFrame, design: mp.Design = DESIGN) -> mp.Sample:
    """A sample that remembers nothing yet."""
    return mp.Sample(frame, design)


def sixty_by_eight(frame: pd.DataFrame) -> None:
    """60 statistics by each of 8 breakdowns, one verb at a time."""
    sample = fresh(frame)
    for place in range(8):
        by = f"b{place}"
        for k in range(15):
            mp.total(sample, f"y{k}", by=by)
            mp.mean(sample, f"y{k}", by=by)
            mp.ratio(sample, f"y{k}", f"y{(k + 1) % 15}", by=by)
            mp.share(sample, "group", of=f"y{k}", by=by)


def in_one_call(frame: pd.DataFrame) -> None:
    """The same as a table of 60 indicators."""
    nothing: dict[str, str] = {}
    indicators = [
        Indicator(f"{statistic}_{k}", "1.0.0", "speed", {"en": statistic}, nothing, statistic,
                  asked, {"en": "units"}, nothing)
        for k in range(15)
        for statistic, asked in {
            "total": {"variable": f"y{k}"},
            "mean": {"variable": f"y{k}"},
            "ratio": {"numerator": f"y{k}", "denominator": f"y{(k + 1) % 15}"},
            "share": {"group": "group", "of": f"y{k}"},
        }.items()
    ]  # fmt: skip
    breakdowns = [f"b{place}" for place in range(8)]
    table = mp.tabulate(fresh(frame), indicators, by=breakdowns, whole=False)
    assert len(table.frame) == 60 * (2 + 2 + 3 + 4 + 5 + 8 + 10 + 20)


def first_asked(frame: pd.DataFrame, call: Callable[[mp.Sample], object], times: int = 5) -> float:
    """Best time of a call to a sample that has not been asked before."""
    samples = [fresh(frame) for _ in range(times)]
    return best(lambda: call(samples.pop()), times)


def ours(frame: pd.DataFrame, replicated: pd.DataFrame) -> dict[str, float]:
    """Seconds of mpsurvey."""
    sample = fresh(frame)
    mp.mean(sample, "y", by="d")
    boot = mp.add_replicates(sample, mp.Bootstrap(replicates=500, seed=1))
    design = mp.Design(weight="w", replicates=mp.SuccessiveDifference("r*"))
    file = mp.Sample(replicated, design)
    return {
        "Sample": best(lambda: fresh(frame)),
        "mean x 20 domains, first": first_asked(frame, lambda s: mp.mean(s, "y", by="d")),
        "mean x 20 domains, again": best(lambda: mp.mean(sample, "y0", by="d")),
        "mean x 10,000 domains": first_asked(frame, lambda s: mp.mean(s, "y", by="many"), 2),
        "60 statistics x 8 breakdowns": best(lambda: in_one_call(frame), 1),
        "the same, one verb at a time": best(lambda: sixty_by_eight(frame), 1),
        "80 file replicates x 20 domains": best(lambda: mp.mean(file, "y", by="d"), 3),
        "500 bootstrap factors, made": best(
            lambda: mp.add_replicates(sample, mp.Bootstrap(replicates=500, seed=1)), 2
        ),
        "500 bootstrap factors x 20 domains": best(lambda: mp.mean(boot, "y1", by="d"), 3),
        "median": first_asked(frame, lambda s: mp.quantile(s, "y"), 3),
        "median x 20 domains": first_asked(frame, lambda s: mp.quantile(s, "y", by="d"), 3),
        "Gini": first_asked(frame, lambda s: mp.gini(s, "y"), 3),
    }


def of_pandas(frame: pd.DataFrame) -> dict[str, float]:
    """Seconds of a weighted mean by group, without a standard error."""

    def means(by: str) -> pd.Series:
        sums = frame.assign(wy=frame.w * frame.y).groupby(by)[["wy", "w"]].sum()
        return sums.wy / sums.w

    twenty = best(lambda: means("d"))
    return {
        "mean x 20 domains, first": twenty,
        "mean x 20 domains, again": twenty,
        "mean x 10,000 domains": best(lambda: means("many")),
    }


def of_samplics(frame: pd.DataFrame) -> dict[str, float]:
    """Seconds of samplics' TaylorEstimator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it is no longer maintained
        from samplics.estimation import TaylorEstimator
        from samplics.utils.types import PopParam

    columns = {name: frame[name].to_numpy() for name in ("w", "h", "ea", "y", "d")}

    def means() -> object:
        return TaylorEstimator(PopParam.mean).estimate(
            y=columns["y"],
            samp_weight=columns["w"],
            stratum=columns["h"],
            psu=columns["ea"],
            domain=columns["d"],
        )

    return {"mean x 20 domains, first": best(means, 1)}


def elsewhere(command: list[str], folder: Path) -> dict[str, float] | str:
    """Seconds that another program prints as JSON, or why there are none."""
    try:
        done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=True)
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        return said.strip().splitlines()[-1]


def of_others(frame: pd.DataFrame, replicated: pd.DataFrame) -> dict[str, dict[str, float] | str]:
    """Seconds of svy and of R survey, each asked in a process of its own."""
    found: dict[str, dict[str, float] | str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = ["w", "h", "ea", "y", "d"]
        frame[kept].to_parquet(folder / "people.parquet")
        replicated.to_parquet(folder / "replicated.parquet")
        for table, label in ((frame[kept], "people"), (replicated, "replicated")):
            table.to_numpy(dtype=np.float64).T.tofile(folder / f"{label}.bin")
        svy = os.environ.get("MPSURVEY_SVY_PYTHON")
        found["svy"] = (
            elsewhere([svy, str(HERE / "estimation_speed_svy.py")], folder)
            if svy
            else "not asked: MPSURVEY_SVY_PYTHON names no Python that has svy"
        )
        found["R survey"] = (
            elsewhere(["Rscript", str(HERE / "estimation_speed.R")], folder)
            if shutil.which("Rscript")
            else "not asked: there is no Rscript"
        )
    return found


MEMORY = """
import gc, sys
sys.path.insert(0, {here!r})
from estimation_speed import DESIGN, mp, people
frame = people({rows})[["w", "h", "ea", "y", "d"]].copy()
mp.mean(mp.Sample(frame[:100_000], DESIGN), "y", by="d")  # what is imported and made once

def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

gc.collect()
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")
before, used = status("VmRSS"), 8 * frame.size
sample = mp.Sample(frame, DESIGN)
born = status("VmHWM") - before
found = {call}
print(born / used, (status("VmHWM") - before) / used)
"""


def memory(rows: int) -> dict[str, tuple[float, float]]:
    """Peak memory beyond the frame, over the bytes of the columns used: of the sample, of all."""
    calls = {
        "mean x 20 domains": 'mp.mean(sample, "y", by="d")',
        "median": 'mp.quantile(sample, "y")',
        "Gini": 'mp.gini(sample, "y")',
        "500 bootstrap factors x 20 domains": (
            'mp.mean(mp.add_replicates(sample, mp.Bootstrap(replicates=500)), "y", by="d")'
        ),
    }
    found = {}
    for name, call in calls.items():
        code = MEMORY.format(here=str(HERE), rows=rows, call=call)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        if done.returncode == 0:
            born, whole = map(float, done.stdout.split())
            found[name] = (born, whole)
        else:
            print(f"memory of {name}: not measured ({done.stderr.strip().splitlines()[-1]})")
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--alone", action="store_true", help="ask no other program")
    given = parser.parse_args()
    frame = people(given.rows)
    replicated = with_replicates(frame, max(given.rows // 5, 1))
    mine = ours(frame, replicated)
    others: dict[str, dict[str, float] | str] = {"pandas": of_pandas(frame)}
    if not given.alone:
        others["samplics"] = of_samplics(frame)
        others |= of_others(frame, replicated)
    asked = {name: found for name, found in others.items() if isinstance(found, dict)}
    print(f"{given.rows:,} rows, 2,000 PSUs, 50 strata; seconds, and the others' over ours")
    head = "".join(f"{name:>20}" for name in asked)
    print(f"{'':36}{'mpsurvey':>10}{'target':>8}{head}")
    for name, seconds in mine.items():
        row = ""
        for found in asked.values():
            other = found.get(name)
            row += " " * 20 if other is None else f"{f'{other:.3f} ({other / seconds:.1f}x)':>20}"
        target = f"{TARGETS[name]:g}" if name in TARGETS else ""
        print(f"{name:36}{seconds:10.4f}{target:>8}{row}")
    for name, found in others.items():
        if isinstance(found, str):
            print(f"{name}: {found}")
    print("\npeak memory beyond the data, in sizes of the five columns used (sample alone, all)")
    for name, (born, whole) in memory(given.rows).items():
        print(f"{name:36}{born:10.2f}{whole:8.2f}")


if __name__ == "__main__":
    main()
