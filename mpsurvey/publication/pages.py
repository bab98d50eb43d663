"""A result as one self-contained web page that opens offline and prints well."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.publication.table import (
    FIGURES,
    HEADINGS,
    Table,
    digits_of,
    heading,
    is_share,
    write_whole,
)

__all__ = ["write_html"]

_STYLE = """
:root { color-scheme: light dark; --line: #8a97a3; --dot: #0b5c8a; --soft: #eef2f5; }
@media (prefers-color-scheme: dark) { :root { --dot: #7cc4f0; --soft: #24292e; } }
body { font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.35rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line); }
thead th { vertical-align: bottom; background: var(--soft); }
.number { text-align: right; }
td.number { white-space: nowrap; }
thead th { font-size: .85rem; }
.picture { width: 12rem; min-width: 9rem; }
svg { display: block; width: 100%; height: 1.1rem; }
svg line { stroke: var(--dot); stroke-width: 2; }
svg circle { fill: var(--dot); }
.notes { font-size: .85rem; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } }
"""


def write_html(table: Table, path: str | Path) -> Path:
    """Write a result as a web page: one file, no scripts, nothing fetched.

    Each figure stands with its interval drawn beside it on a common scale, and below the table what
    the figures rest on. Labels are escaped, so that nothing in them can act.

    Parameters
    ----------
    table
        `Estimates` or another result.
    path
        Where to; written whole or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MpsurveyError
        The folder is absent, or the file is open in another program.
    """
    text = page(table)
    return write_whole(path, lambda spare: spare.write_text(text, encoding="utf-8"))


def page(table: Table) -> str:
    """Return the page as text."""
    shown = table.display()
    digits, scale = digits_of(table), 100.0 if is_share(table) else 1.0
    title = html.escape(table.title())
    # The first column that is neither a figure nor about one names the row.
    names = [str(name) for name in shown.columns]
    words = [name for name in names if name not in HEADINGS or name in ("variable", "category")]
    head = "".join(
        f'<th scope="col"{_class(name, words)}>{html.escape(heading(table, name))}</th>'
        for name in names
    )
    axis = _axis(shown)
    body = []
    for _, row in shown.iterrows():
        cells = "".join(_cell(name, row[name], words, digits, scale) for name in names)
        body.append(f"<tr>{cells}<td class='picture'>{_interval(row, axis)}</td></tr>")
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in table.footnotes())
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><main><h1>{title}</h1>\n"
        f'<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>'
        f'<thead><tr>{head}<th scope="col" class="picture">Estimate and interval</th></tr></thead>'
        f"\n<tbody>\n{chr(10).join(body)}\n</tbody></table></div>\n"
        f'<ul class="notes">{notes}</ul></main></body></html>\n'
    )


def _class(name: str, words: list[str]) -> str:
    return "" if name in words else ' class="number"'


def _cell(name: str, value: Any, words: list[str], digits: int, scale: float) -> str:
    if name in words:
        text = "" if value is None or pd.isna(value) else html.escape(str(value))
        tag = 'th scope="row"' if name == words[0] else "td"
        return f"<{tag}>{text}</{tag.split()[0]}>"
    return f'<td class="number">{_number(name, value, digits, scale)}</td>'


def _number(name: str, value: Any, digits: int, scale: float) -> str:
    if value is None or pd.isna(value):
        return "–"
    if np.isinf(value):
        return "∞"
    if name in FIGURES:
        return f"{value * scale:,.{digits}f}"
    if name == "cv":
        return f"{value * 100:.1f}%"
    return f"{value:,.2f}" if name == "deff" else f"{value:,.0f}"


def _axis(shown: pd.DataFrame) -> tuple[float, float]:
    ends = shown[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    ends = ends[np.isfinite(ends)]
    if not len(ends) or ends.min() == ends.max():
        return (0.0, 1.0) if not len(ends) else (float(ends.min()) - 1, float(ends.max()) + 1)
    return float(ends.min()), float(ends.max())


def _interval(row: pd.Series[Any], axis: tuple[float, float]) -> str:
    """Draw a dot and its interval; the numbers stand in the row, so the picture is decoration."""
    low, high = axis
    spots = [
        4 + 192 * (float(row[name]) - low) / (high - low)
        for name in ("estimate", "ci_low", "ci_high")
    ]
    if not np.isfinite(spots[0]):
        return ""
    line = ""
    if np.isfinite(spots[1:]).all():
        line = f'<line x1="{spots[1]:.1f}" x2="{spots[2]:.1f}" y1="10" y2="10"/>'
    return (
        '<svg viewBox="0 0 200 20" preserveAspectRatio="none" aria-hidden="true">'
        f'{line}<circle cx="{spots[0]:.1f}" cy="10" r="4"/></svg>'
    )
