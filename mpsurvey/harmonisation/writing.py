"""Crosswalks to YAML that a person corrects: what was considered stands beside, as comments."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mpsurvey.harmonisation.crosswalk import Band, Candidate, Crosswalk, Linked, Mapped

__all__ = ["as_yaml", "write_crosswalk"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_*]*")
_NOT_PLAIN = frozenset(["y", "n", "yes", "no", "true", "false", "on", "off", "null", "none"])


def write_crosswalk(crosswalk: Crosswalk, path: Path | str) -> Path:
    """Write a crosswalk as YAML, whole or not at all, and return where it is.

    Candidates and remarks of a proposal become comments; everything else comes back unchanged from
    `mpsurvey.read_crosswalk`.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=".yaml")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(as_yaml(crosswalk))
        unfinished.chmod(0o644)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def as_yaml(crosswalk: Crosswalk) -> str:
    """Return the YAML text of a crosswalk."""
    lines = [
        "kind: crosswalk",
        f"id: {_text(crosswalk.id)}",
        f"version: {crosswalk.version}",
        f"title: {_texts(crosswalk.title or {'en': crosswalk.id})}",
        f"status: {crosswalk.status}",
    ]
    if crosswalk.about:
        lines.append(f"about: {_texts(crosswalk.about)}")
    if crosswalk.codebook:
        lines.append(f"codebook: {_list(crosswalk.codebook)}")
    lines.append(f"unit: {crosswalk.unit}")
    if crosswalk.household:
        lines.append(f"household: {_list(crosswalk.household)}")
    if crosswalk.home is not None:
        lines.append(f"home: {crosswalk.home}")
    else:
        lines.append("# home: 404   UN M49 number of the country, for rules that use HOME")
    for key in ("missing", "not_asked", "keep"):
        values = getattr(crosswalk, key)
        if values:
            lines.append(f"{key}: {_list(values)}")
    if crosswalk.checks:
        lines.append(f"checks: {_flow(crosswalk.checks)}")
    if crosswalk.files:
        lines += ["files:", *(line for one in crosswalk.files.values() for line in _file(one))]
    lines += _variables(crosswalk)
    return "\n".join(lines) + "\n"


def _file(linked: Linked) -> list[str]:
    same = all(ours == theirs for ours, theirs in linked.key.items())
    key = _list(linked.key) if same else _flow(linked.key)
    return [f"  {linked.name}: {{unit: {linked.unit}, key: {key}}}"]


def _variables(crosswalk: Crosswalk) -> list[str]:
    if not crosswalk.variables:
        lines = ["variables: {}"]
    else:
        lines = ["variables:"]
    for mapped in crosswalk.variables.values():
        lines += _mapped(mapped, crosswalk)
    undecided = [n for n in crosswalk.candidates if n not in crosswalk.variables]
    undecided += [n for n in crosswalk.remarks if n not in crosswalk.variables]
    for name in dict.fromkeys(undecided):
        found = crosswalk.candidates.get(name, ())
        lines.append(f"  # {name}: nothing sure was found" + (";" if found else ""))
        lines += [f"  #   {_comment(remark)}" for remark in crosswalk.remarks.get(name, ())]
        lines += [f"  #   perhaps {_candidate(one)}" for one in found]
    return lines


def _mapped(mapped: Mapped, crosswalk: Crosswalk) -> list[str]:
    lines = [f"  {mapped.name}:"]
    candidates = crosswalk.candidates.get(mapped.name, ())
    if mapped.column is not None:
        label = next((one.label for one in candidates if one.column == mapped.column), "")
        beside = f"  # {_comment(label)}" if label else ""
        lines.append(f"    from: {_text(mapped.column)}{beside}")
    if mapped.file is not None:
        lines.append(f"    file: {mapped.file}")
    if mapped.recode is not None:
        lines += _recode(mapped.recode, crosswalk.code_words.get(mapped.name, {}))
    if mapped.value is not None:
        lines.append(f"    value: {_quoted(str(mapped.value))}")
    if mapped.categories:
        lines.append("    categories:")
        lines += [f"      {_code(code)}: {_quoted(str(rule))}" for code, rule in mapped.categories]
    if mapped.universe is not None:
        lines.append(f"    universe: {_quoted(str(mapped.universe))}")
    for key in ("keep_others", "countries", "absent", "optional"):
        if getattr(mapped, key):
            lines.append(f"    {key}: true")
    if mapped.missing:
        lines.append(f"    missing: {_list(mapped.missing)}")
    if mapped.confidence is not None:
        lines.append(f"    confidence: {mapped.confidence:g}")
    if mapped.note:
        lines.append(f"    note: {_texts(mapped.note)}")
    for one in candidates:
        if one.column == mapped.column:
            lines += [f"    # why: {_comment(reason)}" for reason in one.reasons]
    lines += [f"    # look: {_comment(one)}" for one in crosswalk.remarks.get(mapped.name, ())]
    lines += [f"    # or {_candidate(one)}" for one in candidates if one.column != mapped.column]
    return lines


def _recode(recode: Mapping[Any, Any], words: Mapping[Any, str]) -> list[str]:
    if not words and len(recode) <= 12:
        return [f"    recode: {_flow(recode)}"]
    lines = ["    recode:"]
    for code, became in recode.items():
        said = f"  # {_comment(words[code])}" if words.get(code) else ""
        lines.append(f"      {_code(code)}: {_code(became)}{said}")
    return lines if recode else ["    recode: {}"]


def _candidate(one: Candidate) -> str:
    label = f" {_comment(one.label)!r}" if one.label else ""
    return f"{one.column} {one.score:.2f}{label}"


def _comment(text: str) -> str:
    return " ".join(str(text).split())[:110]


def _code(code: Any) -> str:
    if code is None:
        return "null"
    if isinstance(code, Band):
        return str(code)
    return _text(code) if isinstance(code, str) else repr(code)


def _text(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NOT_PLAIN
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    # YAML's double quotes are JSON's; unlike JSON, YAML takes DEL and the C1 signs escaped only.
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]",
        lambda found: f"\\u{ord(found[0]):04x}",
        quoted,
    )


def _texts(texts: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{language}: {_quoted(t)}" for language, t in texts.items()) + "}"


def _list(values: Iterable[Any]) -> str:
    return "[" + ", ".join(_code(value) for value in values) + "]"


def _flow(values: Mapping[Any, Any]) -> str:
    return "{" + ", ".join(f"{_code(key)}: {_code(one)}" for key, one in values.items()) + "}"
