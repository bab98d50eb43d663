"""Write docs/explanation/parity.md: what equals R, how closely, and where we differ.

Run it from anywhere: python tests/parity/page.py
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

TESTS = Path(__file__).parents[1]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from parity import descriptive, distribution, models  # noqa: E402
from parity.differences import measured  # noqa: E402
from parity.gaps import Compared, Line  # noqa: E402

TEMPLATE = Path(__file__).with_name("template.md")
PAGE = TESTS.parent / "docs" / "explanation" / "parity.md"
LINES: list[Line] = [*descriptive.LINES, *distribution.LINES, *models.LINES]


def gap(value: float | None) -> str:
    """Write a gap with one digit."""
    if value is None:
        return "–"
    return "0" if value == 0 else f"{value:.0e}"


def tables(lines: Iterable[Line]) -> Iterator[tuple[str, int]]:
    """Write a table for each topic; with how many numbers it compared."""
    for topic, part in groupby(lines, key=lambda line: line.topic):
        told = [f"## {topic}", "", "| Here | In R | Numbers | Estimate | SE | Interval | df |"]
        told.append("|---|---|---:|---:|---:|---:|---:|")
        count = 0
        for line in part:
            found = Compared.of(line)
            count += found.figures
            gaps = (gap(found.gaps.get(name)) for name in ("estimate", "se", "interval", "df"))
            told.append(
                f"| {_code(line.ours)} | {_code(line.theirs)} | {found.figures:,} | "
                + " | ".join(gaps)
                + " |"
            )
        yield "\n".join(told), count


def write() -> str:
    """Write the whole page."""
    with warnings.catch_warnings(action="ignore"):
        made = list(tables(LINES))
        numbers = measured()
    return TEMPLATE.read_text(encoding="utf-8").format(
        versions=(TESTS / "r" / "VERSIONS.txt").read_text(encoding="utf-8").strip(),
        figures=sum(count for _, count in made),
        tables="\n\n".join(table for table, _ in made),
        **numbers,
    )


def _code(words: str) -> str:
    """Set calls in code, and leave words as they are."""
    if words.startswith("..."):
        return words
    if " or " in words:
        return " or ".join(map(_code, words.split(" or ")))
    call, *said = words.split(", ") if words.startswith("mp.") else [words]
    known = call in ("rake", "postStratify") or (call.startswith("svy") and " " not in call)
    is_call = known or any(sign in call for sign in (".", "(", "=", "::"))
    return ", ".join([f"`{call}`" if is_call else call, *said])


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(write(), encoding="utf-8")
    print(f"wrote {PAGE}")
