"""First- and second-order probabilities of every method, n from 1 to N, 100,000 draws each.

z is the distance of the frequency from the probability in standard errors; with some 4,000 pairs
compared the largest of them passes 4 by chance about once in four runs, so the count past 4 is
shown beside it and 5 is what fails. About 40 minutes on one core.

Run: python tests/benchmarks/planning_probabilities.py [draws]
"""

import sys
from time import perf_counter

import numpy as np

from mpsurvey.planning import conditional_poisson
from mpsurvey.planning.methods import METHODS, Request, Selection, select

SIZE = np.array([2.0, 3, 4, 5, 6, 7, 8, 9, 11, 14])
N = SIZE.size
DRAWS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000

# The working probabilities of maximum entropy do not depend on the draw: found once.
_found: dict[bytes, np.ndarray] = {}
_slow = conditional_poisson.working_probabilities


def _remembered(pi: np.ndarray) -> np.ndarray:
    key = pi.tobytes()
    if key not in _found:
        _found[key] = _slow(pi)
    return _found[key]


conditional_poisson.working_probabilities = _remembered


def request_of(method: str, n: int, ordered: bool) -> Request:
    return Request(
        method=method, n=n, reserve=0,
        size=np.ones(N) if method in ("srs", "systematic") else SIZE,
        forced=np.zeros(N, dtype=bool), list_order=np.arange(N) if ordered else None,
        balance=SIZE[:, None] ** 0.5, prn=None, start=0.0,
    )  # fmt: skip


def joint_of(drawn: Selection) -> np.ndarray:
    joint = np.diag(drawn.pi)
    for k in range(N):
        for other in range(k):
            pair = Selection(
                chosen=np.array([other, k]), reserve=drawn.reserve, pi=drawn.pi,
                pi_with_reserve=drawn.pi_with_reserve, open_list=drawn.open_list,
                method=drawn.method, ordered=drawn.ordered,
            ).joint()  # fmt: skip
            joint[k, other] = joint[other, k] = pair[0, 1]
    return joint


def furthest(found: np.ndarray, wanted: np.ndarray) -> tuple[float, int, int]:
    # Under 25 expected draws the frequency is not near normal.
    open_ = (wanted * DRAWS > 25) & (wanted < 1 - 1e-9)
    assert np.all(found[wanted <= 1e-9] == 0)
    assert np.all(found[wanted >= 1 - 1e-9] == 1)
    if not open_.any():
        return 0.0, 0, 0
    z = (found - wanted)[open_] / np.sqrt((wanted * (1 - wanted))[open_] / DRAWS)
    return float(np.abs(z).max()), int(np.sum(np.abs(z) > 4)), int(z.size)


failed = False
past = compared = 0
for method, ordered in [(m, o) for m in METHODS for o in (True, False)]:
    if not ordered and method not in ("systematic", "pps_systematic", "pivotal"):
        continue
    for n in range(1, N + 1):
        request = request_of(method, n, ordered)
        rng = np.random.default_rng([n, METHODS.index(method), ordered])
        began = perf_counter()
        drawn = select(request, rng)
        second = np.zeros((N, N))
        for _ in range(DRAWS):
            chosen = select(request, rng).chosen
            second[np.ix_(chosen, chosen)] += 1
        second /= DRAWS
        first_z, more, count = furthest(np.diag(second), drawn.pi)
        past, compared = past + more, compared + count
        status = drawn.joint_status
        pair_z = float("nan")
        if status == "exact":
            above = np.triu_indices(N, 1)
            pair_z, more, count = furthest(second[above], joint_of(drawn)[above])
            past, compared = past + more, compared + count
        label = f"{method}{'' if ordered else ' (random order)'}"
        print(
            f"{label:34s} n={n:2d}  z of units {first_z:5.2f}  z of pairs {pair_z:5.2f}  "
            f"{status.split(' ')[0]:13s} {1e6 * (perf_counter() - began) / DRAWS:6.0f} us",
            flush=True,
        )
        # Pareto's probabilities are approximate by nature; what is shown is how near they are.
        failed |= method != "pareto" and (first_z > 5 or pair_z > 5)
print(f"{compared} probabilities compared, {past} past z = 4")
sys.exit(int(failed))
