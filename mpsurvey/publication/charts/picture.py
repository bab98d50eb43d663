"""A finished chart: it knows its words and turns itself into every format."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.charts.lettering import is_right_to_left
from mpsurvey.publication.charts.rendering import as_pdf, as_png, as_svg
from mpsurvey.publication.table import write_whole
from mpsurvey.publication.wording import number, word

__all__ = ["Chart", "write_chart"]

ENDINGS = (".html", ".svg", ".png", ".pdf")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Chart:
    """A chart with its text alternative, notes and data; `mpsurvey.chart` makes them.

    It is a `mpsurvey.publication.document.Picture`, so that reports take it as it is, and shows
    itself in a notebook.

    Attributes
    ----------
    id : str
        Safe in files and addresses: ``EMP03-by-sex``.
    kind : str
        ``"dots"``, ``"pyramid"``, ``"shares"``, ``"waterfall"``, ``"decomposition"``, ``"trend"``,
        ``"matrix"`` or ``"coverage"``.
    title : str
        What it shows; never what it means.
    alt : str
        The same in words with the figures, in the chart's language.
    notes : tuple of str
        Respondents, signs, cautions and source, as they stand below it.
    data : pandas.DataFrame
        A row per figure drawn, in the unit shown. Withheld figures are NaN, with their status.
    spec : dict
        The chart in Vega-Lite, with its data: it opens in any Vega-Lite editor, and
        ``altair.Chart.from_dict(chart.spec)`` makes an Altair chart of it.
    language : str
        Two letters.
    """

    id: str
    kind: str
    title: str
    alt: str
    data: pd.DataFrame
    spec: Mapping[str, Any] = field(repr=False)
    notes: tuple[str, ...] = ()
    language: str = "en"

    def svg(self) -> str:
        """Return it as an SVG: the same chart gives the same bytes on every machine."""
        return as_svg(self.spec, name=f"{self.title}. {self.alt}", language=self.language)

    def png(self, *, scale: float = 2.0) -> bytes:
        """Return it as a PNG; at scale 1 it is 640 pixels wide."""
        return as_png(self.svg(), scale=scale, language=self.language)

    def pdf(self) -> bytes:
        """Return it as a PDF of one page."""
        return as_pdf(self.svg(), language=self.language)

    def html(self) -> str:
        """Return it as a web page that works offline: no scripts, nothing fetched.

        The picture stands in the page as SVG, with its figures as a table and as a file to save.
        A Vega bundle would bring 1.3 MB of script for hovering alone; titles in the SVG do that.
        """
        direction = "rtl" if is_right_to_left(self.language) else "ltr"
        title = html.escape(self.title)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return (
            f'<!DOCTYPE html>\n<html lang="{html.escape(self.language)}" dir="{direction}"><head>'
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><main><h1>{title}</h1>\n"
            f"<figure>{self.svg()}</figure>\n<details><summary>"
            f"{word('figures', self.language)}</summary>{self._table()}"
            f'<p><a download="{html.escape(self.id)}.csv" href="{self._file()}">CSV</a></p>'
            f"{notes}</details></main></body></html>\n"
        )

    def _table(self) -> str:
        shown = self.data.dropna(axis="columns", how="all")
        names = [str(name) for name in shown.columns]
        head = "".join(f'<th scope="col">{html.escape(self._heading(x))}</th>' for x in names)
        body = "".join(
            "<tr>"
            + "".join(self._cell(name, value) for name, value in zip(names, row, strict=True))
            + "</tr>\n"
            for row in shown.itertuples(index=False, name=None)
        )
        scroll = f'role="region" aria-label="{html.escape(self.title)}" tabindex="0"'
        return (
            f'<div class="scroll" {scroll}><table><thead><tr>{head}</tr></thead>'
            f"<tbody>\n{body}</tbody></table></div>"
        )

    def _heading(self, name: str) -> str:
        own = ("estimate", "ci_low", "ci_high", "n", "group", "indicator", "category", "round")
        if name in own:
            return word(name, self.language)
        return word(f"chart_{name}", self.language) if name in ("status", "reason") else name

    def _cell(self, name: str, value: Any) -> str:
        if value is None or pd.isna(value):
            return "<td></td>"
        if name == "status" and value in ("publish", "flag", "withhold"):
            said = {"publish": "", "flag": "chart_caution", "withhold": "withheld"}[value]
            return f"<td>{html.escape(word(said, self.language)) if said else ''}</td>"
        if isinstance(value, float):
            return f'<td class="number">{number(value, self._decimals(name), self.language)}</td>'
        if isinstance(value, int):
            return f'<td class="number">{number(value, 0, self.language)}</td>'
        return f"<td>{html.escape(str(value))}</td>"

    def _decimals(self, name: str) -> int:
        found: int = self.spec.get("usermeta", {}).get("decimals", 2)
        return found if name not in ("n", "population") else 0

    def _file(self) -> str:
        """Data as an address; a label that a spreadsheet would run as a formula is quoted."""
        safe = self.data.copy()
        for name in safe.columns:
            if safe[name].dtype == object or isinstance(safe[name].dtype, pd.StringDtype):
                safe[name] = [_quoted(value) for value in safe[name]]
        text = safe.to_csv(index=False).encode("utf-8-sig")
        return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text).decode()}"

    def __repr__(self) -> str:
        return f"<{self.kind} chart {self.id}: {self.title}>"

    def _repr_html_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return {"image/svg+xml": self.svg(), "text/plain": f"{self!r}\n{self.alt}"}


def write_chart(chart: Chart, path: str | Path) -> Path:
    """Write a chart to .html, .svg, .png or .pdf, whole or not at all.

    Parameters
    ----------
    chart
        As `mpsurvey.chart` makes it.
    path
        Where to; the ending says the format. A PNG has two pixels for each of the 640.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MpsurveyError
        The ending is another, the folder is absent, or the file cannot be written; or a PNG or PDF
        in Arabic is asked for on a machine without a font for it.
    ExtraMissing
        The renderer is not installed: ``pip install "mpsurvey[charts]"``.
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise MpsurveyError(
            f"{Path(path).name}: charts are written to {', '.join(ENDINGS)}, not to '{ending}'."
        )
    makers: Mapping[str, Callable[[], str | bytes]] = {
        ".html": chart.html,
        ".svg": chart.svg,
        ".png": chart.png,
        ".pdf": chart.pdf,
    }
    content = makers[ending]()
    data = content.encode() if isinstance(content, str) else content
    return write_whole(path, lambda spare: spare.write_bytes(data))


def _quoted(value: Any) -> Any:
    return (
        f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
    )


_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 "Segoe UI", Arial, "Liberation Sans", sans-serif; color: #1f2933; }
body { background: #fff; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
figure { margin: 0; }
svg { width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #c3ccd5; text-align: start; }
.number { text-align: end; white-space: nowrap; }
details p { font-size: .87rem; }
@media print { body { margin: 0; max-width: none; } }
"""
