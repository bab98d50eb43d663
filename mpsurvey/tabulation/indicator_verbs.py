"""Verbs that indicators are made by: each statistic of the catalogue as one call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mpsurvey import estimation, impact
from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates

__all__ = ["VERBS"]


def _total(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    return estimation.total(sample, given.get("variable"), **options)


def _quantile(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    return estimation.quantile(sample, given["variable"], given.get("q", 0.5), **options)


def _share(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    return impact.share(sample, given["group"], of=given.get("of"), ci="logit", **options)


def _contribution(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    parts = (given["group"], given["numerator"], given.get("denominator"))
    return impact.contribution(sample, *parts, **options)


def _gap(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    top = given.get("variable", given.get("numerator"))
    return impact.gap(
        sample,
        given["group"],
        str(top),
        given.get("denominator"),
        others=given.get("others"),
        standardise=given.get("standardise"),
        **options,
    )


def _poverty(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    kept = {key: given[key] for key in ("line", "order") if key in given}
    return estimation.poverty(sample, given["variable"], **_line(kept), **options)


def _line(kept: dict[str, Any]) -> dict[str, Any]:
    """Read a line that is written as a number."""
    line = kept.get("line")
    if isinstance(line, str) and re.fullmatch(r"[0-9.]+", line):
        return {**kept, "line": float(line)}
    return kept


def _counterfactual(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    verbs: dict[str, Callable[..., Estimates]] = {
        "mean": estimation.mean,
        "gini": estimation.gini,
        "poverty": estimation.poverty,
    }
    figure = given["figure"]
    if figure not in verbs:
        raise MpsurveyError(f"A counterfactual is of {', '.join(verbs)}, not of '{figure}'.")
    kept = {key: given[key] for key in ("size", "replaced", "returning") if key in given}
    if figure == "poverty":
        kept |= _line({key: given[key] for key in ("line", "order") if key in given})
    made = impact.counterfactual(
        sample, verbs[figure], given["variable"], given["without"], **kept, **options
    )
    return _category(made, "difference")


def _age_structure(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    # Several figures of one structure are asked for in a row; the last is remembered.
    key = (given["group"], *options.values())
    memory = sample.memory if sample.memory is not None else {}
    last = memory.get(("age structure",))
    made = last[1] if last is not None and last[0] == key else None
    if made is None:
        made = impact.age_structure(sample, given["group"], **options)
        memory["age structure",] = (key, made)
    figure = given.get("figure", "dependency ratio")
    if figure not in set(made.frame["variable"]):
        raise MpsurveyError(f"An age structure has no '{figure}'.")
    return _category(made, "contribution", variable=figure)


def _flows(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    if options.pop("by"):
        raise MpsurveyError("Moves between regions are by region already: no further breakdown.")
    keys = ("origin", "destination", "figure", "stayed")
    return impact.flows(sample, **{key: given[key] for key in keys if key in given}, **options)


def _poorest(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    poorest = given.get("poorest", 0.4)
    return impact.share_of_poorest(
        sample, given["variable"], given["ranked_by"], poorest=poorest, **options
    )


def _above(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    return impact.share_above(
        sample, given["variable"], given["cells"], float(given["limit"]), **options
    )


def _category(made: Estimates, category: str, variable: str | None = None) -> Estimates:
    """Return the rows of one category, with their uncertainty."""
    frame = made.frame
    kept = (frame["category"] == category).to_numpy()
    if variable is not None:
        kept = kept & (frame["variable"] == variable).to_numpy()
    matrix = np.eye(len(frame))[kept]
    return replace(
        made,
        frame=frame[kept].assign(category=None).reset_index(drop=True),
        uncertainty=made.uncertainty.combined(matrix),
    )


VERBS: Mapping[str, Callable[[Sample, Mapping[str, Any], dict[str, Any]], Estimates]] = {
    "total": _total,
    "mean": lambda s, g, o: estimation.mean(s, g["variable"], **o),
    "proportion": lambda s, g, o: estimation.proportion(s, g["variable"], **o),
    "ratio": lambda s, g, o: estimation.ratio(s, g["numerator"], g["denominator"], **o),
    "quantile": _quantile,
    "share": _share,
    "contribution": _contribution,
    "gap": _gap,
    "poverty": _poverty,
    "gini": lambda s, g, o: estimation.gini(s, g["variable"], **o),
    "counterfactual": _counterfactual,
    "age_structure": _age_structure,
    "flows": _flows,
    "share_of_poorest": _poorest,
    "share_above": _above,
}
