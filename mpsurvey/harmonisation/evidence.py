"""What speaks for a column of a file being a variable of the modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.likeness import (
    CodeMatch,
    bare,
    match_codes,
    name_likeness,
    phrase_likeness,
    scripts,
)
from mpsurvey.harmonisation.target import Target
from mpsurvey.harmonisation.vocabulary import NAMES, PHRASES
from mpsurvey.harmonisation.wording import means_missing
from mpsurvey.microdata import Microdata, Variable

__all__ = ["SHOWN_FROM", "Evidence", "Look"]

OWN_NAME = 0.9
"""The likeness of a name that is the modules' own: value labels then say nothing against it."""

SHOWN_FROM = 0.3
"""The score that is worth showing."""

SCRIPT = {"ru": "cyrillic", "ar": "arabic"}

LABEL_FLOOR = 0.6
"""Wordings are as like as this by chance; what lies above counts."""

# How much each sort of evidence can weigh at most; they are joined as independent hints.
LABEL_WEIGHT, VALUE_WEIGHT = 0.85, 0.6


@dataclass(slots=True)
class Evidence:
    """What speaks for a column, from 0 to 1 each, with the words for it."""

    score: float = 0.0
    reasons: list[str] = field(default_factory=list)

    def add(self, weight: float, reason: str) -> None:
        """Add a hint that is independent of the others."""
        self.score = 1.0 - (1.0 - self.score) * (1.0 - weight)
        self.reasons.append(reason)


class Look:
    """One file looked at for many variables."""

    def __init__(
        self,
        file: Microdata,
        targets: Mapping[str, Target],
        languages: tuple[str, ...],
        countries: CountryNames,
    ) -> None:
        self.file, self.targets, self.countries = file, targets, countries
        self.variables = list(file.variables.values())
        self.labels = [bare(v.label or v.question or "") for v in self.variables]
        words = [v.label for v in self.variables]
        words += [label for v in self.variables for label in list(v.answers.values())[:20]]
        written = scripts(words) or {"latin"}
        self.languages = (
            tuple(language for language in languages if SCRIPT.get(language, "latin") in written)
            or languages[:1]
        )
        self._matches: dict[tuple[Any, str], CodeMatch] = {}
        self._common: dict[str, float] = {}

    def scores(self) -> dict[str, dict[str, Evidence]]:
        """Return for each variable the columns worth showing, with what speaks for them."""
        likeness, phrases = self._label_likeness()
        declared = self._declared()
        out: dict[str, dict[str, Evidence]] = {}
        for name, target in self.targets.items():
            row = likeness[name]
            out[name] = {}
            for at, variable in enumerate(self.variables):
                evidence = Evidence()
                if target.of == "roster" and variable.name.lower() != name:
                    continue  # a row of a roster is no row of this file
                if declared.get(name) == variable.name:
                    evidence.add(0.97, "the file declares it so in its survey design")
                by_name = name_likeness(variable.name, name, target.also, NAMES.get(name, ()))
                if by_name:
                    evidence.add(by_name, f"the name '{variable.name}'")
                like = float(row[at])
                above = max(0.0, (like - LABEL_FLOOR) / (1.0 - LABEL_FLOOR))
                if above > 0.1:
                    evidence.add(
                        LABEL_WEIGHT * above,
                        f"its label is like '{phrases[name][at]}' ({like:.0%})",
                    )
                if evidence.score < 0.1:
                    continue
                self._weigh_values(evidence, variable, target, named=by_name >= OWN_NAME)
                if evidence.score >= SHOWN_FROM:
                    out[name][variable.name] = evidence
        return out

    def _label_likeness(
        self,
    ) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, list[str]]]:
        """For each variable the best likeness with each column's label, and with which phrase."""
        owners: list[str] = []
        phrases: list[str] = []
        for name, target in self.targets.items():
            worded = [target.label.get(one, "") for one in self.languages]
            worded += [target.text.get(one, "") for one in self.languages]
            worded += [one for one in PHRASES.get(name, ()) if scripts([one]) & self._written()]
            for phrase in dict.fromkeys(bare(one) for one in worded if one):
                owners.append(name)
                phrases.append(phrase)
        table = phrase_likeness(phrases, self.labels)
        best: dict[str, npt.NDArray[np.float64]] = {}
        which: dict[str, list[str]] = {}
        for name in self.targets:
            rows = [at for at, owner in enumerate(owners) if owner == name]
            if not rows:
                best[name] = np.zeros(len(self.labels))
                which[name] = [""] * len(self.labels)
                continue
            part = table[rows]
            top = part.argmax(axis=0)
            best[name] = part.max(axis=0)
            which[name] = [phrases[rows[int(one)]] for one in top]
        return best, which

    def _written(self) -> frozenset[str]:
        return frozenset(SCRIPT.get(one, "latin") for one in self.languages)

    def _declared(self) -> dict[str, str]:
        """The design's columns that the file itself names."""
        design = self.file.design
        if design is None:
            return {"weight": self.file.weight} if self.file.weight else {}
        first = {
            "weight": design.weight,
            "stratum": design.strata if isinstance(design.strata, str) else None,
            "psu": design.psu if isinstance(design.psu, str) else None,
        }
        for role, stages in (("stratum", design.strata), ("psu", design.psu)):
            if isinstance(stages, tuple) and stages and isinstance(stages[0], str):
                first[role] = stages[0]
        return {role: column for role, column in first.items() if column}

    def _weigh_values(
        self, evidence: Evidence, variable: Variable, target: Target, *, named: bool
    ) -> None:
        """Weigh what the values say, for and against."""
        answers = self._substantive(variable)
        listed = target.codes
        text = variable.kind == "text"
        if listed is None:
            if target.type in ("integer", "decimal"):
                labelled = len(answers) >= 2 and variable.kind == "categorical"
                if target.of != "design" and (text or labelled):
                    evidence.score *= 0.4
                    evidence.reasons.append("but its values are texts or labelled codes")
            return
        if listed.id == "CNT" and text:
            share = self._countries_share(variable.name)
            if share >= 0.7:
                evidence.add(0.5, f"{share:.0%} of its values are countries")
            else:
                evidence.score *= 0.5
            return
        if not answers:
            evidence.score *= 0.5 if text else 0.85
            return
        match = self.match(variable, target)
        if match.score <= 0:
            if (not listed.open or listed.id == "CNT") and not named:
                evidence.score *= 0.5
                evidence.reasons.append(f"but no value label is one of {listed.id}")
            return
        special = max(0.0, 1.0 - 4.0 * self._how_common(listed.id, target))
        weight = VALUE_WEIGHT * match.score * (0.1 + 0.9 * special)
        evidence.add(weight, f"its value labels fit {listed.id} ({match.score:.0%})")
        if match.score < 0.5:
            evidence.score *= 0.75

    def _how_common(self, list_id: str, target: Target) -> float:
        """Share of the labelled columns whose labels fit a list: 'yes' and 'no' say little."""
        if list_id not in self._common:
            labelled = [v for v in self.variables if self._substantive(v)]
            fits = sum(self.match(v, target).score >= 0.7 for v in labelled)
            self._common[list_id] = fits / len(labelled) if len(labelled) >= 8 else 0.05
        return self._common[list_id]

    @staticmethod
    def _substantive(variable: Variable) -> dict[Any, str]:
        return {
            code: label
            for code, label in variable.answers.items()
            if means_missing(label) is None and not (isinstance(code, int | float) and code < 0)
        }

    def match(self, variable: Variable, target: Target) -> CodeMatch:
        """Match a column's value labels with a variable's answers, once for each pair."""
        assert target.codes is not None  # noqa: S101 - asked of select questions only
        key = (tuple(variable.answers.items()), target.codes.id)
        if key not in self._matches:
            self._matches[key] = match_codes(
                variable.answers, target.codes, self.languages, self.countries
            )
        return self._matches[key]

    def _countries_share(self, column: str) -> float:
        values = pd.unique(self.file.frame[column].dropna())[:400]
        if not len(values):
            return 0.0
        return sum(self.countries.find(one) is not None for one in values) / len(values)
