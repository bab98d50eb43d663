"""How often the demonstration's intervals contain the truth, over many draws from one country.

Run it by hand::

    python tests/benchmarks/demo_coverage.py --draws 1000 --seed 2

For each figure it prints the bias of the estimator in standard deviations of its estimates, the
mean standard error against that standard deviation (1 is right), and the share of 95 % intervals
that contain the truth. With D draws the share has a standard error of about sqrt(0.0475 / D).
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from mpsurvey.profile.demo.country import make_country
from mpsurvey.profile.demo.figures import (
    Figure,
    estimate_figures,
    find_truth,
    household_sample,
    person_sample,
)
from mpsurvey.profile.demo.survey import draw_survey


def repeat_survey(draws: int, seed: int) -> list[tuple[Figure, ...]]:
    """Draw the survey again and again from one country; a tuple of figures for each draw."""
    country = make_country(seed)
    truth = find_truth(country)
    results = []
    for draw in range(draws):
        survey = draw_survey(country, 10_000 + draw)
        persons, households = person_sample(survey.persons), household_sample(survey.households)
        results.append(estimate_figures(persons, households, truth))
    return results


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2, help="seed of the country")
    given = parser.parse_args()
    started = time.perf_counter()
    results = repeat_survey(given.draws, given.seed)
    seconds = time.perf_counter() - started
    estimate = np.array([[figure.estimate for figure in draw] for draw in results])
    error = np.array([[figure.se for figure in draw] for draw in results])
    covers = np.array([[figure.covers for figure in draw] for draw in results])
    spread = estimate.std(axis=0, ddof=1)
    print(f"{given.draws} draws from the country of seed {given.seed}, {seconds:.0f} s")
    print(f"{'figure':52} {'bias/sd':>8} {'se/sd':>6} {'cover':>6}")
    for place, figure in enumerate(results[0]):
        bias = (estimate[:, place].mean() - figure.truth) / spread[place]
        ratio = np.sqrt((error[:, place] ** 2).mean()) / spread[place]
        share = covers[:, place].mean()
        print(f"{figure.label:52} {bias:8.2f} {ratio:6.2f} {share:6.3f}")
    of_draw = covers.sum(axis=1)
    quantiles = np.quantile(of_draw, [0.05, 0.5, 0.95])
    print(f"all intervals: {covers.mean():.4f}")
    print(f"intervals of {covers.shape[1]} that cover, 5 %, median, 95 % of draws: {quantiles}")


if __name__ == "__main__":
    main()
