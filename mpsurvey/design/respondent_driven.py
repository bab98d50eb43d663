r"""Respondent-driven sampling: people who bring their acquaintances, from a few seeds.

Nobody is drawn with a known chance. Under assumptions (recruitment at random among one's contacts,
contacts that are mutual, honest numbers of contacts, long chains) the chance to be recruited grows
with the number of contacts d:

- Volz and Heckathorn (2008), Journal of Official Statistics 24, 79-97 (RDS-II): weights 1/d;
- Gile (2011), JASA 106, 135-146: successive sampling without replacement from a population of N,
  where people of many contacts are soon used up: weights :math:`1/\pi(d)`,
  :math:`\pi(d) = 1 - e^{-t d}` with t such that the expected sample has n people (Rosén 1972,
  Annals of Mathematical Statistics 43, 373-397), and the distribution of d in the population
  found by iteration.

The variance comes from the tree bootstrap: seeds are drawn with replacement, then each drawn
person's recruits, and so on. Baraff, McCormick and Raftery (2016), PNAS 113, 14668-14673.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.declaration import Bootstrap, Design
from mpsurvey.design.auxiliaries import plain
from mpsurvey.design.codes import Codes
from mpsurvey.design.sample import Sample
from mpsurvey.errors import ColumnMissing, DesignError
from mpsurvey.microdata import Microdata

__all__ = ["RecruitmentTree", "read_tree", "respondent_driven", "successive_chances"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RecruitmentTree:
    """Who was brought by whom.

    Attributes
    ----------
    parent
        Row of each person's recruiter, shape (n,); -1 for seeds.
    wave
        Steps from the seed, shape (n,).
    seed
        Row of the seed at the root of each person's tree, shape (n,).
    """

    parent: Codes
    wave: Codes
    seed: Codes

    @property
    def seeds(self) -> Codes:
        """Rows of the seeds."""
        return np.flatnonzero(self.parent < 0)

    def children(self) -> list[Codes]:
        """Rows that each person brought."""
        order = np.argsort(self.parent, kind="stable")
        bounds = np.searchsorted(self.parent[order], np.arange(-1, len(self.parent) + 1))
        return [order[bounds[i + 1] : bounds[i + 2]] for i in range(len(self.parent))]

    def summary(self) -> pd.DataFrame:
        """One row per seed: people in its tree, longest chain. No one is named."""
        frame = pd.DataFrame({"seed": self.seed, "wave": self.wave})
        by_seed: Any = frame.groupby("seed")["wave"]
        found: pd.DataFrame = by_seed.agg(people="size", waves="max").reset_index(drop=True)
        found.insert(0, "tree", np.arange(1, len(found) + 1))
        return found

    def draw(self) -> str:
        """Draw the trees as an SVG picture: a dot per person, waves from left to right."""
        children = self.children()
        height = np.zeros(len(self.parent))
        place = 0.0
        stack = [(int(s), False) for s in self.seeds[::-1]]
        while stack:
            row, done = stack.pop()
            if done:
                height[row] = height[children[row]].mean()
            elif len(children[row]):
                stack.append((row, True))
                stack += [(int(child), False) for child in children[row][::-1]]
            else:
                height[row], place = place, place + 1
        wide, step = 40, 7
        x, y = 12 + wide * self.wave, 12 + step * height
        lines = "".join(
            f'<line x1="{x[p]:.0f}" y1="{y[p]:.1f}" x2="{x[i]:.0f}" y2="{y[i]:.1f}"/>'
            for i, p in enumerate(self.parent)
            if p >= 0
        )
        dots = "".join(
            f'<circle cx="{a:.0f}" cy="{b:.1f}" r="{5 if w == 0 else 2.5}"/>'
            for a, b, w in zip(x, y, self.wave, strict=True)
        )
        said = html.escape(f"{len(self.seeds)} recruitment trees of {len(self.parent)} people")
        size = f'width="{24 + wide * int(self.wave.max()):d}" height="{24 + step * place:.0f}"'
        style = "<style>line{stroke:#8a97a3}circle{fill:#0b5c8a}</style>"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{said}">'
            f"{style}{lines}{dots}</svg>"
        )


def read_tree(person: Any, recruiter: Any) -> RecruitmentTree:
    """Read and check who recruited whom.

    Parameters
    ----------
    person, recruiter
        Each person's own number, and that of the recruiter (missing, 0 or "seed" for seeds).

    Raises
    ------
    DesignError
        Numbers that stand twice, recruiters who are not in the data, rings: all at once.
    """
    ids = [plain(one) for one in person]
    brought = [None if _nobody(one) else plain(one) for one in recruiter]
    place = {one: row for row, one in enumerate(ids)}
    problems = []
    if len(place) < len(ids):
        problems.append(f"{len(ids) - len(place)} numbers of persons stand more than once.")
    unknown = sum(one is not None and one not in place for one in brought)
    if unknown:
        problems.append(
            f"{unknown} persons name a recruiter who is not in the data. If that one was a seed "
            "who was not interviewed, make each of them a seed."
        )
    parent = np.array([-1 if b is None else place.get(b, -1) for b in brought], dtype=np.intp)
    wave, seed = np.full(len(ids), -1, dtype=np.intp), np.full(len(ids), -1, dtype=np.intp)
    here = np.flatnonzero(parent < 0)
    wave[here], seed[here] = 0, here
    for _ in range(len(ids)):
        fresh = np.flatnonzero((wave < 0) & (parent >= 0) & (wave[parent] >= 0))
        if not len(fresh):
            break
        wave[fresh], seed[fresh] = wave[parent[fresh]] + 1, seed[parent[fresh]]
    rings = int(np.count_nonzero(wave < 0))
    if rings:
        problems.append(f"{rings} persons recruited each other in a ring, with no seed.")
    if problems:
        raise DesignError(problems)
    return RecruitmentTree(parent, wave, seed)


def _nobody(value: Any) -> bool:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return True
    return plain(value) in (0, "", "seed")


def successive_chances(degree: Floats, population: float, count: Floats | None = None) -> Floats:
    """Chances to be in a successive sample, by number of contacts; Gile (2011).

    Parameters
    ----------
    degree
        Contacts of each person of the sample, shape (n,).
    population
        N, how many people there are.
    count
        How often each person counts, shape (n,); once by default.

    Returns
    -------
    numpy.ndarray
        Shape (n,); proportional to `degree` where N is much larger than n.
    """
    times = np.ones(len(degree)) if count is None else count
    n = float(times.sum())
    chance = np.minimum(degree * n / (times @ degree), 0.99)
    for _ in range(200):
        # how many people of each person's degree there are, were the chances right
        stands = population * (times / chance) / (times / chance).sum()
        low, high = 0.0, 50 / float(degree.min())
        for _ in range(80):
            middle = (low + high) / 2
            if float(stands @ -np.expm1(-degree * middle)) < n:
                low = middle
            else:
                high = middle
        fresh = -np.expm1(-degree * high)
        if float(np.abs(fresh / chance - 1).max()) < 1e-10:
            return np.asarray(fresh)
        chance = fresh
    return np.asarray(chance)


def respondent_driven(
    data: Any,
    *,
    person: str,
    recruiter: str,
    contacts: str,
    method: Literal["volz_heckathorn", "gile"] = "volz_heckathorn",
    population: float | None = None,
    replicates: int = 500,
    seed: int = 1,
) -> Sample:
    """Make a sample of people who were recruited by each other.

    Use it for shares and means among a population that has no frame, such as migrants without
    papers. Totals need the size of the population, which these data do not give.

    Parameters
    ----------
    data
        A frame or `Microdata`, one row per person; it is never changed.
    person, recruiter
        Columns of each person's own number and of the recruiter's; seeds have none.
    contacts
        Column: how many people of the population the person knows.
    method
        ``"volz_heckathorn"`` (RDS-II), or ``"gile"`` (successive sampling) where the sample is
        more than a few per cent of the population.
    population
        Size of the population; needed by ``"gile"``, and then weights add to it. Without it they
        add to the number of rows.
    replicates, seed
        Of the tree bootstrap.

    Returns
    -------
    Sample
        With the columns ``rds_weight`` and ``rds_1`` and further: every statistic works on it.

    Raises
    ------
    DesignError
        The tree or the numbers of contacts are wrong: all problems at once.

    Notes
    -----
    The tree bootstrap tends to give standard errors that are too large rather than too small.
    Look at `read_tree(...).summary()` first: few waves mean that the seeds still rule the result.
    """
    native = data.frame if isinstance(data, Microdata) else data
    found = nw.from_native(native)
    frame: nw.DataFrame[Any] = found.collect() if isinstance(found, nw.LazyFrame) else found
    named = (("person", person), ("recruiter", recruiter), ("contacts", contacts))
    absent = [(role, name) for role, name in named if name not in frame.columns]
    if absent:
        raise ColumnMissing(absent, frame.columns)
    problems: list[str] = []
    degree = np.asarray(frame[contacts].to_numpy(), dtype=np.float64)
    wrong = int(np.count_nonzero(~(degree >= 1)))
    if wrong:
        problems.append(
            f"'{contacts}' must be 1 or more: everyone knows at least the recruiter. It is less or "
            f"missing in {wrong:,} rows."
        )
    if method not in ("volz_heckathorn", "gile"):
        problems.append(f"method='{method}' is not one of 'volz_heckathorn', 'gile'.")
    if method == "gile" and (population is None or population <= len(frame)):
        problems.append("Gile's method needs population=, larger than the number of rows.")
    try:
        tree = read_tree(frame[person].to_list(), frame[recruiter].to_list())
    except DesignError as error:
        problems.extend(error.problems)
    if problems:
        raise DesignError(problems)
    whole = float(population or len(frame))

    def weights(count: Floats) -> Floats:
        if method == "gile":
            chance = np.full(len(degree), np.inf)
            some = count > 0
            chance[some] = successive_chances(degree[some], whole, count[some])
        else:
            chance = degree
        return np.asarray(whole * (count / chance) / (count / chance).sum())

    random = np.random.default_rng(seed)
    counts = _resample(tree, replicates, random)
    columns = {"rds_weight": weights(np.ones(len(degree)))}
    columns |= {f"rds_{r + 1}": weights(counts[r]) for r in range(replicates)}
    made = frame.to_pandas()
    taken = [name for name in columns if name in made.columns]
    if taken:
        raise DesignError(f"The data have a column '{taken[0]}' already.")
    result = pd.concat([made, pd.DataFrame(columns, index=made.index)], axis=1)
    design = Design("rds_weight", replicates=Bootstrap("rds_*", centre="mean"))
    return Sample(result, design)


def _resample(tree: RecruitmentTree, replicates: int, random: np.random.Generator) -> Floats:
    """How often each person is in each bootstrap tree, shape (R, n)."""
    children = tree.children()
    counts = np.zeros((replicates, len(tree.parent)))
    for r in range(replicates):
        level = random.choice(tree.seeds, size=len(tree.seeds), replace=True)
        while len(level):
            np.add.at(counts[r], level, 1.0)
            following = [
                random.choice(children[row], size=len(children[row]), replace=True)
                for row in level
                if len(children[row])
            ]
            level = np.concatenate(following) if following else np.empty(0, dtype=np.intp)
    return counts
