"""A made survey in which every question of every module was asked."""

from random import Random

import numpy as np
import pandas as pd

import mpsurvey as mp
from mpsurvey.harmonisation import Crosswalk, Linked, Mapped
from mpsurvey.questionnaire.interviews import interview

HOME = 268
ROSTERS = {"ab_roster": ("hh_id",), "ri_roster": ("hh_id",), "tr_roster": ("hh_id", "person_id")}

NATIONAL = {
    name: {"value": value, "unit": "units", "source": "Made up for a test", "year": 2026}
    for name, value in {
        "gdp": 1e9, "exports": 3e8, "oda": 1e7, "bop_rem": 5e7, "births": 900.0, "deaths": 500.0,
        "hw_stock": 4e3, "teach_stock": 9e3, "emig_dest": 2e4, "fx_mid": 1.5,
    }.items()
}  # fmt: skip


def flat(answer):
    return " ".join(map(str, answer)) if isinstance(answer, tuple) else answer


def asked(modules, hosts, seed):
    """Interview on several modules, each knowing what those before were told."""
    answers, rosters = {}, {}
    for module in modules:
        known = {name: {**hosts, **answers}.get(name) for name in module.hosts}
        held = interview(module, known, seed, home=HOME, unanswered=0.02)
        answers |= {q.name: held.answers.get(q.name) for q in module.questions if q.asks
                    and not q.roster}  # fmt: skip
        if module.roster is not None:
            rosters[module.roster.name] = [
                {name: flat(value) for name, value in row.items()} for row in held.rows
            ]
    return {name: flat(value) for name, value in answers.items()}, rosters


def make_frames(households=130):
    seed, numbers = Random(4), np.random.default_rng(4)  # noqa: S311 - a made survey
    modules = mp.load_catalogue().modules()
    of_household = [m for m in modules if m.unit == "household"]
    of_person = [m for m in modules if m.unit == "person"]
    of_child = [m for m in modules if m.unit == "child"]
    homes, people = [], []
    rosters = {name: [] for name in ROSTERS}
    for number in range(households):
        area, size = number // 5, int(numbers.integers(1, 6))
        cons = float(np.round(numbers.lognormal(9, 0.6)))
        home = {
            "hh_id": number, "psu": area, "stratum": area // 7 + 1, "region": area % 3 + 1,
            "urban": area % 2 + 1, "int_year": 2026, "int_month": 6, "hh_size": size,
            "weight": 20.0 + area % 5, "hh_cons": cons, "hh_inc": np.round(cons * 1.2),
            "pline": 3000.0,
        }  # fmt: skip
        answers, rows = asked(of_household, home, seed)
        homes.append(home | answers)
        for name, many in rows.items():
            rosters[name] += [{"hh_id": number, **row} for row in many]
        for line in range(1, size + 1):
            age = int(numbers.integers(0, 90)) if line > 1 else int(numbers.integers(18, 90))
            lfs = int(numbers.choice([1, 1, 2, 3])) if age >= 15 else None
            works = lfs == 1
            person = {
                "person_id": line, "sex": int(numbers.integers(1, 3)), "age": age,
                "rel_head": 1 if line == 1 else 3,
                "educ": int(numbers.integers(0, 9)) if age >= 25 else min(age // 6, 3),
                "attend": int(numbers.integers(1, 3)), "lfs": lfs,
                "isco1": int(numbers.integers(1, 10)) if works else None,
                "isic1": int(numbers.choice([1, 3, 16, 17])) if works else None,
                "icse": int(numbers.choice([2, 4, 4])) if works else None,
                "hours": float(numbers.integers(10, 60)) if works else None,
                "earn": float(numbers.integers(100, 900)) if works else None,
            }  # fmt: skip
            modules_here = of_person + (of_child if age <= 17 else [])
            answers, rows = asked(modules_here, home | person, seed)
            people.append({"hh_id": number, **person, **answers})
            for name, many in rows.items():
                rosters[name] += [{"hh_id": number, "person_id": line, **row} for row in many]
    frames = {"households": homes, **rosters}
    return pd.DataFrame(people), {name: pd.DataFrame(rows) for name, rows in frames.items()}


def harmonised():
    """The made survey, harmonised: persons with their households and rosters."""
    people, files = make_frames()
    walk = Crosswalk(
        id="made",
        home=HOME,
        files={
            "households": Linked(name="households", unit="household", key={"hh_id": "hh_id"}),
            **{
                name: Linked(name=name, unit="roster", key={one: one for one in key})
                for name, key in ROSTERS.items()
            },
        },
    )
    mapped = [Mapped(name=c, column=c) for c in people.columns]
    for name, frame in files.items():
        mapped += [
            Mapped(name=c, column=c, file=name)
            for c in frame.columns
            if c not in ("hh_id", "person_id")
        ]
    return mp.harmonise(people, walk.mapping(*mapped), files=files)
