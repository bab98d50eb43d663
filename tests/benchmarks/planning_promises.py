"""Are the CVs promised by a plan those of the estimates? 1,500 two-stage samples, 2 minutes.

Run: python tests/benchmarks/planning_promises.py [draws]
"""

import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from mpsurvey.planning import draw

country = runpy.run_path(str(Path(__file__).parents[1] / "planning" / "conftest.py"))
frame = country["make_households"]()
plan = country["plan_for"](frame)
stages = country["stages_of"](plan)
promised = plan.expected.set_index("figure")["cv"]
found = []
for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1500):
    rows = draw(frame, stages, seed=seed).frame
    row = []
    for name in promised.index:
        variable, _, group = name.partition(" ")
        part = rows[rows[group]] if group else rows
        row.append(np.average(part[variable], weights=part["base_weight"]))
    found.append(row)
spread = pd.DataFrame(found, columns=promised.index)
table = pd.DataFrame({"promised": promised, "found": spread.std() / spread.mean()})
table["ratio"] = table["found"] / table["promised"]
print(table.round(4))
worst = (table["ratio"] - 1).abs().max()
print(f"{len(spread)} samples; farthest from the promise: {worst:.1%}")
sys.exit(int(worst > 0.10))
