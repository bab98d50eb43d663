"""The demonstration as one web page: key figures, a picture, a table, what it all rests on."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import groupby

from mpsurvey.profile.demo.figures import Figure
from mpsurvey.profile.demo.picture import draw_picture
from mpsurvey.profile.demo.wording import (
    TITLE,
    UNIT_WORDS,
    coverage_words,
    interval_words,
    number,
    standard_error,
    with_unit,
)

__all__ = ["lay_out_page"]

KEY_FIGURES = {
    "immigrant_share": "of residents are immigrants",
    "immigrant_gap": "unemployment of immigrants against those who never lived abroad",
    "receiving": "of households receive remittances",
    "kept": "of persons are kept from poverty by remittances",
}

STYLE = """
:root { color-scheme: light; --ink: #1c2733; --muted: #51606e; --line: #dfe5ea; --tint: #f4f7f9;
  --blue: #1f5f8b; --rust: #b5410e; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; line-height: 1.5;
  font: 16px/1.5 'Source Sans 3', 'Open Sans', 'Segoe UI', Roboto, 'Helvetica Neue', Arial,
  sans-serif; }
main { max-width: 1010px; margin: 0 auto; padding: 40px 24px 56px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 1.2rem; margin: 40px 0 8px; }
.lead { color: var(--muted); max-width: 92ch; margin: 0; }
.mark { display: inline-block; font-size: 0.8rem; font-weight: 600; color: var(--rust);
  border: 1px solid currentColor; border-radius: 3px; padding: 1px 8px; margin-bottom: 14px; }
.keys { display: grid; grid-template-columns: repeat(auto-fit, minmax(205px, 1fr)); gap: 16px;
  margin: 28px 0 0; padding: 0; list-style: none; }
.keys li { background: var(--tint); border-top: 3px solid var(--blue); padding: 14px 16px; }
.keys strong { display: block; font-size: 1.75rem; line-height: 1.15; color: var(--blue);
  font-variant-numeric: tabular-nums; }
.keys span { display: block; font-size: 0.95rem; }
.keys small { display: block; color: var(--muted); font-size: 0.83rem; margin-top: 6px; }
figure { margin: 24px 0 0; overflow-x: auto; border: 1px solid var(--line); }
figure svg { width: 100%; min-width: 700px; height: auto; display: block; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.93rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 12px; color: var(--muted); }
caption b { display: block; color: var(--ink); font-size: 1.05rem; }
th, td { padding: 6px 10px; text-align: right; vertical-align: baseline;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { border-bottom: 2px solid var(--ink); vertical-align: bottom; font-weight: 600;
  white-space: normal; }
tbody th { font-weight: 400; text-align: left; white-space: normal; min-width: 23em; }
th:first-child, td.unit, th.unit { text-align: left; }
td.unit { color: var(--muted); }
th.topic { background: var(--tint); font-weight: 600; padding-top: 9px; padding-bottom: 9px; }
td.truth { color: var(--rust); font-weight: 600; }
td.misses { font-weight: 700; color: var(--rust); }
.notes { font-size: 0.9rem; color: var(--muted); padding-left: 1.3em; max-width: 92ch; }
.notes li { margin-bottom: 5px; }
@media print { main { padding: 0; max-width: none; } thead { display: table-header-group; }
  tr, .keys li, figure { break-inside: avoid; } body { font-size: 12px; } }
"""


def lay_out_page(figures: Sequence[Figure], design: str, notes: Sequence[str]) -> str:
    """Lay out the page; it needs no other file, no network and no script.

    Parameters
    ----------
    figures
        The figures, in order.
    design
        How the sample was drawn, in a few sentences.
    notes
        The footnotes.

    Returns
    -------
    str
        A whole HTML document.
    """
    picture = draw_picture(figures, "Estimates, their intervals and the truth")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(TITLE)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header>
<span class="mark">Fictional data</span>
<h1>{html.escape(TITLE)}</h1>
<p class="lead">{html.escape(design)} {html.escape(coverage_words(figures))}</p>
</header>
<ul class="keys">
{_keys(figures)}
</ul>
<figure>
{picture}
</figure>
<h2>All figures</h2>
<div class="wide" role="region" aria-labelledby="figures-caption" tabindex="0">
{_table(figures)}
</div>
<h2>What the figures rest on</h2>
<ol class="notes">
{"".join(f"<li>{html.escape(note)}</li>" for note in notes)}
</ol>
</main>
</body>
</html>
"""


def _keys(figures: Sequence[Figure]) -> str:
    first = {figure.key: figure for figure in reversed(figures)}
    items = []
    for key, words in KEY_FIGURES.items():
        figure = first[key]
        items.append(
            f"<li><strong>{html.escape(with_unit(figure, figure.estimate))}</strong>"
            f"<span>{html.escape(words)}</span>"
            f"<small>95 % interval {html.escape(interval_words(figure))}; "
            f"truth {html.escape(number(figure, figure.truth))}</small></li>"
        )
    return "\n".join(items)


def _table(figures: Sequence[Figure]) -> str:
    columns = ("Estimate", "Standard error", "95 % interval", "n", "Truth", "Contains the truth")
    heads = "".join(f'<th scope="col">{name}</th>' for name in columns)
    bodies = []
    for topic, rows in groupby(figures, key=lambda figure: figure.topic):
        lines = "\n".join(_row(figure) for figure in rows)
        bodies.append(
            f'<tbody>\n<tr><th class="topic" scope="rowgroup" colspan="8">{html.escape(topic)}'
            f"</th></tr>\n{lines}\n</tbody>"
        )
    return (
        '<table>\n<caption id="figures-caption"><b>Estimates from the survey and the truth in the '
        "population</b>Each row: the estimate, its standard error and 95 % interval, the number of "
        "persons or households behind it, and the figure of the whole country.</caption>\n"
        f'<thead><tr><th scope="col">Figure</th><th scope="col" class="unit">Unit</th>{heads}'
        "</tr></thead>\n" + "\n".join(bodies) + "\n</table>"
    )


def _row(figure: Figure) -> str:
    covers = "<td>yes</td>" if figure.covers else '<td class="misses">no</td>'
    return (
        f'<tr><th scope="row">{html.escape(figure.label)}</th>'
        f'<td class="unit">{html.escape(UNIT_WORDS[figure.unit])}</td>'
        f"<td>{number(figure, figure.estimate)}</td><td>{standard_error(figure)}</td>"
        f"<td>{interval_words(figure)}</td><td>{figure.n:,}</td>"
        f'<td class="truth">{number(figure, figure.truth)}</td>{covers}</tr>'
    )
