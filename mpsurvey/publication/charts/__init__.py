"""Figures as pictures that can be printed, read aloud and saved."""

from mpsurvey.publication.charts.picture import Chart, write_chart

__all__ = ["Chart", "write_chart"]
