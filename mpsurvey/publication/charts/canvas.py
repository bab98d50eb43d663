"""The sheet that charts are drawn on: title, legend, plot, notes, in either direction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from mpsurvey.publication.charts.lettering import (
    fonts,
    is_right_to_left,
    isolated,
    lines_of,
    widest,
)
from mpsurvey.publication.charts.palette import GRID, INK, PAPER, SHAPES, SOFT

__all__ = ["Canvas", "Key", "Symbol"]

MARGIN = 12.0
NOTE, LABEL, HEADING = 10.0, 11.5, 15.0
_PIXELS: Mapping[str, Any] = {"type": "quantitative", "scale": None, "axis": None}

Symbol = Literal[
    "dot", "open", "bar", "outline", "dashed_bar", "tile", "line", "dashes", "ring", "interval",
    "rise", "none",
]  # fmt: skip
Align = Literal["start", "end", "middle"]


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the legend."""

    symbol: Symbol
    text: str
    colour: str = INK
    shape: str = SHAPES[0]


@dataclass(slots=True)
class Canvas:
    """A plot of a given height with room before and after it, in reading direction.

    Places on the plot are pixels from its first edge in reading direction (the right one in
    Arabic) and from its top; what has a value stands on the scale that `scale` sets.
    """

    language: str
    height: float
    before: float
    after: float
    width: float = 640.0
    layers: list[dict[str, Any]] = field(default_factory=list)
    _x: dict[str, Any] = field(default_factory=dict)

    @property
    def right_to_left(self) -> bool:
        """Whether it is mirrored."""
        return is_right_to_left(self.language)

    @property
    def plot(self) -> float:
        """Width of the plot."""
        return self.width - 2 * MARGIN - self.before - self.after

    def across(self, x: float) -> float:
        """Pixels from the left edge of the plot."""
        return self.plot - x if self.right_to_left else x

    def scale(self, low: float, high: float, ticks: Sequence[float]) -> None:
        """Set the scale that values stand on, and its grid."""
        self._x = {
            "type": "quantitative",
            "scale": {
                "domain": [low, high],
                "nice": False,
                "zero": False,
                "reverse": self.right_to_left,
            },
            "axis": {
                "values": list(ticks),
                "labels": False,
                "ticks": False,
                "domain": False,
                "grid": True,
                "gridColor": GRID,
                "title": None,
            },
        }

    def value(self, name: str) -> dict[str, Any]:
        """Encode a column by the scale."""
        return {**self._x, "field": name}

    def add(
        self,
        rows: Sequence[Mapping[str, Any]],
        mark: str,
        *,
        told: bool = False,
        encode: Mapping[str, Any] | None = None,
        **style: Any,
    ) -> None:
        """Draw a mark per row; columns x, x2, y, y2 are pixels from the left unless encoded.

        With `told`, the column `said` is what a reader hears or sees when pointing at it.
        """
        if not rows:
            return
        encoding: dict[str, Any] = {
            name: {**_PIXELS, "field": name} if name in ("x", "y") else {"field": name}
            for name in ("x", "x2", "y", "y2")
            if name in rows[0]
        }
        encoding.update(encode or {})
        if told:
            encoding["description"] = {"field": "said", "type": "nominal"}
            encoding["tooltip"] = {"field": "said", "type": "nominal"}
        self.layers.append(
            {
                "data": {"values": [_plain(row) for row in rows]},
                "mark": {"type": mark, "aria": told, **style},
                "encoding": encoding,
            }
        )

    def text(
        self,
        rows: Sequence[tuple[float, float, str | Sequence[str]]],
        *,
        align: Align = "start",
        size: float = LABEL,
        colour: str = INK,
        bold: bool = False,
    ) -> None:
        """Write texts of one or several lines, centred on their places from the first edge."""
        line = round(size * 1.2, 1)
        written = []
        for x, y, text in rows:
            lines = [text] if isinstance(text, str) else list(text)
            shown = [isolated(one, right_to_left=self.right_to_left) for one in lines]
            top = y - (len(lines) - 1) * line / 2
            written.append({"x": self.across(x), "y": top, "text": shown})
        sides = ("right", "left") if self.right_to_left else ("left", "right")
        anchors = {"start": sides[0], "end": sides[1], "middle": "center"}
        self.add(
            written,
            "text",
            encode={"text": {"field": "text", "type": "nominal"}},
            align=anchors[align],
            baseline="middle",
            fontSize=size,
            fontWeight="bold" if bold else "normal",
            color=colour,
            lineHeight=line,
        )

    def lines(
        self,
        rows: Sequence[tuple[float, float, float, float]],
        *,
        colour: str = GRID,
        thick: float = 1.0,
        dash: Sequence[int] = (),
    ) -> None:
        """Draw straight lines from (x, y) to (x2, y2), in pixels from the first edge."""
        drawn = [
            {"x": self.across(x), "y": y, "x2": self.across(x2), "y2": y2} for x, y, x2, y2 in rows
        ]
        style: dict[str, Any] = {"color": colour, "strokeWidth": thick}
        if dash:
            style["strokeDash"] = list(dash)
        self.add(drawn, "rule", **style)

    def boxes(self, rows: Sequence[tuple[float, float, float, float]], **style: Any) -> None:
        """Draw rectangles from (x, y) to (x2, y2), in pixels from the first edge."""
        drawn = [
            {"x": self.across(x), "y": y, "x2": self.across(x2), "y2": y2} for x, y, x2, y2 in rows
        ]
        self.add(drawn, "rect", **style)

    def symbols(
        self, rows: Sequence[tuple[float, float]], symbol: str, *, size: float = 60, **style: Any
    ) -> None:
        """Draw symbols at places from the first edge."""
        drawn = [{"x": self.across(x), "y": y} for x, y in rows]
        self.add(drawn, "point", shape=symbol, size=size, opacity=1, **style)

    def rings(self, rows: Sequence[tuple[float, float]]) -> None:
        """Draw the hollow mark of a figure that is withheld."""
        self.symbols(
            rows, "circle", size=52, filled=True, fill=PAPER,
            stroke=SOFT, strokeWidth=1.3, strokeDash=[2, 2],
        )  # fmt: skip

    def spec(
        self,
        *,
        title: str,
        subtitle: str,
        legend: Sequence[Key],
        notes: Sequence[str],
        alt: str,
        foot: float,
        head: float = 0.0,
        decimals: int = 1,
    ) -> dict[str, Any]:
        """Put title, legend and notes around the plot and return the whole as Vega-Lite.

        Parameters
        ----------
        foot, head
            Pixels that the plot's own axis and headings take below and above it.
        """
        inner = self.width - 2 * MARGIN
        titles = lines_of(title, inner, HEADING, most=3, bold=True)
        under = lines_of(subtitle, inner, LABEL, most=2) if subtitle else []
        rows = self._legend_rows(legend, inner)
        below = head + (18.0 * len(rows) + 6.0 if rows else 4.0)
        self._draw_legend(rows, -head - 18.0 * len(rows) + 5.0)
        written = [line for note in notes for line in lines_of(note, inner, NOTE, most=3)]
        bottom = self.height + foot
        self.text(
            [(-self.before, bottom + 12.0 + 13.0 * at, line) for at, line in enumerate(written)],
            size=NOTE,
            colour=SOFT,
        )
        shown = [isolated(x, right_to_left=self.right_to_left) for x in titles]
        shown_under = [isolated(x, right_to_left=self.right_to_left) for x in under]
        top = MARGIN + 19.0 * len(titles) + (4.0 + 15.0 * len(under) if under else 0.0) + below
        side = ("left", "right")[self.right_to_left]
        rooms = (self.after, self.before) if self.right_to_left else (self.before, self.after)
        heading: dict[str, Any] = {
            "text": shown,
            "anchor": "end" if self.right_to_left else "start",
            "align": side,
            "frame": "group",
            "dx": self.before if self.right_to_left else -self.before,
            # Measured from the highest letters below it: the legend, or the plot's own headings.
            "offset": 7.0,
            "fontSize": HEADING,
            "lineHeight": 19,
            "color": INK,
        }
        if shown_under:
            heading |= {
                "subtitle": shown_under,
                "subtitleFontSize": LABEL,
                "subtitleLineHeight": 15,
                "subtitlePadding": 4,
                "subtitleColor": SOFT,
            }
        return {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "description": alt,
            "width": _round(self.plot),
            "height": _round(self.height),
            "autosize": "none",
            "padding": {
                "left": _round(rooms[0] + MARGIN),
                "right": _round(rooms[1] + MARGIN),
                "top": _round(top),
                "bottom": _round(foot + 13.0 * len(written) + MARGIN + 4.0),
            },
            "title": heading,
            "layer": self.layers,
            "config": {
                "background": PAPER,
                "font": fonts(self.language),
                "view": {"stroke": None},
                "aria": True,
            },
            "usermeta": {"decimals": decimals},
        }

    def _legend_rows(self, legend: Sequence[Key], width: float) -> list[list[tuple[float, Key]]]:
        rows: list[list[tuple[float, Key]]] = []
        at = math.inf
        for key in legend:
            takes = 24.0 + widest([key.text], NOTE + 0.5, language=self.language) + 16.0
            if at + takes > width + 16.0:
                rows.append([])
                at = 0.0
            rows[-1].append((at, key))
            at += takes
        return rows

    def _draw_legend(self, rows: Sequence[Sequence[tuple[float, Key]]], top: float) -> None:
        for line, row in enumerate(rows):
            y = top + 18.0 * line
            for at, key in row:
                self._draw_key(key, at - self.before, y)
            texts = [(at - self.before + 24.0, y, key.text) for at, key in row]
            self.text(texts, size=NOTE + 0.5, colour=SOFT)

    def _draw_key(self, key: Key, x: float, y: float) -> None:
        middle = x + 9.0
        if key.symbol in ("line", "dashes", "interval"):
            dash = (4, 3) if key.symbol == "dashes" else ()
            self.lines([(x, y, x + 18.0, y)], colour=key.colour, thick=2, dash=dash)
        elif key.symbol == "bar":
            self.boxes([(x + 2, y - 5, x + 16, y + 5)], color=key.colour)
        elif key.symbol == "outline":
            self.boxes([(x + 2, y - 5, x + 16, y + 5)], color=PAPER, stroke=key.colour,
                       strokeWidth=1.5)  # fmt: skip
        elif key.symbol == "dashed_bar":
            self.boxes([(x + 2, y - 5, x + 16, y + 5)], color=PAPER, stroke=key.colour,
                       strokeWidth=1.4, strokeDash=[3, 2])  # fmt: skip
        elif key.symbol == "tile":
            self.boxes([(x + 2, y - 5, x + 16, y + 5)], color=PAPER, stroke=key.colour,
                       strokeDash=[1, 2])  # fmt: skip
        elif key.symbol == "rise":
            self.symbols([(x + 4.0, y)], "triangle-up", filled=True, color=key.colour)
            self.symbols([(x + 15.0, y)], "triangle-down", filled=True, color=key.colour)
        elif key.symbol == "ring":
            self.rings([(middle, y)])
        elif key.symbol == "open":
            self.lines([(x, y, x + 18.0, y)], colour=key.colour, thick=1.5, dash=(3, 2))
            self.symbols([(middle, y)], key.shape, filled=True, fill=PAPER, stroke=key.colour,
                         strokeWidth=1.8)  # fmt: skip
        elif key.symbol == "dot":
            self.lines([(x, y, x + 18.0, y)], colour=key.colour, thick=2)
            self.symbols([(middle, y)], key.shape, filled=True, color=key.colour)


def _round(value: float) -> float:
    return round(float(value), 1)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON has it; numbers at the precision that a page can show."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, float | np.floating):
            out[name] = float(f"{value:.8g}") if np.isfinite(value) else None
        else:
            out[name] = value
    return out
