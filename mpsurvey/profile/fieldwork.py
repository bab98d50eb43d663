"""From a round's files to samples: read, brought to the modules' names, weighted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey import harmonisation, microdata
from mpsurvey.catalogue import Catalogue
from mpsurvey.declaration import Design
from mpsurvey.design import Sample, design_preset, weight
from mpsurvey.design.weighting import find_recipe
from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation import Harmonised
from mpsurvey.harmonisation.outcome import design_columns
from mpsurvey.microdata import Microdata, Variable
from mpsurvey.profile.study import ROW_KINDS, GroupVariable, Round, Rows, wording

__all__ = ["Fieldwork", "prepare_round"]

ROSTERS = {"ab_roster": "absent", "ri_roster": "sender", "tr_roster": "trip"}
"""The modules' rosters and what a row of each is."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fieldwork:
    """What came back from a round, ready for figures.

    Attributes
    ----------
    samples
        By the indicators' word for rows: person, household, absent.
    reports
        What harmonising found, by kind of row.
    diaries
        What each weighting step did, by kind of row.
    designs
        The designs in words, by kind of row.
    """

    round: str
    samples: Mapping[str, Sample]
    reports: Mapping[str, Any] = field(default_factory=dict)
    diaries: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


def prepare_round(
    one: Round,
    catalogue: Catalogue,
    *,
    groups: Mapping[str, GroupVariable],
    language: str = "en",
) -> Fieldwork:
    """Read, harmonise and weight the files of a round.

    Raises
    ------
    MpsurveyError
        What is wrong in files, crosswalks, designs or weights, with the round's place in front.
    """
    try:
        return _prepared(one, catalogue, groups, language)
    except MpsurveyError as error:
        raise MpsurveyError(f"{one.place}: {problem}" for problem in error.problems) from error


def _prepared(
    one: Round, catalogue: Catalogue, groups: Mapping[str, GroupVariable], language: str
) -> Fieldwork:
    further = {name: microdata.read(path, encoding=one.encoding)
               for name, path in one.files.items()}  # fmt: skip
    samples: dict[str, Sample] = {}
    reports: dict[str, Any] = {}
    main = one.rows[one.main]
    data = _harmonised(main, one, catalogue, further, language)
    reports[one.main] = data.report
    grouped = _with_groups(data, groups, language, one.home)
    sample = _sample(main, grouped)
    samples[ROW_KINDS[one.main]] = sample
    weighted = sample.data
    if one.main == "persons" and "hh_id" in data.variables and "households" not in _own(one):
        homes = weighted.at_households()
        rows = one.rows.get("households", Rows(kind="households"))
        samples["household"] = _derived(rows, homes, sample)
    for name, kind in ROSTERS.items():
        if name in data.rosters and kind not in _own(one):
            rows = one.rows.get(_file_of(kind), Rows(kind=_file_of(kind)))
            roster = _with_weight(_with_groups(data.rosters[name], groups, language, one.home),
                                  weighted, sample)  # fmt: skip
            samples[kind] = _derived(rows, roster, sample)
    for kind in _own(one):
        rows = one.rows[kind]
        own = _harmonised(rows, one, catalogue, {}, language)
        reports[kind] = own.report
        samples[ROW_KINDS[kind]] = _sample(rows, _with_groups(own, groups, language, one.home))
    return Fieldwork(
        round=one.id,
        samples=samples,
        reports=reports,
        diaries={kind: each.diary for kind, each in samples.items() if each.diary},
    )


def _own(one: Round) -> tuple[str, ...]:
    """Kinds with a file and a crosswalk of their own, besides the main one."""
    return tuple(k for k, rows in one.rows.items() if k != one.main and rows.file is not None)


def _file_of(kind: str) -> str:
    return next(name for name, word in ROW_KINDS.items() if word == kind)


def _harmonised(
    rows: Rows, one: Round, catalogue: Catalogue, further: Mapping[str, Any], language: str
) -> Harmonised:
    data = microdata.read(rows.file, encoding=one.encoding)  # type: ignore[arg-type]
    crosswalk = rows.crosswalk
    walk = None
    if crosswalk is not None:
        walk = harmonisation.read_crosswalk(crosswalk, catalogue=catalogue)
        further = {name: each for name, each in further.items() if name in walk.files}
        unknown = [name for name in one.files if name not in walk.files]
        if unknown and rows.kind == one.main:
            raise MpsurveyError(
                f"The crosswalk '{walk.id}' knows no further file '{name}'; it has "
                f"{', '.join(walk.files) or 'none'}."
                for name in unknown
            )
    return harmonisation.harmonise(
        data,
        walk,
        files=further,
        home=one.home,
        keep=_kept(rows, one, data, walk),
        catalogue=catalogue,
        language=language,
    )


def _kept(rows: Rows, one: Round, data: Microdata, walk: Any) -> list[str]:
    """Columns of the file that the design, the weights and the study need under their own names."""
    wanted = list(one.said.get("keep", ()))
    for each in one.rows.values():
        if each.design is not None:
            wanted += design_columns(each.design)
    if rows.weighting is not None:
        wanted += _asked_by(find_recipe(rows.weighting.recipe))
    made = set() if walk is None else set(walk.variables)
    there = set(data.columns)
    kept = [name for name in dict.fromkeys(wanted) if name not in made]
    return [name for name in kept if "*" in name or name in there]


def _asked_by(recipe: Any) -> list[str]:
    """Columns that a recipe's steps look at."""
    names = [recipe.start_from] if recipe.start_from else []
    for step in recipe.steps:
        for key in ("responded", "eligible", "known", "drawn", "among", "both"):
            rule = step.get(key)
            names += sorted(getattr(rule, "names", ()))
        for key in ("classes", "by", "probabilities", "chances"):
            names += [name for name in step.get(key) or () if isinstance(name, str)]
        for key in ("within", "scale", "frame", "links"):
            if isinstance(step.get(key), str):
                names.append(step.get(key))
        for margin in (*(step.get("margins") or ()), step.get("margin") or ()):
            names += [margin] if isinstance(margin, str) else list(margin)
    return [name for name in names if name.isidentifier()]


def _sample(rows: Rows, data: Microdata) -> Sample:
    """The rows as drawn, weighted by the recipe if there is one."""
    if rows.preset is not None:
        sample = design_preset(rows.preset, data)
    else:
        sample = Sample(data, rows.design) if rows.design is not None else Sample(data)
    if rows.weighting is None:
        return sample
    asked = rows.weighting
    recipe = find_recipe(asked.recipe)
    save_as = recipe.save_as
    if save_as in sample.frame.columns:  # a file that brings a column of that name
        save_as = "final_weight"
    totals: Any = [*asked.totals]
    if asked.by_hand:
        totals = dict(asked.by_hand)
    return weight(sample, recipe, totals or None, save_as=save_as)


def _derived(rows: Rows, data: Microdata, persons: Sample) -> Sample:
    """Rows that come out of the persons' file: drawn as the persons were."""
    if rows.preset is not None or rows.design is not None or rows.weighting is not None:
        return _sample(rows, data)
    design = persons.design
    # The steps that made the weights look at persons; they cannot be told again of other rows.
    lean = replace(design, calibration=None)
    absent = [name for name in design_columns(lean) if "*" not in name and name not in data]
    absent = [name for name in absent if name != "_n"]
    if absent:
        lean = Design(design.weight, _there(design.strata, data), _there(design.psu, data),
                      lonely_psu=design.lonely_psu)  # fmt: skip
    return Sample(data, lean)


def _there(columns: Any, data: Microdata) -> tuple[str, ...]:
    """The first stages whose columns are there."""
    kept = []
    for name in columns or ():
        if name is None or name not in data:
            break
        kept.append(name)
    return tuple(kept)


def _with_weight(roster: Microdata, persons: Any, sample: Sample) -> Microdata:
    """Give a roster's rows the final weight of their household, where a recipe made one."""
    name = sample.design.weight
    if name is None or name in roster.columns or "hh_id" not in roster.columns:
        return roster
    homes = persons.at_households()
    if name not in homes.columns:
        return roster
    of_home = pd.Series(homes.frame[name].to_numpy(), index=homes.frame["hh_id"].to_numpy())
    values = roster.frame["hh_id"].map(of_home).fillna(0.0)
    variable = Variable(name, "Weight of the household", "decimal")
    return replace(
        roster,
        frame=roster.frame.assign(**{name: values.to_numpy()}),
        variables={**roster.variables, name: variable},
    )


def _with_groups(
    data: Any, groups: Mapping[str, GroupVariable], language: str, home: int | None
) -> Any:
    """Add the study's own groups, where what their rules rest on is there."""
    frame, variables = data.frame, dict(data.variables)
    added: dict[str, Any] = {}
    for name, one in groups.items():
        needed = {n for group in one.groups for n in group.rule.names}
        if name in frame.columns or not needed <= set(frame.columns):
            continue
        codes = np.full(len(frame), np.nan)
        for group in reversed(one.groups):
            codes[group.rule.mask(frame, home=home)] = group.code
        added[name] = codes
        answers = {group.code: wording(group.title, language) for group in one.groups}
        variables[name] = Variable(name, wording(one.title, language), "categorical", answers)
    if not added:
        return data
    of = getattr(data, "of", None)
    changed = {"frame": frame.assign(**added), "variables": variables}
    if isinstance(data, Harmonised) and of is not None:
        changed["of"] = {**of, **dict.fromkeys(added, "person")}
    return replace(data, **changed)
