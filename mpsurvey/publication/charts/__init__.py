"""Figures as pictures that can be printed, read aloud and saved."""

from mpsurvey.publication.charts.asking import KINDS, chart
from mpsurvey.publication.charts.picture import Chart, write_chart

__all__ = ["KINDS", "Chart", "chart", "write_chart"]
