"""The way from a survey's file to the modules' variables and concepts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, overload

import narwhals as nw
import pandas as pd

from mpsurvey.catalogue import Catalogue
from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.harmonisation.checking import (
    DEFAULTS,
    Policy,
)
from mpsurvey.harmonisation.columns import actual_columns
from mpsurvey.harmonisation.crosswalk import ACTIONS, KINDS, Crosswalk
from mpsurvey.harmonisation.harmonised import Harmonised
from mpsurvey.harmonisation.known import known_catalogue
from mpsurvey.harmonisation.lazy_harmonised import LazyHarmonised
from mpsurvey.harmonisation.lazy_outcome import lazy_outcome
from mpsurvey.harmonisation.lazy_work import LazyWork, lazily
from mpsurvey.harmonisation.outcome import outcome
from mpsurvey.harmonisation.reading import read_crosswalk
from mpsurvey.harmonisation.target import Target, all_targets
from mpsurvey.harmonisation.work import Work
from mpsurvey.microdata import Microdata

__all__ = ["harmonise"]


@overload
def harmonise(
    data: Microdata | pd.DataFrame,
    crosswalk: Crosswalk | Path | str | None = None,
    *,
    files: Mapping[str, Any] | None = None,
    home: int | None = None,
    strict: bool | Mapping[str, str] | Collection[str] | None = None,
    keep: Collection[str] = (),
    catalogue: Catalogue | None = None,
    language: str = "en",
) -> Harmonised: ...


@overload
def harmonise(
    data: Any,
    crosswalk: Crosswalk | Path | str | None = None,
    *,
    files: Mapping[str, Any] | None = None,
    home: int | None = None,
    strict: bool | Mapping[str, str] | Collection[str] | None = None,
    keep: Collection[str] = (),
    catalogue: Catalogue | None = None,
    language: str = "en",
) -> Harmonised | LazyHarmonised: ...


def harmonise(
    data: Any,
    crosswalk: Crosswalk | Path | str | None = None,
    *,
    files: Mapping[str, Any] | None = None,
    home: int | None = None,
    strict: bool | Mapping[str, str] | Collection[str] | None = None,
    keep: Collection[str] = (),
    catalogue: Catalogue | None = None,
    language: str = "en",
) -> Harmonised | LazyHarmonised:
    """Bring a survey's file under the modules' names and codes, and work out their concepts.

    Rows stay as they are, in their order (a lazy frame has none). Columns are the variables that
    the crosswalk maps, then every concept of the modules that they suffice for. What is wrong is
    listed in ``result.report``, each thing once with its count.

    Parameters
    ----------
    data
        `Microdata`, or any frame: pandas, Polars, PyArrow, DuckDB. A lazy one stays in its engine:
        the result is a `LazyHarmonised`, whose frame is one of the same library, still to be worked
        out. Only counts and the texts that are to be recoded are read.
    crosswalk
        A `Crosswalk`, its YAML file, or the id of a ready one such as ``"acs_pums"``. Left out: the
        columns bear the modules' own names.
    files
        The crosswalk's further files by name: households of persons, rosters. Of a lazy main file,
        frames of the same engine.
    home
        UN M49 number of the country, in place of the crosswalk's.
    strict
        True fails on every sort of problem, False on none; a collection names the sorts that fail;
        a mapping gives for each sort ``"list"``, ``"missing"`` or ``"fail"``. Sorts: ``unmapped``,
        ``type`` (these two are missing in any case), ``date``, ``impossible``, ``routing``,
        ``unit``, ``join``. Unless said here or in the crosswalk, problems are listed.
    keep
        Columns of the file to carry over as they are, on top of the crosswalk's; ``"*"`` keeps all.
    catalogue
        Whose modules; the shipped ones unless given.
    language
        Of the labels.

    Raises
    ------
    ColumnMissing, MpsurveyError
        When columns, files or the country's code are lacking (all at once), and for the findings
        on which it is to fail.

    Examples
    --------
    >>> import pandas as pd
    >>> from mpsurvey.harmonisation import Mapped
    >>> file = pd.DataFrame({"B02": [34, 61], "B05": ["GE", "Russia"], "B06": [1, 0]})
    >>> walk = Crosswalk(id="lfs", home=268).mapping(
    ...     Mapped(name="age", column="B02"),
    ...     Mapped(name="mb_cob", column="B05", countries=True),
    ...     Mapped(name="mb_cit_home", column="B06", recode={1: 1, 0: 2}),
    ... )
    >>> people = harmonise(file, walk)
    >>> people.frame["mb_cob"].tolist(), people.frame["mig_status"].tolist()
    ([268, 643], [4, 1])
    """
    known = known_catalogue(catalogue)
    targets = all_targets(known)
    walk = _crosswalk(crosswalk, data, targets, known)
    whose = home if home is not None else walk.home
    lazy = lazily(data)
    if lazy is not None:
        far = LazyWork(known, targets, walk, whose, _policy(walk, strict))
        far.do(lazy, files or {}, tuple(keep))
        far.count(language)
        return lazy_outcome(far, tuple(keep), language)
    work = Work(known, targets, walk, whose, _policy(walk, strict))
    work.do(data, files or {}, tuple(keep))
    return outcome(work, tuple(keep), language)


def _crosswalk(
    crosswalk: Crosswalk | Path | str | None,
    data: Any,
    targets: Mapping[str, Target],
    catalogue: Catalogue,
) -> Crosswalk:
    if isinstance(crosswalk, Crosswalk):
        unknown = [
            f"{mapped.shown}: no module and no host variable is called '{name}'."
            f"{did_you_mean(name, targets)}"
            for name, mapped in crosswalk.variables.items()
            if name not in targets
        ]
        if unknown:
            raise MpsurveyError(unknown)
        return crosswalk
    if crosswalk is not None:
        return read_crosswalk(crosswalk, catalogue=catalogue)
    columns = (
        data.variables
        if isinstance(data, Microdata)
        else nw.from_native(data).collect_schema().names()
    )
    spread = [
        name
        for name, target in targets.items()
        if target.type == "select_multiple"
        and name not in columns
        and actual_columns(name, columns)
    ]
    return Crosswalk.of_same_names([*columns, *spread], targets)


def _policy(walk: Crosswalk, strict: Any) -> Policy:
    actions: dict[Any, Any] = {**DEFAULTS, **walk.checks}
    if strict is True:
        actions = dict.fromkeys(DEFAULTS, "fail")
    elif strict is False:
        actions = {kind: "list" if do == "fail" else do for kind, do in actions.items()}
    elif strict is not None:
        given = strict if isinstance(strict, Mapping) else dict.fromkeys(_listed(strict), "fail")
        problems = [
            f"There is no check '{kind}'.{did_you_mean(str(kind), KINDS)}"
            for kind in given
            if kind not in KINDS
        ]
        problems += [
            f"'{do}' is not one of {', '.join(ACTIONS)}."
            for do in given.values()
            if do not in ACTIONS
        ]
        if problems:
            raise MpsurveyError(problems)
        actions |= given
    for kind in ("unmapped", "type"):  # such a value has no meaning among the modules' codes
        if actions[kind] == "list":
            actions[kind] = "missing"
    return Policy(actions)


def _listed(strict: Any) -> Iterable[str]:
    return (strict,) if isinstance(strict, str) else strict
