"""Known totals: read from a dict, a table or a file, and brought to the cells of the data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from mpsurvey.design.auxiliaries import Margin, as_margin, plain
from mpsurvey.errors import DesignError, FileUnreadable, did_you_mean

__all__ = ["KnownTotals", "read_totals"]

COUNT_NAMES = ("total", "totals", "population", "count", "n", "freq", "value")


@dataclass(frozen=True, slots=True, eq=False)
class KnownTotals:
    """Totals by margin and by variable.

    Attributes
    ----------
    margins
        For each margin (a tuple of columns), its cells in `plain` form with their totals.
    numbers
        Totals of variables, by name or formula; ``"1"`` is the number of people.
    """

    margins: Mapping[tuple[str, ...], Mapping[Any, float]]
    numbers: Mapping[str, float]

    def of_margin(self, margin: Margin) -> Mapping[Any, float] | None:
        """Totals of a margin's cells, merged as the margin says; None where not given.

        Columns may stand in another order.
        """
        for columns, cells in self.margins.items():
            if sorted(columns) != sorted(margin.columns):
                continue
            found: dict[Any, float] = {}
            merged = {plain(cell): plain(into) for cell, into in margin.merged.items()}
            for cell, total in cells.items():
                if len(columns) > 1:
                    by_name = dict(zip(columns, cell, strict=True))
                    cell = tuple(by_name[name] for name in margin.columns)
                seen = set()
                while cell in merged and cell not in seen:
                    seen.add(cell)
                    cell = merged[cell]
                found[cell] = found.get(cell, 0.0) + total
            return found
        return None

    def known(self) -> list[str]:
        """Names of what is given, for messages."""
        return [*(" x ".join(columns) for columns in self.margins), *self.numbers]

    def digest(self) -> str:
        """Twelve characters that change when any total changes, to tell versions apart."""
        lines = [
            f"{columns}|{cell}|{total!r}"
            for columns, cells in sorted(self.margins.items())
            for cell, total in sorted(cells.items(), key=str)
        ]
        lines += [f"{name}|{total!r}" for name, total in sorted(self.numbers.items())]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def read_totals(given: Any) -> KnownTotals:
    """Read totals from a dict, a table, a file, or several of these in a list.

    Parameters
    ----------
    given
        A dict from margin to its totals: ``{"region": {1: 1200, 2: 800}}``; a crossing is a tuple
        ``("sex", "age")`` or ``"sex x age"``, its cells tuples; a variable has a number. What a
        margin has may also be a table (pandas, Polars, ...) or a Series. A table or a CSV or xlsx
        file has the margin's columns and one of totals, named ``total``; or the columns ``margin``,
        ``cell``, ``total`` for several margins. Each sheet of an xlsx file is a table.

    Raises
    ------
    DesignError
        Totals that are missing, negative, no number or given twice: all at once.
    """
    margins: dict[tuple[str, ...], dict[Any, float]] = {}
    numbers: dict[str, float] = {}
    problems: list[str] = []
    _take(given, margins, numbers, problems)
    if problems:
        raise DesignError(problems)
    return KnownTotals(margins, numbers)


def _take(
    given: Any,
    margins: dict[tuple[str, ...], dict[Any, float]],
    numbers: dict[str, float],
    problems: list[str],
) -> None:
    match given:
        case None:
            return
        case KnownTotals():
            for columns, cells in given.margins.items():
                margins[columns] = dict(cells)
            numbers.update(given.numbers)
        case str() | Path():
            for name, table in _tables(Path(given)):
                _take_table(table, name, margins, numbers, problems)
        case Mapping():
            for name, content in given.items():
                _take_named(name, content, margins, numbers, problems)
        case Sequence():
            for part in given:
                _take(part, margins, numbers, problems)
        case _:
            _take_table(_pandas(given), "totals", margins, numbers, problems)


def _pandas(given: Any) -> pd.DataFrame:
    if isinstance(given, pd.Series):
        return given.rename("total").reset_index()
    try:
        table: pd.DataFrame = nw.from_native(given, eager_only=True).to_pandas()
    except TypeError:
        raise DesignError(
            f"Totals cannot be read from {type(given).__name__}: give a dict, a table, or the path "
            "of a CSV or xlsx file."
        ) from None
    return table


def _tables(path: Path) -> list[tuple[str, pd.DataFrame]]:
    if not path.exists():
        raise FileUnreadable(f"There is no file '{path}' of totals.")
    try:
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            sheets = pd.read_excel(path, sheet_name=None)
            return [(f"{path.name}, sheet {name}", sheet) for name, sheet in sheets.items()]
        return [(path.name, pd.read_csv(path, sep=None, engine="python", encoding="utf-8-sig"))]
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise FileUnreadable(f"{path.name}: the totals cannot be read ({error}).") from None


def _take_named(
    name: Any,
    content: Any,
    margins: dict[tuple[str, ...], dict[Any, float]],
    numbers: dict[str, float],
    problems: list[str],
) -> None:
    if isinstance(content, int | float | np.number):
        number = float(content)
        if not np.isfinite(number):
            problems.append(f"The total of {name} is no number.")
        numbers[str(name)] = number
        return
    columns = as_margin(name if isinstance(name, str | tuple | list) else str(name)).columns
    if isinstance(content, str | Path):
        for place, table in _tables(Path(content)):
            _take_table(table, place, margins, numbers, problems, columns)
        return
    if not isinstance(content, Mapping):
        table = _pandas(content)
        if isinstance(content, pd.Series) and len(columns) == table.shape[1] - 1:
            table.columns = pd.Index([*columns, "total"])
        _take_table(table, " x ".join(columns), margins, numbers, problems, columns)
        return
    pairs = [(cell, total) for cell, total in content.items()]
    _add(columns, pairs, margins, problems)


def _take_table(
    table: pd.DataFrame,
    place: str,
    margins: dict[tuple[str, ...], dict[Any, float]],
    numbers: dict[str, float],
    problems: list[str],
    columns: tuple[str, ...] | None = None,
) -> None:
    lowered = {str(name).strip().lower(): name for name in table.columns}
    if {"margin", "cell", "total"} <= set(lowered):
        grouped: dict[str, list[tuple[Any, Any]]] = {}
        three = table[[lowered[k] for k in ("margin", "cell", "total")]]
        for margin, cell, total in three.itertuples(index=False, name=None):
            if pd.isna(cell) or (isinstance(cell, str) and not cell.strip()):
                _take_named(
                    str(margin), _number(total, place, problems), margins, numbers, problems
                )
            else:
                grouped.setdefault(str(margin).strip(), []).append((cell, total))
        for margin, pairs in grouped.items():
            named = as_margin(margin).columns
            if len(named) > 1:
                pairs = [(tuple(str(cell).split(" x ")), total) for cell, total in pairs]
            _add(named, pairs, margins, problems)
        return
    counts = [lowered[name] for name in COUNT_NAMES if name in lowered]
    if columns is not None:
        missing = [name for name in columns if name not in table.columns]
        rest = [name for name in table.columns if name not in columns]
        if not counts and len(rest) == 1:
            counts = rest
        if missing:
            problems.append(
                f"{place}: the table of totals has no column '{missing[0]}'."
                f"{did_you_mean(missing[0], table.columns)}"
            )
            return
    if not counts:
        problems.append(f"{place}: the table has no column of totals; name it 'total'.")
        return
    named = columns or tuple(str(name) for name in table.columns if name != counts[0])
    if not named:
        problems.append(f"{place}: the table has totals, but no column that says what they are of.")
        return
    keys = table[list(named)]
    if keys.isna().to_numpy().any():
        problems.append(f"{place}: {int(keys.isna().any(axis=1).sum())} row(s) have an empty cell.")
        return
    cells = keys.itertuples(index=False, name=None)
    flat = [(cell[0] if len(cell) == 1 else cell) for cell in cells]
    _add(named, list(zip(flat, table[counts[0]].tolist(), strict=True)), margins, problems)


def _number(value: Any, place: str, problems: list[str]) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        problems.append(f"{place}: '{value}' is no number.")
        return 0.0


def _add(
    columns: tuple[str, ...],
    pairs: Sequence[tuple[Any, Any]],
    margins: dict[tuple[str, ...], dict[Any, float]],
    problems: list[str],
) -> None:
    name = " x ".join(columns)
    cells: dict[Any, float] = {}
    for cell, total in pairs:
        key = plain(cell)
        if len(columns) > 1 and (not isinstance(key, tuple) or len(key) != len(columns)):
            problems.append(
                f"Totals of {name}: the cell {cell!r} must be {len(columns)} values, one for each "
                "column."
            )
            continue
        number = _number(total, f"Totals of {name}, cell {cell!r}", problems)
        if not np.isfinite(number) or number < 0:
            problems.append(f"Totals of {name}: {total} for {_cell(key)} is not a count of people.")
            continue
        if key in cells:
            problems.append(f"Totals of {name}: {_cell(key)} stands twice.")
        cells[key] = number
    if columns in margins:
        problems.append(f"Totals of {name} are given twice.")
    margins[columns] = cells


def _cell(cell: Any) -> str:
    return " x ".join(map(str, cell)) if isinstance(cell, tuple) else str(cell)


def refuse_unknown(totals: KnownTotals, used: set[str]) -> list[str]:
    """Problems with totals that no step asks for."""
    return [
        f"Totals are given of '{name}', but no step of the recipe asks for them."
        f"{did_you_mean(name, used)}"
        for name in totals.known()
        if name not in used
    ]
