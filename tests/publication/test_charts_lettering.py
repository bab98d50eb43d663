"""Labels fit their room, axes their figures, and intervals show on the bars they cross."""

import numpy as np
import pytest

from mpsurvey.publication.charts import lettering, palette
from mpsurvey.publication.charts.axes import ticks_of


def test_intervals_show_on_bars():
    for bar in (palette.PLUS, palette.MINUS, palette.OTHERS):
        assert palette.contrast(palette.INK, bar) >= 3


@pytest.mark.parametrize(
    ("low", "high"), [(0, 8.2), (-3.5, 6.5), (0.001, 0.0041), (12, 98_000), (5, 5), (-400, -7)]
)
def test_ticks_cover_and_are_few(low, high):
    ticks = ticks_of(low, high)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 2 <= len(ticks) <= 8
    assert np.allclose(np.diff(ticks), ticks[1] - ticks[0])


def test_lines_fit_their_width():
    texts = ("x" * 200, "one two " * 40, "Профессиональное образование " * 8, "التعليم " * 30)
    for text in texts:
        lines = lettering.lines_of(text, 120, 11, most=3)
        assert len(lines) <= 3
        assert all(lettering.width_of(line, 11) <= 121 for line in lines)
        assert lines[-1].endswith("…")


def test_a_word_of_a_joined_script_is_not_cut_in_two():
    lines = lettering.lines_of("الاستقلالية والديموقراطية", 40, 11, most=3)
    assert all(line.endswith("…") for line in lines)
