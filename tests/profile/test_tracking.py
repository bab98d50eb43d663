"""Changes between rounds: Holm's adjustment, verdicts, and nothing that tells a withheld figure."""

import numpy as np
import pandas as pd
import pytest

from mpsurvey.profile.tracking import judged, revisions


def changes(p, change=None, breakdown=""):
    size = len(p)
    return pd.DataFrame(
        {
            "indicator": [f"A{i:02d}" for i in range(size)],
            "breakdown": breakdown,
            "change": [1.0] * size if change is None else change,
            "p": p,
        }
    )


def test_holm_is_the_textbook_s():
    # Holm's own steps: 0.01 <= .05/4, 0.013 <= .05/3, 0.03 > .05/2, so two are significant
    made = judged(changes([0.03, 0.01, 0.5, 0.013]))
    assert made["significant"].tolist() == [False, True, False, True]


def test_holm_keeps_the_chance_of_any_false_alarm():
    rng = np.random.default_rng(1)
    alarms = sum(judged(changes(rng.random(20)))["significant"].any() for _ in range(1500))
    assert alarms / 1500 == pytest.approx(0.05, abs=0.02)


def test_families_do_not_touch_each_other():
    first, second = changes([0.04]), changes([0.04], breakdown="sex")
    made = judged(pd.concat([first, second], ignore_index=True))
    assert made["significant"].tolist() == [True, True]


def test_verdicts():
    made = judged(changes([0.001, 0.001, 0.9, np.nan], [2.0, -2.0, 5.0, np.nan]))
    assert made["verdict"].tolist() == ["up", "down", "no clear change", "withheld"]


def test_revisions_are_found_and_rounding_is_not():
    now = pd.DataFrame({"indicator": ["A", "B"], "breakdown": "", "round": "2022",
                        "estimate": [0.5, 0.25]})  # fmt: skip
    before = now.assign(estimate=[0.4, 0.25 + 1e-10])
    found = revisions(now, before)
    assert found["indicator"].tolist() == ["A"]
    assert found[["published", "now"]].to_numpy().tolist() == [[0.4, 0.5]]
