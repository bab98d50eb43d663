"""A crosswalk proposed from what a file says of its own variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.catalogue import Catalogue, HostVariable, Module
from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.crosswalk import Candidate, Crosswalk, Mapped
from mpsurvey.harmonisation.known import known_catalogue
from mpsurvey.harmonisation.likeness import (
    CodeMatch,
    bare,
    match_codes,
    name_likeness,
    phrase_likeness,
    scripts,
)
from mpsurvey.harmonisation.target import Target, targets_of
from mpsurvey.harmonisation.vocabulary import NAMES, PHRASES
from mpsurvey.harmonisation.wording import means_missing
from mpsurvey.microdata import Microdata, Variable

__all__ = ["propose_crosswalk"]

TAKEN_FROM = 0.6
"""A candidate is taken into the crosswalk from this score on."""

OWN_NAME = 0.9
"""The likeness of a name that is the modules' own: value labels then say nothing against it."""

SHOWN_FROM = 0.3
SHOWN = 3
"""At most so many further candidates are shown for a variable, of at least that score."""

LANGUAGES = ("en", "fr", "es", "ru", "ar")
SCRIPT = {"ru": "cyrillic", "ar": "arabic"}

LABEL_FLOOR = 0.6
"""Wordings are as like as this by chance; what lies above counts."""

# How much each sort of evidence can weigh at most; they are joined as independent hints.
LABEL_WEIGHT, VALUE_WEIGHT = 0.85, 0.6


def propose_crosswalk(
    data: Any,
    modules: Catalogue | Module | Iterable[Module] | None = None,
    *,
    languages: Sequence[str] = LANGUAGES,
    catalogue: Catalogue | None = None,
    id: str | None = None,  # noqa: A002 - the YAML's own word
    home: int | None = None,
) -> Crosswalk:
    """Propose how the variables of some modules are got from a file.

    Each question, each host variable and each derived concept is compared with every column: the
    column's name, its label, its value labels. The best column is taken where it is sure enough
    (0.6), and every column is taken once; the next ones stand beside as candidates. Recodes come
    from value labels; codes of *does not know* and the like are told from answers.

    It is a proposal: write it with `mpsurvey.write_crosswalk`, look at every line, and correct it.

    Parameters
    ----------
    data
        `Microdata`, as `mpsurvey.read` gives it, or a frame. A file without labels gives little.
    modules
        Whose questions and concepts; the host variables are always looked for. All modules unless
        given.
    languages
        In which wordings are compared: en, fr, es, ru, ar.
    catalogue
        Where host variables and lists come from; the shipped one unless given.
    id
        Of the crosswalk; the file's name unless given.
    home
        UN M49 number of the country.

    Raises
    ------
    ExtraMissing
        When rapidfuzz is not installed: ``pip install "mpsurvey[match]"``.

    Examples
    --------
    >>> frame = pd.DataFrame({"q1": [1, 2, 2], "q2": [40, 31, 8]})
    >>> file = Microdata(frame, {
    ...     "q1": Variable("q1", "Sexe de la personne", answers={1: "Femme", 2: "Homme"}),
    ...     "q2": Variable("q2", "Âge (années)", "integer"),
    ... })
    >>> walk = propose_crosswalk(file, known_catalogue().modules("mig_core"))
    >>> walk["sex"].column, dict(walk["sex"].recode)
    ('q1', {1: 2, 2: 1})
    """
    known = catalogue or (modules if isinstance(modules, Catalogue) else known_catalogue())
    whose = _modules(modules, known)
    file = data if isinstance(data, Microdata) else Microdata(data)
    targets = targets_of(whose, _hosts(whose, known), known.codelists)
    targets = {name: target for name, target in targets.items() if not _specifies(name, whose)}
    looked = _Look(file, targets, tuple(languages), CountryNames(known.codelist("CNT")))
    return looked.propose(id or _id(file), home)


def _modules(modules: Any, known: Catalogue) -> tuple[Module, ...]:
    if modules is None or isinstance(modules, Catalogue):
        return (modules or known).modules()
    return (modules,) if isinstance(modules, Module) else tuple(modules)


def _hosts(modules: Sequence[Module], known: Catalogue) -> Mapping[str, HostVariable]:
    own = {name: host for module in modules for name, host in module.host_variables.items()}
    return {**known.hosts, **own}


def _specifies(name: str, modules: Sequence[Module]) -> bool:
    """Whether it is the text question that writes out another's *other*."""
    return any(q.specifies for m in modules for q in m.questions if q.name == name)


def _stem(file: Microdata) -> str:
    return Path(file.source).stem if file.source else ""


def _id(file: Microdata) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", _stem(file).lower()).strip("_")
    name = re.sub(r"^[^a-z]+", "", name)[:40].strip("_")
    return name or "crosswalk"


@dataclass(slots=True)
class _Evidence:
    """What speaks for a column, from 0 to 1 each, with the words for it."""

    score: float = 0.0
    reasons: list[str] = field(default_factory=list)

    def add(self, weight: float, reason: str) -> None:
        self.score = 1.0 - (1.0 - self.score) * (1.0 - weight)
        self.reasons.append(reason)


class _Look:
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

    def propose(self, walk_id: str, home: int | None) -> Crosswalk:
        scored = self._scores()
        chosen: dict[str, str] = {}
        for score, name, column in sorted(
            (
                (evidence.score, name, column)
                for name, found in scored.items()
                for column, evidence in found.items()
                if evidence.score >= TAKEN_FROM
            ),
            key=lambda one: (-one[0], list(self.targets).index(one[1])),
        ):
            del score
            if name not in chosen and column not in chosen.values():
                chosen[name] = column
        variables, remarks, words = {}, {}, {}
        for name in self.targets:
            if name in chosen:
                found = scored[name][chosen[name]]
                mapped, said, codes = self._mapped(name, chosen[name], found.score)
                variables[name], words[name] = mapped, codes
                if said:
                    remarks[name] = tuple(said)
        candidates = {
            name: tuple(
                Candidate(
                    column,
                    self.file.variables[column].label,
                    round(evidence.score, 2),
                    tuple(evidence.reasons),
                )
                for column, evidence in self._best(found, chosen.get(name))
            )
            for name, found in scored.items()
        }
        return Crosswalk(
            id=walk_id,
            title={"en": self.file.title or _stem(self.file) or walk_id},
            unit="person",
            home=home,
            household=(chosen["hh_id"],) if "hh_id" in chosen else (),
            missing=self._missing_everywhere(),
            not_asked=self._not_asked(),
            variables=variables,
            candidates={name: found for name, found in candidates.items() if found},
            remarks=remarks,
            code_words=words,
        )

    @staticmethod
    def _best(found: Mapping[str, _Evidence], chosen: str | None) -> list[tuple[str, _Evidence]]:
        ordered = sorted(found.items(), key=lambda pair: -pair[1].score)
        rest = [(c, e) for c, e in ordered if c != chosen and e.score >= SHOWN_FROM][:SHOWN]
        return [(chosen, found[chosen]), *rest] if chosen is not None else rest

    # -- scores

    def _scores(self) -> dict[str, dict[str, _Evidence]]:
        likeness, phrases = self._label_likeness()
        declared = self._declared()
        out: dict[str, dict[str, _Evidence]] = {}
        for name, target in self.targets.items():
            row = likeness[name]
            out[name] = {}
            for at, variable in enumerate(self.variables):
                evidence = _Evidence()
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
        self, evidence: _Evidence, variable: Variable, target: Target, *, named: bool
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
        match = self._match(variable, target)
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
            fits = sum(self._match(v, target).score >= 0.7 for v in labelled)
            self._common[list_id] = fits / len(labelled) if len(labelled) >= 8 else 0.05
        return self._common[list_id]

    @staticmethod
    def _substantive(variable: Variable) -> dict[Any, str]:
        return {
            code: label
            for code, label in variable.answers.items()
            if means_missing(label) is None and not (isinstance(code, int | float) and code < 0)
        }

    def _match(self, variable: Variable, target: Target) -> CodeMatch:
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

    # -- what is proposed for one variable

    def _mapped(
        self, name: str, column: str, score: float
    ) -> tuple[Mapped, list[str], Mapping[Any, str]]:
        target, variable = self.targets[name], self.file.variables[column]
        confidence = round(score, 2)
        remarks: list[str] = []
        if target.codes is not None and variable.answers:
            return self._with_labels(target, variable, confidence)
        if target.codes is not None and target.codes.id == "CNT":
            return Mapped(name=name, column=column, countries=True, confidence=confidence), [], {}
        missing: tuple[Any, ...] = ()
        labelled = {c: w for c, w in variable.answers.items() if means_missing(w) is not None}
        everywhere = set(self._missing_everywhere())
        missing = tuple(code for code in labelled if code not in everywhere)
        unlabelled = self._likely_missing(column, target)
        if unlabelled:
            shown = ", ".join(str(code) for code in unlabelled)
            missing = (*missing, *unlabelled)
            remarks.append(f"{shown} stand far above all other values: taken as no answer")
        if target.codes is not None and not target.codes.open:
            values = self._values(column)
            outside = [v for v in values if v not in target.codes.codes and v not in missing]
            if outside:
                shown = ", ".join(f"{value:g}" for value in outside[:8])
                remarks.append(f"its codes have no labels, and {shown} are not in the list")
        mapped = Mapped(name=name, column=column, missing=missing, confidence=confidence)
        return mapped, remarks, {}

    def _with_labels(
        self, target: Target, variable: Variable, confidence: float
    ) -> tuple[Mapped, list[str], Mapping[Any, str]]:
        match = self._match(variable, target)
        remarks = []
        everywhere = set(self._missing_everywhere())
        missing = tuple(code for code in match.missing if code not in everywhere)
        listed = target.codes
        if listed is not None and listed.id == "CNT" and match.score <= 0:
            taken = Mapped(
                name=target.name, column=variable.name, missing=missing, confidence=confidence
            )
            remarks.append("no label is a country known here: its codes are taken as they are")
            return taken, remarks, {}
        if listed is not None and listed.id == "CNT":
            taken = Mapped(
                name=target.name,
                column=variable.name,
                countries=True,
                recode={c: t for c, t in match.recode.items() if t in listed.missing} or None,
                missing=missing,
                confidence=confidence,
            )
            remarks += [
                f"{code} ({word}) is no country known here" for code, word in match.left.items()
            ]
            return taken, remarks, match.words
        recode: Mapping[Any, Any] | None = match.recode
        keep = False
        substantive = {c for c, t in match.recode.items() if listed and t not in listed.missing}
        if listed is not None and listed.open and not substantive:
            recode, keep = match.recode or None, bool(match.recode)
            remarks.append("its codes are taken as they are: the list is the country's own")
        else:
            left = [f"{code} ({word})" for code, word in match.left.items()]
            if left:
                remarks.append(f"no code was found for {', '.join(left[:10])}")
        taken = Mapped(
            name=target.name,
            column=variable.name,
            recode=recode,
            keep_others=keep,
            missing=missing,
            confidence=confidence,
        )
        return taken, remarks, match.words

    def _values(self, column: str) -> list[float]:
        series = self.file.frame[column]
        if series.dtype.kind not in "iuf":
            return []
        values = pd.unique(series.dropna())
        return sorted(float(v) for v in values[:500])

    def _likely_missing(self, column: str, target: Target) -> tuple[int, ...]:
        """Numbers of nines without a label, far above every other value: 98, 999, 9998."""
        if target.type not in ("integer", "decimal") or target.of == "design":
            return ()
        series = self.file.frame[column]
        if series.dtype.kind not in "iuf":
            return ()
        values = np.unique(series.dropna().to_numpy(dtype=np.float64))
        nines = [v for v in values[-4:] if re.fullmatch(r"9+[6-9]", f"{v:.0f}") and v >= 96]
        rest = values[~np.isin(values, nines)]
        if not nines or not len(rest):
            return ()
        # an age of 98 beside one of 95 is an age
        far = min(nines) > 1.5 * rest.max() if min(nines) < 1900 or min(nines) > 9989 else False
        far = far or (min(nines) >= 9990 and rest.max() < 2100)
        return tuple(int(v) for v in nines) if far else ()

    def _missing_everywhere(self) -> tuple[Any, ...]:
        """Negative codes that labels call no answer in at least a third of the labelled columns."""
        labelled = [v for v in self.variables if v.answers]
        counted: dict[Any, int] = {}
        for variable in labelled:
            for code, label in variable.answers.items():
                if isinstance(code, int | float) and code < 0 and means_missing(label):
                    counted[code] = counted.get(code, 0) + 1
        least = max(2, len(labelled) / 3)
        return tuple(sorted(code for code, times in counted.items() if times >= least))

    def _not_asked(self) -> tuple[Any, ...]:
        everywhere = self._missing_everywhere()
        means: dict[Any, set[str | None]] = {code: set() for code in everywhere}
        for variable in self.variables:
            for code in everywhere:
                if code in variable.answers:
                    means[code].add(means_missing(variable.answers[code]))
        return tuple(code for code in everywhere if means[code] == {"not asked"})
