"""A crosswalk proposed from what a file says of its own variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mpsurvey.catalogue import Catalogue, HostVariable, Module
from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.crosswalk import Candidate, Crosswalk, Mapped
from mpsurvey.harmonisation.evidence import SHOWN_FROM, Evidence, Look
from mpsurvey.harmonisation.known import known_catalogue
from mpsurvey.harmonisation.missing_codes import likely_missing, missing_everywhere, not_asked
from mpsurvey.harmonisation.target import Target, targets_of
from mpsurvey.harmonisation.wording import means_missing
from mpsurvey.microdata import Microdata, Variable

__all__ = ["propose_crosswalk"]

TAKEN_FROM = 0.6
"""A candidate is taken into the crosswalk from this score on."""

SHOWN = 3
"""At most so many further candidates are shown for a variable, of at least the score SHOWN_FROM."""

LANGUAGES = ("en", "fr", "es", "ru", "ar")


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
    looked = _Proposal(file, targets, tuple(languages), CountryNames(known.codelist("CNT")))
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


class _Proposal(Look):
    """What is proposed for a file, from the evidence for each of its columns."""

    def propose(self, walk_id: str, home: int | None) -> Crosswalk:
        scored = self.scores()
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
            missing=missing_everywhere(self.variables),
            not_asked=not_asked(self.variables),
            variables=variables,
            candidates={name: found for name, found in candidates.items() if found},
            remarks=remarks,
            code_words=words,
        )

    @staticmethod
    def _best(found: Mapping[str, Evidence], chosen: str | None) -> list[tuple[str, Evidence]]:
        ordered = sorted(found.items(), key=lambda pair: -pair[1].score)
        rest = [(c, e) for c, e in ordered if c != chosen and e.score >= SHOWN_FROM][:SHOWN]
        return [(chosen, found[chosen]), *rest] if chosen is not None else rest

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
        everywhere = set(missing_everywhere(self.variables))
        missing = tuple(code for code in labelled if code not in everywhere)
        unlabelled = likely_missing(self.file.frame[column], target)
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
        match = self.match(variable, target)
        remarks = []
        everywhere = set(missing_everywhere(self.variables))
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
