"""Draw what a census's tables cost, and the model that the costs follow::

    python tests/benchmarks/census_pictures.py

Reads docs/explanation/census-scale.csv, which `census_grid.py` writes, and writes
docs/images/census-scale.svg; prints the fitted model and its misfit.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from census import BREAKDOWNS, INDICATORS, PSUS, REGIONS
from census_grid import SOME
from numpy.typing import NDArray
from scipy.optimize import nnls

from mpsurvey.publication.charts.palette import GRID, INK, SERIES, SHAPES, SOFT
from mpsurvey.publication.charts.rendering import as_png, as_svg

Floats = NDArray[np.float64]

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs/explanation/census-scale.csv"
PICTURE = ROOT / "docs/images/census-scale.svg"

ENGINES = {"duckdb": "DuckDB", "polars": "Polars", "spark": "Spark", "dask": "Dask"}
GROUPS = 2 + 6 + 7 + 1 + 12
"""Groups of the five breakdowns in one PSU, where a region is one group."""
PANELS: dict[str, tuple[str, list[float]]] = {
    "rows": ("persons", [1e5, 1e6, 1e7, 1e8]),
    "psus": ("PSUs", [1e3, 1e4, 1e5]),
    "domains": ("domains of one breakdown", [1, 10, 100, 1e3, 1e4]),
    "indicators": ("indicators", [1, 2, 5, 10, 20]),
}
COSTS: dict[str, tuple[str, list[float]]] = {
    "processor_seconds": ("processor seconds", [1, 10, 100, 1000]),
    "peak_gb": ("peak memory, GB", [0.5, 1, 2, 4]),
}


def read(figures: Path) -> pd.DataFrame:
    """The measurements, with the number of units by groups that each table has."""
    found = pd.read_csv(figures)
    nested = found["domains"].where(found["domains"] < REGIONS, found["domains"] / REGIONS)
    inside = np.where(found["breakdowns"] == len(BREAKDOWNS), GROUPS, nested)
    return found.assign(cells=found["psus"] * inside)


def terms(frame: pd.DataFrame, cost: str) -> Floats:
    """What costs are made of: a start, rows, units by groups by indicators.

    Time goes with rows scanned, once for themselves and once for each indicator. Memory goes with
    tenfolds of rows only: engines stream.
    """
    scanned = frame["rows"] * frame["breakdowns"] / 1e6
    brought = frame["cells"] * frame["indicators"] / 1e6
    if cost == "peak_gb":
        return np.column_stack([np.ones(len(frame)), np.log10(frame["rows"] / 1e5), brought])
    return np.column_stack([np.ones(len(frame)), scanned, scanned * frame["indicators"], brought])


def fit(frame: pd.DataFrame, cost: str) -> Floats:
    """Coefficients that are not negative, with the least relative misfit."""
    made = terms(frame, cost)
    if frame["indicators"].nunique() == 1:
        # Only the rows were varied: what does not go with them is the start.
        made[:, 2:] = 0.0
    relative = made / frame[[cost]].to_numpy()
    found: Floats = nnls(relative, np.ones(len(frame)))[0]
    return found


def panel(data: pd.DataFrame, by: str, cost: str, models: dict[tuple[str, str], Floats]) -> Any:
    """Dots as measured and a line as the model says."""
    base = {"rows": SOME, "psus": PSUS, "domains": 277, "indicators": len(INDICATORS)}
    # Domains are those of one breakdown; all else is five of them.
    fixed = {key: value for key, value in base.items() if key not in (by, "domains")}
    some = data[(data[list(fixed)] == pd.Series(fixed)).all(axis=1)]
    some = some[some["breakdowns"] == (1 if by == "domains" else len(BREAKDOWNS))]
    lines = []
    for engine in some["engine"].unique():
        own = some[some["engine"] == engine]
        if own[by].nunique() > 1:
            line = curve(own.sort_values(by), by)
            model = models[engine, cost]
            lines.append(line.assign(engine=engine, value=terms(line, cost) @ model))
    dots = some.assign(value=some[cost])
    kinds = {
        "field": "engine",
        "scale": {"domain": list(ENGINES), "range": list(SERIES)},
        "legend": None,
    }
    shapes = {**kinds, "scale": {"domain": list(ENGINES), "range": list(SHAPES)}}
    x, y = axis(by, *PANELS[by]), axis("value", *COSTS[cost])
    if by != "rows":
        y["axis"]["title"] = None
    columns = [by, "engine", "value"]
    return {
        "width": 150, "height": 130,
        "layer": [
            {"data": {"values": pd.concat(lines)[columns].to_dict("records")},
             "mark": {"type": "line", "strokeWidth": 1.2, "opacity": 0.7},
             "encoding": {"x": x, "y": y, "color": kinds}},
            {"data": {"values": dots[columns].to_dict("records")},
             "mark": {"type": "point", "filled": True, "size": 42, "opacity": 1},
             "encoding": {"x": x, "y": y, "color": kinds, "shape": shapes}},
        ],
    }  # fmt: skip


def axis(field: str, title: str, values: list[float]) -> Any:
    """A scale of tenfolds with a few lines."""
    return {
        "field": field, "type": "quantitative",
        "scale": {"type": "log", "domainMin": values[0] * 0.5 if field == "value" else values[0],
                  "nice": False},
        "axis": {"title": title, "format": "~g" if field == "value" else "~s", "values": values},
    }  # fmt: skip


def curve(own: pd.DataFrame, by: str) -> pd.DataFrame:
    """Places along one axis, all else as in the measurements."""
    at = np.geomspace(own[by].min(), own[by].max(), 40)
    line = own.iloc[[0] * len(at)].reset_index(drop=True).astype({by: float})
    line[by] = at
    line["cells"] = np.interp(at, own[by], own["cells"])
    return line


def main() -> None:
    """Fit, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--png", type=Path, help="a copy to look at")
    given = parser.parse_args()
    data = read(given.figures)
    models = {
        (engine, cost): fit(own, cost) for engine, own in data.groupby("engine") for cost in COSTS
    }
    for (engine, cost), model in models.items():
        own = data[data["engine"] == engine]
        off = terms(own, cost) @ model / own[cost]
        print(f"{engine:7} {cost:18}", " ".join(f"{one:9.4f}" for one in model),
              f"  model / measured {off.min():.2f}-{off.max():.2f}")  # fmt: skip
    legend = [
        {"data": {"values": [{"engine": name, "x": place} for place, name in enumerate(ENGINES)]},
         "width": 640, "height": 16,
         "layer": [
             {"mark": {"type": "point", "filled": True, "size": 50}, "encoding": {
                 "color": {"field": "engine", "legend": None,
                           "scale": {"domain": list(ENGINES), "range": list(SERIES)}},
                 "shape": {"field": "engine", "legend": None,
                           "scale": {"domain": list(ENGINES), "range": list(SHAPES)}}}},
             {"mark": {"type": "text", "align": "left", "dx": 8, "color": INK},
              "transform": [{"calculate": f"{ENGINES}[datum.engine]", "as": "name"}],
              "encoding": {"text": {"field": "name"}}},
         ],
         "encoding": {"x": {"field": "x", "type": "quantitative", "axis": None,
                            "scale": {"domain": [0, 6]}}}}
    ]  # fmt: skip
    spec = {
        "config": {
            "font": "sans-serif", "view": {"stroke": None}, "background": "#ffffff",
            "axis": {"gridColor": GRID, "domainColor": SOFT, "tickColor": SOFT, "labelColor": INK,
                     "titleColor": INK, "titleFontWeight": "normal", "labelFontSize": 10},
        },
        "vconcat": [
            *legend,
            *(
                {
                    "hconcat": [panel(data, by, cost, models) for by in PANELS],
                    "resolve": {"scale": {"y": "shared"}},
                    "bounds": "flush",
                    "spacing": 44,
                }
                for cost in COSTS
            ),
        ],
        "padding": 10,
    }  # fmt: skip
    name = "Processor seconds and peak memory against persons, PSUs, domains and indicators"
    svg = as_svg(spec, name=name, language="en")
    PICTURE.write_text(svg, encoding="utf-8")
    print(PICTURE)
    if given.png:
        given.png.write_bytes(as_png(svg, scale=2, language="en"))


if __name__ == "__main__":
    main()
