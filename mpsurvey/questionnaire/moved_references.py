"""References to rows that have moved: in ranges and in formulas."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["moved_row", "shift_formula", "shift_range", "shift_ranges"]


def moved_row(row: int, above: int, by: int) -> int:
    """Return where a row stands after `by` rows were put in before row `above`."""
    return row + by if row >= above else row


def shift_range(text: str, above: int, by: int) -> str:
    """Move the rows of a range such as ``$A$2:B9``."""
    return re.sub(
        r"(\$?[A-Z]{1,3}\$?)(\d+)", lambda m: f"{m[1]}{moved_row(int(m[2]), above, by)}", text
    )


def shift_ranges(text: str, above: int, by: int) -> str:
    """Move the rows of ranges that stand beside each other."""
    return " ".join(shift_range(part, above, by) for part in text.split())


def shift_formula(formula: str, sheet: str, standing_in: str, above: int, by: int) -> str:
    """Move references of a formula that point to rows of `sheet` from `above` on."""
    from openpyxl.formula import Tokenizer

    def shift(operand: str) -> str:
        named, mark, address = operand.rpartition("!")
        target = named.strip("'").replace("''", "'") if mark else standing_in
        return f"{named}{mark}{shift_range(address, above, by)}" if target == sheet else operand

    return _each_range(formula, Tokenizer, shift)


def _each_range(formula: str, tokenizer: Any, change: Callable[[str], str]) -> str:
    tokens = tokenizer("=" + formula).items
    return "".join(
        change(token.value) if token.type == "OPERAND" and token.subtype == "RANGE" else token.value
        for token in tokens
    )
