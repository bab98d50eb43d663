"""The planning report: one page of HTML, or a workbook, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.errors import DesignError
from mpsurvey.planning.allocation_result import Allocation
from mpsurvey.planning.charts import bars, curve
from mpsurvey.planning.drawn import Drawn
from mpsurvey.planning.plan import Planned
from mpsurvey.planning.size_result import SampleSize

__all__ = ["field_list", "sections", "write_report", "write_sample"]

STYLE = """
body{font-family:system-ui,sans-serif;color:#1f2933;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1,h2,h3{line-height:1.2}table{border-collapse:collapse;margin:.6rem 0 1.4rem;font-size:.9rem}
th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #d8dee4}
th:first-child,td:first-child{text-align:left}thead th{border-bottom:2px solid #1f2933}
svg{max-width:100%;height:auto;margin:.4rem 0 1.2rem}.note{color:#52606d;font-size:.9rem}
.scroll{overflow-x:auto}
"""
MOST_ROWS = 2_000


def field_list(planned: Planned) -> pd.DataFrame:
    """Return the units for the field: what names and places them, their stratum and their weight.

    The plan's ``draw: keep:`` chooses the columns of the frame; without it all are kept.
    """
    drawn = planned.drawn
    if drawn is None:
        raise DesignError("The plan draws no sample, so there is no list for the field.")
    keep = (planned.plan.draw or {}).get("keep")
    if keep is None:
        return drawn.frame
    made = [
        name
        for name in drawn.frame.columns
        if name in ("probability", "base_weight", *drawn.units)
        or name.rpartition("_")[0] in ("stratum", "rotation", "fpc", "probability")
    ]
    absent = [name for name in keep if name not in drawn.frame]
    if absent:
        raise DesignError(
            f"{planned.plan.path}: draw keeps '{name}', which the frame lacks." for name in absent
        )
    return drawn.frame[list(dict.fromkeys([*drawn.units, *keep, *made]))]


def sections(planned: Planned) -> dict[str, pd.DataFrame]:
    """Return every table of the report by its title, in order."""
    out: dict[str, pd.DataFrame] = {}
    if planned.sizes:
        out["Sizes"] = pd.DataFrame(
            [_size_row(name, one) for name, one in planned.sizes.items()]
        ).dropna(axis=1, how="all")
        for name, one in planned.sizes.items():
            out[f"Steps: {name}"] = one.steps
            out[f"Curve: {name}"] = one.curve()
    allocation = planned.allocation
    if allocation is not None:
        out["Allocation"] = allocation.frame
        out["Price of unequal fractions"] = allocation.groups
        if len(allocation.expected):
            out["Expected precision"] = allocation.expected
            out["Precision against cost"] = allocation.curve()
    if planned.expected is not None:
        out["Indicators"] = planned.expected.frame
    if planned.drawn is not None:
        out["Drawn"] = planned.drawn.strata
        out["Units"] = field_list(planned)
        if len(planned.drawn.reserve):
            out["Reserve"] = planned.drawn.reserve
    return out


def write_report(planned: Planned, path: str | Path) -> Path:
    """Write the report.

    Parameters
    ----------
    path
        A file that ends in .html or .xlsx.

    Raises
    ------
    DesignError
        If the file is of another kind.
    """
    path = Path(path)
    if path.suffix.lower() == ".html":
        text = _page(planned)
        return _whole(path, lambda at: at.write_text(text, encoding="utf-8"))
    if path.suffix.lower() == ".xlsx":
        return _whole(path, lambda at: _workbook(planned, at))
    raise DesignError(f"{path}: a report is .html or .xlsx.")


def write_sample(planned: Planned, path: str | Path) -> Path:
    """Write the list of units drawn, as .csv or .xlsx, for the field and for the weights."""
    path, table = Path(path), field_list(planned)
    if path.suffix.lower() == ".csv":
        return _whole(path, lambda at: table.to_csv(at, index=False))
    if path.suffix.lower() == ".xlsx":
        return _whole(path, lambda at: _sheets({"Units": table}, at))
    raise DesignError(f"{path}: a list of units is .csv or .xlsx.")


def _whole(path: Path, write: Callable[[Path], object]) -> Path:
    """Write beside the target and move into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".plan-", suffix=path.suffix)
    os.close(handle)
    try:
        write(Path(name))
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _size_row(name: str, one: SampleSize) -> dict[str, Any]:
    return {
        "figure": name,
        "interviews": one.interviews,
        "to approach": one.to_select,
        "households to screen": one.households,
        "PSUs": one.psus,
        "deff": one.deff,
        "standard error": one.se,
        f"margin at {100 * one.level:g} %": one.moe,
        "CV": one.cv,
        "cost": one.cost,
    }


def _page(planned: Planned) -> str:
    plan = planned.plan
    body = [f"<h1>{escape(plan.title)}</h1>"]
    for name, one in planned.sizes.items():
        if name == next(iter(planned.sizes)):
            body.append("<h2>How many interviews</h2>")
            body.append(_table(sections(planned)["Sizes"]))
        body.append(f"<h3>{escape(name)}</h3>{_table(one.steps)}{_size_curve(one, plan.currency)}")
    if planned.allocation is not None:
        body.append(_allocation(planned.allocation, plan.currency))
    if planned.expected is not None:
        body.append(_indicators(planned.expected))
    if planned.drawn is not None:
        body.append(_draw(planned, planned.drawn))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(plan.title)}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(body)}</body></html>\n"
    )


def _size_curve(one: SampleSize, currency: str) -> str:
    table = one.curve()
    if len(table) < 2:
        return ""
    cost = "cost" in table
    x = table["cost" if cost else "interviews"].to_numpy(dtype=np.float64)
    here = (one.cost if cost and one.cost is not None else one.interviews, one.se)
    z = table["moe"].iloc[0] / table["se"].iloc[0] if table["se"].iloc[0] else 1.0
    return curve(
        x,
        table["moe"].to_numpy(dtype=np.float64),
        at=(float(here[0]), float(one.se * z)),
        x_label=f"cost {currency}".strip() if cost else "interviews",
        y_label=f"margin at {100 * one.level:g} %",
        title="Precision against cost" if cost else "Precision against size",
    )


def _allocation(one: Allocation, currency: str) -> str:
    counted = "psus" if "psus" in one.frame else "n"
    parts = [
        f"<h2>Where: allocation by {escape(one.method)}</h2>",
        f"<p>{one.n:,} interviews, cost {one.cost:,.0f} {escape(currency)}; unequal fractions "
        f"multiply the variance of figures for everybody by {one.deff:.3f}.</p>",
        bars(
            [str(label) for label in one.frame["stratum"]],
            one.frame["n"].tolist(),
            [
                f"{100 * fraction:.2g} %" + (f", {psus} PSUs" if counted == "psus" else "")
                for fraction, psus in zip(one.frame["fraction"], one.frame[counted], strict=True)
            ],
            "Interviews by stratum",
        ),
        _table(one.frame),
    ]
    if len(one.groups) > 1:
        parts.append(
            "<h3>What oversampling gives, and its price</h3>"
            '<p class="note">Effective interviews: as many as a simple random sample of the group '
            "would need for the same precision, clustering apart.</p>"
        )
        parts.append(_table(one.groups))
    if len(one.expected):
        parts.append("<h3>Expected precision before a single interview</h3>")
        parts.append(_table(one.expected))
        table = one.curve()
        for name, rows in table[table["by"].isna()].groupby("figure", sort=False):
            own = one.expected.query("figure == @name and by.isna()")["cv"]
            parts.append(f"<h3>{escape(str(name))}: precision against cost</h3>")
            parts.append(
                curve(
                    rows["cost"].to_numpy(dtype=np.float64),
                    rows["cv"].to_numpy(dtype=np.float64),
                    at=(one.cost, float(own.iloc[0])),
                    x_label=f"cost {currency}".strip(),
                    y_label="CV",
                    title=f"CV of {name} against cost",
                    percent=True,
                )
            )
    return "".join(parts)


def _indicators(expected: Any) -> str:
    """The figures of the catalogue, theme by theme: what the survey will be able to say."""
    frame = expected.frame
    parts = [
        "<h2>What it will be able to say</h2>",
        '<p class="note">Each indicator by group as an earlier round had it, with the respondents '
        "and the precision that the plan promises. CVs are shares of the figure; for a gap or "
        "contribution look at the margin (moe).</p>",
        f"<p>{int((frame['publish'] == 'yes').sum()):,} of {len(frame):,} figures can be "
        "published.</p>",
    ]
    for theme, rows in frame.groupby("theme", sort=False):
        shown = rows.drop(columns=["theme", "breakdown", "n_earlier"])
        parts.append(f"<h3>{escape(str(theme).capitalize())}</h3>{_table(shown.head(MOST_ROWS))}")
    parts += [f'<p class="note">{escape(note)}</p>' for note in expected.notes]
    return "".join(parts)


def _draw(planned: Planned, drawn: Drawn) -> str:
    table = field_list(planned)
    notes = "".join(f"<li>{escape(note)}</li>" for note in drawn.notes)
    more = (
        f'<p class="note">The first {MOST_ROWS:,} of {len(table):,} units; the list for the field '
        "has them all.</p>"
        if len(table) > MOST_ROWS
        else ""
    )
    return (
        f"<h2>Who: {len(drawn.frame):,} units drawn</h2>"
        f"<p>Seed {drawn.seed}: the same frame and plan give the same sample.</p>"
        f"<ul>{notes}</ul>{_table(drawn.strata)}<h3>Units</h3>{more}"
        f"{_table(table.head(MOST_ROWS))}"
    )


def _table(table: pd.DataFrame) -> str:
    shown = table.copy()
    for name in shown.columns:
        if pd.api.types.is_float_dtype(shown[name]):
            shown[name] = shown[name].map(lambda value: "" if pd.isna(value) else _number(value))
    return f'<div class="scroll">{shown.to_html(index=False, border=0, na_rep="")}</div>'


def _number(value: float) -> str:
    if value == int(value) and abs(value) >= 1:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.4g}"


def _workbook(planned: Planned, path: Path) -> None:
    _sheets(sections(planned), path)


def _sheets(tables: dict[str, pd.DataFrame], path: Path) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        used: set[str] = set()
        for title, table in tables.items():
            sheet = _sheet_name(title, used)
            table.to_excel(writer, sheet_name=sheet, index=False)
            page = writer.sheets[sheet]
            page.freeze_panes(1, 0)
            for place, name in enumerate(table.columns):
                page.set_column(place, place, min(max(len(str(name)) + 2, 11), 40))
            if title == "Allocation":
                _bar_chart(writer, page, sheet, table)
            if title.startswith("Curve: "):
                _line_chart(writer, page, sheet, table)


def _sheet_name(title: str, used: set[str]) -> str:
    """Return a name that Excel allows: 31 characters, no brackets or slashes, each once."""
    plain = "".join(" " if sign in "[]:*?/\\" else sign for sign in title)
    name = " ".join(plain.split())[:31]
    number = 2
    while name.lower() in used:
        tail = f" {number}"
        name = name[: 31 - len(tail)] + tail
        number += 1
    used.add(name.lower())
    return name


def _bar_chart(writer: Any, page: Any, sheet: str, table: pd.DataFrame) -> None:
    chart = writer.book.add_chart({"type": "bar"})
    column = list(table.columns).index("n")
    rows = len(table)
    chart.add_series(
        {
            "name": "interviews",
            "categories": [sheet, 1, 0, rows, 0],
            "values": [sheet, 1, column, rows, column],
        }
    )
    chart.set_y_axis({"reverse": True})
    page.insert_chart(1, table.shape[1] + 1, chart)


def _line_chart(writer: Any, page: Any, sheet: str, table: pd.DataFrame) -> None:
    columns = list(table.columns)
    x, y = columns.index("cost" if "cost" in columns else "interviews"), columns.index("moe")
    chart = writer.book.add_chart({"type": "scatter", "subtype": "smooth"})
    rows = len(table)
    chart.add_series(
        {"name": "margin", "categories": [sheet, 1, x, rows, x], "values": [sheet, 1, y, rows, y]}
    )
    chart.set_x_axis({"name": columns[x]})
    chart.set_y_axis({"name": "margin"})
    page.insert_chart(1, table.shape[1] + 1, chart)
