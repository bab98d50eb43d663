"""The columns that a crosswalk names, as a file writes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mpsurvey.rule.frames import many_answers_columns

__all__ = ["actual_column", "actual_columns", "kept_columns"]


def actual_column(name: str, columns: Collection[str]) -> str | None:
    """Return the column of a name; of the same name in other case when there is exactly one.

    The same survey's SPSS file often writes in capitals what its Stata file writes small.

    >>> actual_column("hv105", ["HV104", "HV105"])
    'HV105'
    """
    if name in columns:
        return name
    alike = [column for column in columns if str(column).lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def actual_columns(name: str, columns: Collection[str]) -> dict[str, str]:
    """Return what a rule calls each column, and the column: one, or those of many answers."""
    found = actual_column(name, columns)
    if found is not None:
        return {name: found}
    parts = many_answers_columns(name, dict.fromkeys(columns))
    return {column: column for column in parts.values()}


def kept_columns(columns: Collection[str], patterns: Iterable[str]) -> list[str]:
    """Return the columns that names and patterns such as ``PWGTP*`` take."""
    out: list[str] = []
    for pattern in patterns:
        if pattern.endswith("*"):
            first = pattern[:-1].lower()
            out += [column for column in columns if column.lower().startswith(first)]
        elif (found := actual_column(pattern, columns)) is not None:
            out.append(found)
    return list(dict.fromkeys(out))
