"""Excel's own charts of laid-out tables: bars with their intervals, lines over rounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mpsurvey.publication.document import Cell, Grid, GridRow
from mpsurvey.publication.safe_text import legible, one_line
from mpsurvey.publication.wording import number
from mpsurvey.publication.xlsx.book import DARK, GREY, LINE, TINT, Book

__all__ = ["ChartData", "height_of_chart", "in_words", "plottable"]

WIDTH = 500
"""Pixels."""
_LONGEST_LABEL, _LONGEST_TITLE, _MOST_ROWS = 34, 110, 45
_ROW, _AROUND = 20, 96
"""Pixels of a bar with its gap, and of title and axis."""
_COLOURS = ("#0B5C8A", "#C7511F", "#3A8F5C", "#7A5195", "#8A6D0B", "#444444")
_MARKERS = ("circle", "square", "triangle", "diamond", "x", "plus")
_KEYS = ("estimate", "ci_low", "ci_high")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """A row of a chart: its label, estimate and limits; a heading has none."""

    label: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None


def plottable(grid: Grid) -> bool:
    """Whether a table has estimates with intervals, and few enough rows to be read as a chart."""
    keys = {column.key for column in grid.columns}
    points = _points(grid) if set(_KEYS) <= keys else []
    known = [point for point in points if point.estimate is not None]
    return len(known) > 1 and len(points) <= _MOST_ROWS


def height_of_chart(grid: Grid) -> int:
    """Return the height in pixels that gives each row of a table its bar."""
    return max(200, _AROUND + _ROW * len(_points(grid)))


class ChartData:
    """The sheet that the charts of a workbook read, and the charts themselves.

    Charts read cells and no fixed lists, because not every program draws intervals from lists, and
    because an author then sees and can change what is drawn.

    Parameters
    ----------
    rounds
        Labels of rounds, earliest first; where rows are these, points are joined by lines.
    """

    def __init__(self, book: Book, rounds: Sequence[str] = ()) -> None:
        self.book = book
        self.rounds = rounds
        self.sheet: Any = None
        self.row = 0
        self._waiting: list[tuple[Grid, Any, int, int]] = []

    def later(self, grid: Grid, sheet: Any, row: int, column: int) -> None:
        """Ask for a chart of a table at a place of a sheet."""
        self._waiting.append((grid, sheet, row, column))

    def draw(self) -> str:
        """Draw what was asked for; return the name of the sheet it reads, empty if none."""
        for grid, sheet, row, column in self._waiting:
            points = _points(grid)
            series = _by_round(points, self.rounds)
            chart = self._lines(grid, series) if series else self._bars(grid, points)
            words = legible(in_words(grid, self.book.language))
            place = {"x_offset": 18, "y_offset": 2, "object_position": 2}
            sheet.insert_chart(row, column, chart, {**place, "description": words[:2000]})
        return str(self.sheet.name) if self.sheet is not None else ""

    def _bars(self, grid: Grid, points: Sequence[_Point]) -> Any:
        name, first, last, title = self._put(grid, points)
        chart = self.book.file.add_chart({"type": "bar"})
        line = {"color": DARK, "width": 2.0}
        # What Excel calls the y error bars of a bar chart run along its bars.
        limits = {
            "type": "custom",
            "minus_values": self._range(name, first, last, 2),
            "plus_values": self._range(name, first, last, 3),
            "line": line,
            "end_style": 0,
        }
        chart.add_series(
            {
                "name": [name, title, 0],
                "categories": [name, first, 0, last, 0],
                "values": [name, first, 1, last, 1],
                "fill": {"color": TINT},
                "border": {"none": True},
                "gap": 45,
                "y_error_bars": limits,
            }
        )
        chart.set_y_axis(
            {
                # The first row on top, and the scale nevertheless at the foot.
                "reverse": True,
                "crossing": "max",
                "label_position": "low",
                "num_font": {"size": 8, "color": "#222222"},
                "line": {"color": GREY},
                "major_tick_mark": "none",
                "minor_tick_mark": "none",
                "interval_unit": 1,
            }
        )
        value_axis = self._value_axis(name, title, points)
        chart.set_x_axis({**value_axis, "reverse": self.book.right_to_left})
        high = max(200, _AROUND + _ROW * len(points))
        self._finish(chart, name, title, high)
        # The labels' share of the width is said, since programs break or drop labels otherwise.
        labels = min(0.45, (34 + 6.2 * max(len(one.label) for one in points)) / WIDTH)
        start = 0.04 if self.book.right_to_left else labels
        top, foot = 40 / high, 54 / high
        layout = {"x": start, "y": top, "width": 0.96 - labels, "height": 1 - top - foot}
        chart.set_plotarea({"layout": layout})
        return chart

    def _lines(self, grid: Grid, series: Sequence[tuple[str, Sequence[_Point]]]) -> Any:
        chart = self.book.file.add_chart({"type": "line"})
        where: tuple[str, int] | None = None
        every: list[_Point] = []
        for place, (label, points) in enumerate(series):
            name, first, last, title = self._put(grid, points, label)
            where = where or (name, title)
            every += points
            colour = _COLOURS[place % len(_COLOURS)]
            chart.add_series(
                {
                    "name": [name, title + 1, 1],
                    "categories": [name, first, 0, last, 0],
                    "values": [name, first, 1, last, 1],
                    "line": {"color": colour, "width": 2.0},
                    "marker": {
                        "type": _MARKERS[place % len(_MARKERS)],
                        "size": 7,
                        "fill": {"color": colour},
                        "border": {"color": colour},
                    },
                    "y_error_bars": {
                        "type": "custom",
                        "minus_values": self._range(name, first, last, 2),
                        "plus_values": self._range(name, first, last, 3),
                        "line": {"color": colour, "width": 1.25},
                    },
                }
            )
        name, title = where or ("", 0)
        chart.set_y_axis(self._value_axis(name, title, every))
        chart.set_x_axis(
            {
                "reverse": self.book.right_to_left,
                "num_font": {"size": 9},
                "label_position": "low",
                "text_axis": True,
            }
        )
        self._finish(chart, name, title, 300)
        if len(series) > 1:
            chart.set_legend({"position": "bottom", "font": {"size": 9}})
        return chart

    def _put(
        self, grid: Grid, points: Sequence[_Point], series: str = ""
    ) -> tuple[str, int, int, int]:
        """Write what a chart draws; return sheet, first and last row, and the row of the title."""
        if self.sheet is None:
            self._begin()
        book, sheet = self.book, self.sheet
        title = self.row
        bold = book.look(bold=True, font_color=DARK)
        said = one_line(grid.title)
        short = said if len(said) <= _LONGEST_TITLE else said[: _LONGEST_TITLE - 1] + "…"
        book.write(sheet, title, 0, short, bold)
        book.write(sheet, title, 4, one_line(grid.subtitle), book.look(font_color=GREY))
        heads = (
            book.word("group"),
            series or book.word("estimate"),
            book.word("below"),
            book.word("above"),
        )
        for column, text in enumerate(heads):
            side = {"align": "right"} if column else {}
            book.write(sheet, title + 1, column, text, book.look(bold=True, **side))
        first = title + 2
        digits = book.look(num_format="#,##0.0##")
        for row, point in enumerate(points, start=first):
            book.write(sheet, row, 0, point.label, book.look())
            if point.estimate is None:
                continue
            sheet.write_number(row, 1, point.estimate, digits)
            if point.low is not None and point.high is not None:
                sheet.write_number(row, 2, point.estimate - point.low, digits)
                sheet.write_number(row, 3, point.high - point.estimate, digits)
        self.row = first + len(points) + 1
        return sheet.name, first, first + len(points) - 1, title

    def _begin(self) -> None:
        book = self.book
        self.sheet = book.sheet(book.word("chart_data"))
        self.sheet.set_column(0, 0, 44)
        self.sheet.set_column(1, 3, 14)
        book.write(self.sheet, 0, 0, book.word("chart_data_note"), book.look(font_color=GREY))
        self.row = 2

    @staticmethod
    def _range(name: str, first: int, last: int, column: int) -> str:
        letter = "ABCD"[column]
        quoted = name.replace("'", "''")
        return f"='{quoted}'!${letter}${first + 1}:${letter}${last + 1}"

    def _value_axis(self, name: str, title: int, points: Sequence[_Point]) -> dict[str, Any]:
        least, most, step = _scale(points)
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        return {
            # Said here, since programs leave intervals out when they choose a scale themselves.
            "min": least,
            "max": most,
            "major_unit": step,
            "name": f"='{name.replace(chr(39), chr(39) * 2)}'!$E${title + 1}",
            "name_font": {"size": 9, "bold": False, "color": GREY},
            "num_format": "#,##0" + ("." + "0" * places if places else ""),
            "num_font": {"size": 9, "color": "#222222"},
            "major_gridlines": {"visible": True, "line": {"color": LINE, "width": 0.5}},
            "line": {"none": True},
        }

    def _finish(self, chart: Any, name: str, title: int, height: int) -> None:
        quoted = name.replace("'", "''")
        chart.set_title(
            {
                "name": f"='{quoted}'!$A${title + 1}",
                "name_font": {"size": 10, "bold": True, "color": DARK},
                "overlay": False,
            }
        )
        chart.set_legend({"none": True})
        chart.set_size({"width": WIDTH, "height": max(200, height)})
        chart.set_chartarea({"border": {"color": LINE}})
        # Withheld figures leave a gap; they are not zero.
        chart.show_blanks_as("gap")


def in_words(grid: Grid, language: str) -> str:
    """Say what a chart of a table shows, for those who do not see it."""
    points = [point for point in _points(grid) if point.estimate is not None]
    said = [one_line(grid.title) + (f" ({one_line(grid.subtitle)})" if grid.subtitle else "")]
    places = next((c.decimals for c in grid.columns if c.key == "estimate"), 1)
    for point in points[:30]:
        text = f"{point.label.strip()}: {number(point.estimate or 0.0, places, language)}"
        if point.low is not None and point.high is not None:
            low, high = (number(x, places, language) for x in (point.low, point.high))
            text += f" [{low}; {high}]"
        said.append(text)
    return ". ".join(said) + "."


def _scale(points: Sequence[_Point]) -> tuple[float, float, float]:
    """Return the ends and the step of a scale that holds zero and every interval.

    >>> _scale([_Point(label="", estimate=3.0, low=-0.5, high=7.2)])
    (-2.0, 8.0, 2.0)
    """
    ends = [x for one in points for x in (one.estimate, one.low, one.high) if x is not None]
    least, most = min(0.0, *ends, 0.0), max(0.0, *ends, 0.0)
    most = most if most > least else 1.0
    rough = (most - least) / 7
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
    low, high = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return round(low * step, 12), round(high * step, 12), round(step, 12)


def _points(grid: Grid) -> list[_Point]:
    places = {column.key: at for at, column in enumerate(grid.columns)}
    if not set(_KEYS) <= set(places):
        return []
    out = []
    for row in grid.rows:
        label = _label(row)
        if row.heading:
            out.append(_Point(label=label))
            continue
        cells = [row.cells[places[key]] for key in _KEYS]
        estimate, low, high = (cell.value for cell in cells)
        out.append(_Point(label=label + _sign(cells[0]), estimate=estimate, low=low, high=high))
    return out


def _label(row: GridRow) -> str:
    said = one_line(" · ".join(text for text in row.labels if text))
    return said if len(said) <= _LONGEST_LABEL else said[: _LONGEST_LABEL - 1] + "…"


def _sign(cell: Cell) -> str:
    mark = cell.mark or (cell.text if cell.value is None else "")
    return f" ({mark.strip('()')})" if mark.strip("()") else ""


def _by_round(
    points: Sequence[_Point], rounds: Sequence[str]
) -> list[tuple[str, Sequence[_Point]]]:
    """Gather points by group where every label names a round; empty where they do not."""
    if len(rounds) < 2:
        return []
    series: dict[str, dict[str, _Point]] = {}
    for point in points:
        if point.estimate is None and point.low is None and " (" not in point.label:
            continue
        parts = point.label.rsplit(" (", 1)[0].split(" · ")
        found = [part for part in parts if part in rounds]
        if len(found) != 1:
            continue
        group = " · ".join(part for part in parts if part not in rounds)
        series.setdefault(group, {})[found[0]] = point
    out: list[tuple[str, Sequence[_Point]]] = []
    for group, known in series.items():
        if sum(point.estimate is not None for point in known.values()) < 2:
            continue
        ordered = [
            _Point(
                label=one,
                estimate=known[one].estimate if one in known else None,
                low=known[one].low if one in known else None,
                high=known[one].high if one in known else None,
            )
            for one in rounds
        ]
        out.append((group, ordered))
    return out[: len(_COLOURS)]
