"""How far a profile is: steps of the work, missing inputs, languages, whether output is stale."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mpsurvey.catalogue.marked import Problems
from mpsurvey.profile.governance import read_governance
from mpsurvey.profile.manifest import inputs_of, read_manifest, stale_inputs
from mpsurvey.profile.steps import read_steps
from mpsurvey.profile.study import Study, wording
from mpsurvey.profile.study_file import read_study
from mpsurvey.publication.wording import LANGUAGES

__all__ = ["profile_status"]


def profile_status(
    profile: str | Path, *, out: str | Path | None = None, language: str | None = None
) -> str:
    """Say how far a profile is, for a terminal.

    Parameters
    ----------
    profile
        The study file or its folder.
    out
        The output folder; by default ``out`` beside the study.
    language
        Of the steps' titles; the study's first by default.
    """
    study = read_study(profile)
    spoken = language or study.languages[0]
    folder = Path(out) if out is not None else study.folder / "out"
    lines = [f"{study.named(spoken)} ({study.id} {study.version})", ""]
    lines += _steps(study, spoken)
    lines += ["", *_inputs(study), *_languages(study), *_output(study, folder)]
    return "\n".join(lines)


def _steps(study: Study, language: str) -> list[str]:
    problems = Problems(study.steps.name if study.steps else "steps.yaml")
    steps = read_steps(study.steps, problems)
    done = sum(one.done for one in steps)
    lines = [f"Steps: {done} of {len(steps)} done"]
    phase = ""
    for number, one in enumerate(steps, start=1):
        title = wording(one.phase_title, language)
        if title != phase:
            phase = title
            lines.append(f"  {phase}")
        facts = [wording(one.body, language), one.date, wording(one.evidence, language)]
        shown = " · ".join(fact for fact in facts if fact)
        mark = "x" if one.done else " "
        lines.append(f"   [{mark}] {number:>2} {wording(one.title, language)}"
                     + (f" ({shown})" if shown else ""))  # fmt: skip
        if one.done and not one.evidence:
            lines.append("          done, but nothing shows it: no 'evidence'")
    return [*lines, *(f"  {problem}" for problem in problems.lines())]


def _inputs(study: Study) -> list[str]:
    absent = [path for path in inputs_of(study) if not path.is_file()]
    if not absent:
        return ["Inputs: all there"]
    return ["Inputs missing:", *(f"  {path}" for path in absent)]


def _languages(study: Study) -> list[str]:
    lines = []
    for language in study.languages:
        lacking = [name for name, texts in _texts(study).items() if language not in texts]
        sections = {section for section, _ in study.texts}
        lacking += [
            f"text of {section}"
            for section in sorted(sections)
            if (source := study.texts.get((section, language))) is None
            or not (source.text() or "").strip()
        ]
        fixed = "" if language in LANGUAGES else "; fixed words and findings will be in English"
        if lacking:
            shown = ", ".join(lacking[:8]) + (", ..." if len(lacking) > 8 else "")
            lines.append(f"Language {language}: lacks {shown}{fixed}")
        else:
            lines.append(f"Language {language}: complete{fixed}")
    return lines


def _texts(study: Study) -> dict[str, Mapping[str, str]]:
    """Every wording of the study by what it is."""
    found: dict[str, Mapping[str, str]] = {"title": study.title, "country": study.country.name}
    if study.subtitle:
        found["subtitle"] = study.subtitle
    for one in study.rounds:
        found[f"title of round {one.id}"] = one.title
    for name, group in study.groups.items():
        found[f"groups.{name}"] = group.title
        for part in group.groups:
            found[f"groups.{name} {part.code}"] = part.title
    for name, figure in study.auxiliary.items():
        found[f"auxiliary {name}"] = figure.title
    for name, codes in study.labels.items():
        for code, texts in codes.items():
            found[f"labels.{name} {code}"] = texts
    for entry in read_governance(study.governance):
        title = wording(entry.title, study.languages[0])
        found[f"governance '{title}'"] = entry.title
    return found


def _output(study: Study, folder: Path) -> list[str]:
    manifest = read_manifest(folder)
    if manifest is None:
        return [f"Output: none in {folder}"]
    stale = stale_inputs(study, manifest)
    if not stale:
        return [f"Output: up to date in {folder}"]
    return [f"Output: stale in {folder}", *(f"  {one}" for one in stale)]
