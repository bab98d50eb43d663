"""Degrees of freedom of a file's replicates: the rank of the weights in each domain, less one."""

import numpy as np
import pandas as pd
import pytest
from references import data, kinds

import mpsurvey as mp
from mpsurvey.estimation import replication
from mpsurvey.estimation.domains import split_domains


def plain_rank(matrix):
    return np.linalg.matrix_rank(matrix, rtol=1e-5) if len(matrix) else 0


def weighted(domain, weights):
    columns = {f"r{i + 1}": column for i, column in enumerate(weights.T)}
    frame = pd.DataFrame({"w": 1.0, "d": domain, "y": np.arange(len(domain)) % 7, **columns})
    return mp.Sample(frame, mp.Design(weight="w", replicates=mp.Bootstrap("r*")))


def compare(sample, domain, weights):
    found = mp.mean(sample, "y", by="d").frame
    want = [max(plain_rank(weights[domain == d]) - 1, 0) for d in found.d]
    assert found.df.tolist() == want
    return want


def test_full_and_partial_ranks():
    random = np.random.default_rng(3)
    count = 12
    blocks = [
        random.uniform(0.5, 2, (900, count)),  # of full rank at once
        random.uniform(0.5, 2, (5, count)),  # fewer rows than replicates
        np.ones((40, count)),  # one value: rank one
        np.zeros((10, count)),  # nobody has a weight
        np.outer(random.uniform(1, 2, 300), random.uniform(1, 2, count)),  # proportional rows
        random.integers(0, 2, (6, count))[np.arange(700) % 6] * 1.7,  # six PSUs
    ]
    weights = np.concatenate(blocks)
    domain = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    want = compare(weighted(domain, weights), domain, weights)
    assert want[0] == count - 1
    assert want[1:5] == [4, 0, 0, 0]
    order = random.permutation(len(domain))
    compare(weighted(domain[order], weights[order]), domain[order], weights[order])


def test_what_a_few_rows_do_not_show():
    """A domain whose rows differ only here and there has the rank of all its rows."""
    count = 10
    weights = np.ones((4001, count))
    weights[np.arange(1, count), np.arange(1, count)] = 2.0  # the first rows are the odd ones
    domain = np.zeros(len(weights), dtype=int)
    assert compare(weighted(domain, weights), domain, weights) == [count - 1]


@pytest.mark.parametrize("cells", [1, 1 << 22])
def test_many_domains_in_parts(cells, monkeypatch):
    monkeypatch.setattr(replication, "_CELLS", cells)
    random = np.random.default_rng(5)
    weights = random.uniform(0.5, 2, (3000, 8))
    domain = random.integers(0, 400, 3000)
    compare(weighted(domain, weights), domain, weights)


@pytest.mark.parametrize("kind", ["jk1", "brr_few", "bootstrap"])
def test_ranks_of_real_replicates(kind):
    file, weight, replicates = kinds("estimate")[kind]
    sample = mp.Sample(data(file), mp.Design(weight=weight, replicates=replicates))
    names = list(sample.replicates.columns)
    matrix = data(file)[names].to_numpy(float)
    whole = replication.replicate_freedom(sample, split_domains(sample), None)
    assert whole.tolist() == [plain_rank(matrix) - 1]
