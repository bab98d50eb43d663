"""A published number traced back: question, concept, weight, estimator, cell, inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mpsurvey import harmonisation
from mpsurvey.catalogue import Catalogue, Indicator, load_catalogue
from mpsurvey.design.weighting import find_recipe
from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.estimation.estimates import COLUMNS
from mpsurvey.harmonisation.crosswalk import Crosswalk, Mapped
from mpsurvey.harmonisation.target import Target, all_targets
from mpsurvey.profile.manifest import read_manifest, stale_inputs
from mpsurvey.profile.study import ROW_KINDS, Round, Rows, Study, wording
from mpsurvey.profile.study_file import read_study

__all__ = ["named_codes", "trace"]


def trace(
    indicator: str,
    where: Mapping[str, str] | None = None,
    *,
    profile: str | Path = "profile.yaml",
    out: str | Path | None = None,
    round_id: str | None = None,
    language: str = "en",
) -> str:
    """Say where a published number comes from, from the question to the cell.

    Parameters
    ----------
    indicator
        Its id.
    where
        The group: ``{"sex": "2"}``.
    profile
        The study file or its folder.
    out
        The output folder; by default ``out`` beside the study.
    round_id
        The round; the last by default.

    Raises
    ------
    MpsurveyError
        There is no such indicator, group or output.
    """
    study = read_study(profile)
    catalogue = load_catalogue(*study.library)
    known = {one.id: one for one in catalogue.indicators()}
    if indicator not in known:
        raise MpsurveyError(f"There is no indicator '{indicator}'.{did_you_mean(indicator, known)}")
    folder = Path(out) if out is not None else study.folder / "out"
    manifest = read_manifest(folder)
    if manifest is None:
        raise MpsurveyError(
            f"{folder} holds no profile. Build it, or name the folder: --out FOLDER."
        )
    one = _round(study, round_id)
    definition = known[indicator]
    cell = _cell(study, folder, definition, dict(where or {}), one.id)
    walks = _walks(one, catalogue)
    lines = [f"{indicator} {wording(definition.title, language)}", ""]
    lines += _cell_lines(cell, definition, where or {}, one, language)
    lines += _estimator_lines(definition, manifest, one, language)
    lines += _weight_lines(manifest, one)
    lines += _concept_lines(definition, catalogue, walks, language)
    lines += _input_lines(study, manifest, one)
    return "\n".join(lines)


def _round(study: Study, wanted: str | None) -> Round:
    if wanted is None:
        return study.last
    for one in study.rounds:
        if one.id == wanted:
            return one
    names = [one.id for one in study.rounds]
    raise MpsurveyError(f"There is no round '{wanted}'.{did_you_mean(wanted, names)}")


def _cell(
    study: Study, folder: Path, indicator: Indicator, where: dict[str, str], one: str
) -> dict[str, Any]:
    path = folder / "data" / f"{study.id}.csv"
    if not path.is_file():
        raise MpsurveyError(f"{folder} has no data/{study.id}.csv: add csv to the formats.")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    own = frame[frame["indicator"] == indicator.id]
    if "round" in frame:
        own = own[own["round"] == one]
    if not len(own):
        raise MpsurveyError(f"{indicator.id} is not in this profile's figures of {one}.")
    wanted = set(where)
    places = own["breakdown"].str.split(" x ")
    kept = own[[set(x) - {"round", ""} == wanted for x in places]]
    for name, code in where.items():
        if name not in kept:
            raise MpsurveyError(f"{indicator.id} is not broken down by {name}.")
        kept = kept[[_number(value) == _number(code) for value in kept[name]]]
    if len(kept) != 1:
        shown = sorted({" x ".join(sorted(set(x) - {"round", ""})) for x in places} - {""})
        raise MpsurveyError(
            f"{indicator.id} has {len(kept)} such figures; it is broken down by "
            f"{', '.join(shown) or 'nothing'}."
        )
    return {str(name): value for name, value in kept.iloc[0].items()}


def _number(value: str) -> str:
    try:
        return f"{float(value):g}"
    except ValueError:
        return str(value)


def _cell_lines(
    cell: Mapping[str, Any], indicator: Indicator, where: Mapping[str, str], one: Round, lang: str
) -> list[str]:
    group = ", ".join(f"{name}={code}" for name, code in where.items()) or "all"
    if cell.get("status") == "withhold":
        figure = f"withheld ({cell.get('reason') or cell.get('mark')})"
    else:
        parts = [f"{name} {_shown(cell[name])}" for name in COLUMNS if cell.get(name)]
        figure = ", ".join(parts)
        if cell.get("status") == "flag":
            figure += f"; with caution: {cell.get('reason')}"
    unit = f"shown per {indicator.per:,}, {wording(indicator.unit, lang)}"
    return [f"Cell        round {one.id}, {group}: {figure}", f"            {unit}"]


def _shown(text: str) -> str:
    try:
        return f"{float(text):,.6g}"
    except ValueError:
        return text


def _estimator_lines(
    indicator: Indicator, manifest: Mapping[str, Any], one: Round, language: str
) -> list[str]:
    told = manifest.get("rounds", {}).get(one.id, {})
    given = "; ".join(f"{key}: {value}" for key, value in indicator.given.items())
    return [
        f"Estimator   mp.{indicator.statistic}({given or 'all rows'})",
        f"            among: {indicator.where or 'all'}; rows: {indicator.rows}",
        f"            {wording(indicator.definition, language)}",
        f"            {indicator.id} {indicator.version}, {indicator.place}",
        f"            variance: {'; '.join(told.get('methods', ()))}",
        f"            design: {told.get('designs', {}).get(indicator.rows, 'unknown')}",
    ]


def _weight_lines(manifest: Mapping[str, Any], one: Round) -> list[str]:
    told = manifest.get("rounds", {}).get(one.id, {})
    lines = []
    for kind, rows in one.rows.items():
        if rows.weighting is None:
            continue
        recipe = find_recipe(rows.weighting.recipe)
        lines.append(f"Weight      {kind}: recipe {recipe.id} {recipe.version}: {recipe.words()}")
        for step in told.get("weights", {}).get(ROW_KINDS[kind], ()):
            flags = f" ({' '.join(step['flags'])})" if step.get("flags") else ""
            lines.append(
                f"            step {step['number']}: {step['words']}; "
                f"design effect of weights {step['kish']:.2f}{flags}"
            )
    return lines or ["Weight      the weight that the file brings"]


def _walks(one: Round, catalogue: Catalogue) -> dict[str, Crosswalk]:
    def read(rows: Rows) -> Crosswalk | None:
        if rows.crosswalk is None:
            return None
        return harmonisation.read_crosswalk(rows.crosswalk, catalogue=catalogue)

    found = {kind: read(rows) for kind, rows in one.rows.items()}
    return {kind: walk for kind, walk in found.items() if walk is not None}


def _concept_lines(
    indicator: Indicator, catalogue: Catalogue, walks: Mapping[str, Crosswalk], language: str
) -> list[str]:
    targets = all_targets(catalogue)
    seen: dict[str, int] = {}
    lines: list[str] = []

    def tell(name: str, depth: int) -> None:
        if name in seen:
            return
        seen[name] = depth
        target = targets.get(name)
        pad = "  " * depth
        if target is None:
            lines.append(f"            {pad}{name}: a column of the file")
            return
        lines.append(f"            {pad}{_variable(target, language)}")
        mapped = _mapped(name, walks)
        if mapped is not None:
            lines.append(f"            {pad}  from {mapped}")
            return
        if target.concept is not None:
            for other in sorted(target.concept.names):
                tell(other, depth + 1)

    for name in sorted(indicator.names):
        tell(name, 0)
    return ["Variables", *lines]


def _variable(target: Target, language: str) -> str:
    if target.concept is not None:
        rules = "; ".join(str(rule) for rule in target.concept.rules)
        return f"{target.name}: {target.worded(language)} (concept of {target.module}: {rules})"
    text = wording(target.text, language) or target.worded(language)
    owner = f"module {target.module}" if target.module else "host survey"
    return f'{target.name}: "{text}" ({owner})'


def _mapped(name: str, walks: Mapping[str, Crosswalk]) -> str | None:
    for walk in walks.values():
        if name in walk.variables:
            return f"{_way(walk.variables[name])} by crosswalk {walk.id} {walk.version}"
    return None


def _way(mapped: Mapped) -> str:
    if mapped.absent:
        return "nothing (absent in the file)"
    if mapped.column is not None:
        where = f" of the file '{mapped.file}'" if mapped.file else ""
        recode = ""
        if mapped.recode:
            pairs = ", ".join(f"{a}→{b}" for a, b in list(mapped.recode.items())[:12])
            recode = f", recoded {pairs}"
        return f"column '{mapped.column}'{where}{recode}"
    if mapped.value is not None:
        return f"'{mapped.value}'"
    return "; ".join(f"{code} if {rule}" for code, rule in mapped.categories)


def _input_lines(study: Study, manifest: Mapping[str, Any], one: Round) -> list[str]:
    inputs = manifest.get("inputs", {})
    files = {path.name for path in one.inputs}
    lines = ["Inputs"]
    lines += [
        f"            {name}  sha256 {digest}"
        for name, digest in inputs.items()
        if Path(name).name in files
    ]
    versions = ", ".join(f"{k} {v}" for k, v in manifest.get("software", {}).items())
    lines.append(f"Made with   {versions}")
    stale = stale_inputs(study, manifest)
    lines += [f"Beware      {one_said} since then" for one_said in _first(stale)]
    return lines


def _first(said: Iterable[str]) -> list[str]:
    return list(said)[:10]


def named_codes(given: Iterable[str]) -> dict[str, str]:
    """Read ``name=code`` pairs.

    >>> named_codes(["sex=2", "region=3"])
    {'sex': '2', 'region': '3'}
    """
    pairs = [one.partition("=") for one in given]
    wrong = ["".join(pair) for pair in pairs if not (pair[0] and pair[2])]
    if wrong:
        raise MpsurveyError(f"'{one}' is no group such as sex=2." for one in wrong)
    return {name.strip(): code.strip() for name, _, code in pairs}
