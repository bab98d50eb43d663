"""What planning asks of samplics: the only file of this stage that imports it.

samplics 0.6.1 is right for the sizes of a mean and a proportion, for simple random sampling and for
systematic PPS without shuffling; its other selections are not used (systematic sampling leaves out
the end of the list, Brewer is wrong for n > 2). It draws from NumPy's global generator, which is
seeded here for the one call and put back as it was.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from mpsurvey.errors import DesignError
from mpsurvey.planning.inclusion import Array, Mask

__all__ = ["fits_pps_systematic", "pps_systematic", "proportion_size", "simple_random"]

# samplics compares every unit with every point: 10 ms for a hundred thousand pairs.
MOST_PAIRS = 100_000


def _samplics() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it announces its end of life at import
        import samplics

    return samplics


@contextmanager
def _global_seed(rng: np.random.Generator) -> Iterator[None]:
    before = np.random.get_state()  # noqa: NPY002 - the generator that samplics draws from
    np.random.seed(int(rng.integers(2**32)))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def simple_random(N: int, n: int, rng: np.random.Generator) -> Mask:
    """Draw n of N units without replacement, 0 < n < N."""
    engine = _samplics()
    selection = engine.SampleSelection(method=engine.SelectMethod.srs_wor, strat=False, wr=False)
    with _global_seed(rng):
        chosen, _, probability = selection.select(samp_unit=np.arange(N), samp_size=n)
    return _checked(np.asarray(chosen, dtype=bool), np.asarray(probability), np.full(N, n / N))


def fits_pps_systematic(N: int, n: int) -> bool:
    """Whether samplics draws this PPS sample in a fraction of a second."""
    return N * n <= MOST_PAIRS


def pps_systematic(pi: Array, rng: np.random.Generator) -> Mask:
    """Draw systematically along the list with the probabilities `pi`, all below 1."""
    engine = _samplics()
    n = int(np.rint(pi.sum()))
    selection = engine.SampleSelection(method=engine.SelectMethod.pps_sys, strat=False, wr=False)
    with _global_seed(rng):
        chosen, _, probability = selection.select(
            samp_unit=np.arange(pi.size), samp_size=n, mos=pi.copy()
        )
    return _checked(np.asarray(chosen, dtype=bool), np.asarray(probability), pi)


def _checked(chosen: Mask, probability: Array, wanted: Array) -> Mask:
    n = int(np.rint(wanted.sum()))
    if chosen.sum() != n or not np.allclose(probability, wanted, rtol=1e-9, atol=1e-12):
        raise DesignError(
            f"samplics drew {int(chosen.sum())} units where {n} were asked, or with other "
            "probabilities. Nothing was drawn; please report the frame's size and n."
        )
    return chosen


def proportion_size(
    share: float, moe: float, *, alpha: float, method: Literal["wald", "fleiss"]
) -> int:
    """Interviews for a proportion under simple random sampling from a very large population."""
    engine = _samplics()
    size = engine.SampleSize(
        param=engine.PopParam.prop, method=getattr(engine.SizeMethod, method), strat=False
    )
    size.calculate(target=share, half_ci=moe, alpha=alpha)
    return int(size.samp_size)
