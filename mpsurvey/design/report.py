"""A report on how weights were made: one page that opens offline, for the file of the survey."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design.auxiliaries import plain
from mpsurvey.design.diary import DiaryEntry
from mpsurvey.design.sample import Sample, describe
from mpsurvey.errors import DesignError, MpsurveyError

__all__ = ["WeightReport", "weight_report"]

Floats = NDArray[np.float64]

_STYLE = """
:root { color-scheme: light dark; --line: #8a97a3; --bar: #0b5c8a; --soft: #eef2f5;
  --flag: #9a3b00; }
@media (prefers-color-scheme: dark) { :root { --bar: #7cc4f0; --soft: #24292e; --flag: #ffb27a; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child, .word { text-align: left; }
thead th { background: var(--soft); font-size: .85rem; vertical-align: bottom; }
.flag { color: var(--flag); font-weight: 600; }
figure { display: inline-block; margin: 0 2rem 1rem 0; }
figcaption { font-size: .85rem; }
svg rect { fill: var(--bar); } svg line { stroke: var(--line); }
svg text { fill: currentColor; font-size: 11px; }
.notes { font-size: .85rem; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } }
"""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WeightReport:
    """How weights were made, step by step.

    Attributes
    ----------
    steps : pandas.DataFrame
        One row per step: what it did, rows, sum, quartiles and Kish's effect of the weights after
        it, quartiles of its factors.
    margins : pandas.DataFrame
        One row per step, margin and cell: rows, sum of weights before, known total, sum after.
    flags : tuple of str
        What a reviewer should look at.
    """

    title: str
    basis: str
    steps: pd.DataFrame
    margins: pd.DataFrame
    flags: tuple[str, ...]
    pictures: tuple[tuple[str, Floats], ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        shown = self.steps[["step", "n", "sum", "median", "largest", "kish"]]
        flags = [f"! {flag}" for flag in self.flags]
        return "\n".join([self.title, self.basis, shown.to_string(index=False), *flags])

    def _repr_html_(self) -> str:
        return self._body()

    def save(self, path: str | Path) -> Path:
        """Write the page, whole or not at all."""
        target = Path(path)
        if not target.parent.is_dir():
            raise MpsurveyError(f"There is no folder '{target.parent}' for the report.")
        title = html.escape(self.title)
        text = (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{title}</title><style>{_STYLE}</style></head>\n"
            f"<body><main>{self._body()}</main></body></html>\n"
        )
        spare = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            spare.write_text(text, encoding="utf-8")
            spare.replace(target)
        except OSError as error:
            spare.unlink(missing_ok=True)
            raise MpsurveyError(f"'{target}' cannot be written: {error.strerror}.") from None
        return target

    def _body(self) -> str:
        flags = "".join(f'<li class="flag">{html.escape(flag)}</li>' for flag in self.flags)
        flagged = f"<ul>{flags}</ul>" if flags else "<p>Nothing is flagged.</p>"
        figures = "".join(
            f"<figure>{_histogram(values)}<figcaption>{html.escape(caption)}</figcaption></figure>"
            for caption, values in self.pictures
        )
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return (
            f"<h1>{html.escape(self.title)}</h1><p>{html.escape(self.basis)}</p>"
            f"<h2>To look at</h2>{flagged}<h2>Steps</h2>{_table(self.steps)}"
            f"<h2>Distribution</h2>{figures}"
            f"<h2>Known totals, before and after</h2>{_table(self.margins)}"
            f'<ul class="notes">{notes}</ul>'
        )


def weight_report(sample: Sample) -> WeightReport:
    """Report how a sample's weights were made.

    Parameters
    ----------
    sample
        A sample as `mpsurvey.weight` returns it.

    Returns
    -------
    WeightReport
        Shows itself in a notebook; ``.save("weights.html")`` writes a page.

    Raises
    ------
    DesignError
        The sample's weights were not made by a recipe.
    """
    diary: Sequence[DiaryEntry] = sample.diary
    if not diary:
        raise DesignError(
            "There is nothing to report: these weights were not made by mp.weight, so nothing is "
            "known of their making."
        )
    tables = []
    for entry in diary:
        if entry.margins is not None:
            table = _labelled(sample, entry.margins)
            table.insert(0, "step", f"{entry.number} {entry.do}")
            with np.errstate(divide="ignore", invalid="ignore"):
                table["factor"] = table["after"] / table["before"]
            tables.append(table)
    margins = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    start = np.asarray(sample.frame[_first_column(sample, diary)].to_numpy(), dtype=np.float64)
    some = (sample.weight > 0) & (start > 0)
    flags = [f"Step {e.number} ({e.do}): {flag}" for e in diary for flag in e.flags]
    notes = [f"Merged in step {e.number}: {text}" for e in diary for text in e.merged]
    digests = sorted({e.digest for e in diary if e.digest})
    if digests:
        notes.append(f"Digest of the known totals: {', '.join(digests)}.")
    notes.append(f"Made {diary[-1].when}. Columns after each step: "
                 f"{', '.join(e.column for e in diary)}.")  # fmt: skip
    return WeightReport(
        title=f"How the weights '{sample.design.weight}' were made",
        basis=describe(sample.design, sample.units, len(sample)),
        steps=pd.DataFrame([_row(entry) for entry in diary]),
        margins=margins,
        flags=tuple(flags),
        pictures=(
            ("Final weights", sample.weight[sample.weight > 0]),
            (
                "Final weights over the weights before anything was adjusted",
                sample.weight[some] / start[some],
            ),
        ),
        notes=tuple(notes),
    )


def _first_column(sample: Sample, diary: Sequence[DiaryEntry]) -> str:
    """Column of the weights by which people were drawn: before anything was adjusted."""
    column = f"{diary[-1].column}_0"
    for entry in diary:
        if entry.do not in ("base", "share", "combine"):
            break
        column = entry.column
    return column if column in sample.frame.columns else str(sample.design.weight)


def _labelled(sample: Sample, table: pd.DataFrame) -> pd.DataFrame:
    """Cells in words, where the data have value labels."""

    def words(margin: str, cell: Any) -> Any:
        columns = margin.split(" x ")
        parts = str(cell).split(" x ") if len(columns) > 1 else [cell]
        said = []
        for column, part in zip(columns, parts, strict=True):
            labels = {str(plain(code)): text for code, text in sample.labels(column).items()}
            said.append(labels.get(str(part), str(part)))
        return " x ".join(said)

    cells = [
        None if cell is None else words(str(margin), cell)
        for margin, cell in zip(table["margin"], table["cell"], strict=True)
    ]
    return table.assign(cell=pd.Series(cells, index=table.index, dtype=object))


def _row(entry: DiaryEntry) -> dict[str, Any]:
    low, _, middle, _, high = entry.factors or (np.nan,) * 5
    facts = "; ".join(
        f"{key} {_number(value)}"
        for key, value in entry.facts.items()
        if key not in ("smallest factor", "largest factor")  # these have columns of their own
    )
    return {
        "step": f"{entry.number} {entry.words}",
        "n": entry.n,
        "sum": entry.sum,
        "smallest": entry.smallest,
        "lower quartile": entry.lower_quartile,
        "median": entry.median,
        "upper quartile": entry.upper_quartile,
        "largest": entry.largest,
        "kish": entry.kish,
        "factor from": low,
        "factor median": middle,
        "factor to": high,
        "further": facts,
    }


def _number(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return ""
    number = float(value)
    if number.is_integer() and abs(number) < 1e15:
        return f"{number:,.0f}"
    return f"{number:,.1f}" if abs(number) >= 1000 else f"{number:.4g}"


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _table(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "<p>No step used known totals.</p>"
    words = {"step", "margin", "cell", "further"}

    def cell(name: str, value: Any) -> str:
        kind = ' class="word"' if name in words else ""
        text = str(value) if name in words and not _absent(value) else _number(value)
        return f"<td{kind}>{html.escape(text)}</td>"

    head = "".join(
        f'<th scope="col"{" class=word" if name in words else ""}>{html.escape(str(name))}</th>'
        for name in frame.columns
    )
    rows = "".join(
        "<tr>" + "".join(cell(str(n), v) for n, v in zip(frame.columns, row, strict=True)) + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return (
        '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _histogram(values: Floats) -> str:
    """Draw counts in 30 classes up to the largest value."""
    low, high = float(values.min(initial=np.inf)), float(values.max(initial=0.0))
    if not len(values):
        return ""
    if high <= low * (1 + 1e-9):
        return f"<p>All are {_number(low)}.</p>"
    counts, _ = np.histogram(values, bins=30, range=(low, high))
    tallest = counts.max()
    bars = "".join(
        f'<rect x="{10 + 13 * i}" y="{10 + 120 * (1 - c / tallest):.1f}" width="12" '
        f'height="{120 * c / tallest:.1f}"/>'
        for i, c in enumerate(counts)
    )
    middle = float(np.median(values))
    said = f"{len(values):,} rows from {_number(low)} to {_number(high)}, median {_number(middle)}"
    return (
        f'<svg width="410" height="160" role="img" aria-label="{said}">{bars}'
        '<line x1="10" x2="400" y1="131" y2="131"/>'
        f'<text x="10" y="148">{_number(low)}</text>'
        f'<text x="400" y="148" text-anchor="end">{_number(high)}</text>'
        f'<text x="205" y="148" text-anchor="middle">median {_number(middle)}</text></svg>'
    )
