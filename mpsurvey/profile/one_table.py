"""One table from one file: what `mpsurvey estimate` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from mpsurvey import estimation, microdata
from mpsurvey.declaration import (
    Bootstrap,
    Brr,
    Design,
    Jackknife,
    LonelyPsu,
    Replicates,
    SuccessiveDifference,
)
from mpsurvey.design import Sample, design_preset
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates

__all__ = ["STATISTICS", "StatisticName", "estimate_file", "parse_codes", "parse_replicates"]

StatisticName = Literal["total", "mean", "proportion", "ratio", "quantile"]
STATISTICS: tuple[StatisticName, ...] = ("total", "mean", "proportion", "ratio", "quantile")


def estimate_file(
    path: str | Path,
    statistic: StatisticName,
    variable: str | None = None,
    *,
    denominator: str | None = None,
    by: Sequence[str] = (),
    where: str | None = None,
    weight: str | None = None,
    strata: Sequence[str] = (),
    psu: Sequence[str] = (),
    fpc: Sequence[str] = (),
    replicates: str | None = None,
    lonely_psu: LonelyPsu | None = None,
    preset: str | None = None,
    missing_codes: Sequence[float] = (),
    options: Mapping[str, Any] | None = None,
) -> Estimates:
    """Estimate one statistic from a file.

    Parameters
    ----------
    path
        A file that `mpsurvey.read` reads.
    statistic
        ``"total"``, ``"mean"``, ``"proportion"``, ``"ratio"`` or ``"quantile"``.
    variable, denominator
        What to estimate; a total may do without.
    by, where
        Groups, and a rule for all of them.
    weight, strata, psu, fpc, replicates, lonely_psu
        The design. Parts that are given change the design that the file declares; without any, the
        file's own design is used. `replicates` is such as ``"sdr:PWGTP*"``; see
        `parse_replicates`.
    preset
        Id of a design preset, such as ``"dhs"``, in place of all of these.
    missing_codes
        Codes that mean no answer, in the variable and the groups.
    options
        Further arguments of the statistic: level, missing, ci, deff, df, q.

    Returns
    -------
    Estimates

    Raises
    ------
    MpsurveyError
        The file, the design or the question is wrong.
    """
    if statistic not in STATISTICS:
        raise MpsurveyError(f"'{statistic}' is not one of {', '.join(STATISTICS)}.")
    if variable is None and statistic != "total":
        raise MpsurveyError(f"Say which variable: --statistic {statistic} --variable NAME.")
    data = microdata.read(path)
    if missing_codes:
        named = [name for name in (variable, denominator, *by) if name in data.columns]
        data = data.declare_missing({str(name): list(missing_codes) for name in named})
    if preset is not None:
        if any((strata, psu, fpc, replicates, lonely_psu)):
            raise MpsurveyError("--preset says the whole design; of its parts only --weight goes.")
        sample = design_preset(preset, data, weight=weight)
    else:
        sample = _sample(data, weight, strata, psu, fpc, replicates, lonely_psu)
    asked = {"by": tuple(by), "where": where, **(options or {})}
    if statistic == "ratio":
        if denominator is None:
            raise MpsurveyError("A ratio needs a denominator: --denominator NAME.")
        return estimation.ratio(sample, str(variable), denominator, **asked)
    if statistic == "total":
        return estimation.total(sample, variable, **asked)
    if statistic == "mean":
        return estimation.mean(sample, str(variable), **asked)
    if statistic == "quantile":
        return estimation.quantile(sample, str(variable), **asked)
    return estimation.proportion(sample, str(variable), **asked)


def _sample(data: microdata.Microdata, *parts: Any) -> Sample:
    design = _design(data.design, *parts)
    return Sample(data) if design is None else Sample(data, design)


def _design(
    declared: Design | None,
    weight: str | None,
    strata: Sequence[str],
    psu: Sequence[str],
    fpc: Sequence[str],
    replicates: str | None,
    lonely_psu: LonelyPsu | None,
) -> Design | None:
    """Return the file's design with the parts that were given in place of its own."""
    given: dict[str, Any] = {}
    if weight:
        given["weight"] = weight
    if strata or psu or fpc:  # stages belong together
        given |= {"strata": tuple(strata), "psu": tuple(psu), "fpc": tuple(fpc)}
    if replicates:
        given["replicates"] = parse_replicates(replicates)
    if lonely_psu:
        given["lonely_psu"] = lonely_psu
    if not given:
        return declared
    if declared is None:
        return Design(**given)
    kept = {
        name: getattr(declared, name)
        for name in ("weight", "strata", "psu", "fpc", "replicates", "lonely_psu")
    }
    return Design(**{**kept, **given})


def parse_codes(text: str | None) -> tuple[float, ...]:
    """Read codes separated by commas.

    >>> parse_codes("-9, -2,-1")
    (-9, -2, -1)
    """
    try:
        return tuple(
            int(part) if float(part).is_integer() else float(part)
            for part in (text or "").split(",")
            if part.strip()
        )
    except ValueError:
        raise MpsurveyError(f"'{text}' is no list of codes; write for instance -9,-2,-1.") from None


def parse_replicates(text: str) -> Replicates:
    """Read ``kind:columns``, for instance ``"sdr:PWGTP*"`` or ``"fay=0.5:W_FSTR*"``.

    Kinds: ``brr``, ``fay=0.5``, ``jk1``, ``jk2``, ``bootstrap``, ``sdr``.

    >>> parse_replicates("fay=0.5:W_FSTR*")
    Brr(columns='W_FSTR*', fay=0.5, centre='estimate')
    """
    kind, _, columns = text.partition(":")
    name, _, value = kind.partition("=")
    if not columns:
        raise MpsurveyError(f"'{text}' names no columns. Write for instance sdr:PWGTP*.")
    match name:
        case "brr":
            return Brr(columns)
        case "fay":
            try:
                return Brr(columns, fay=float(value))
            except ValueError:
                raise MpsurveyError(f"'{kind}': write Fay's factor as in fay=0.5.") from None
        case "jk1":
            return Jackknife(columns)
        case "jk2":
            return Jackknife(columns, multipliers=1.0)
        case "bootstrap":
            return Bootstrap(columns)
        case "sdr":
            return SuccessiveDifference(columns)
    raise MpsurveyError(
        f"'{name}' is no kind of replicates: brr, fay=0.5, jk1, jk2, bootstrap or sdr. For JKn use "
        "the library, which takes the multipliers."
    )
