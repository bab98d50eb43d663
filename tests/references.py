"""Reading the reference numbers beside the data, and comparing results with them."""

from pathlib import Path

import numpy as np
import pandas as pd

import mpsurvey as mp

TESTS = Path(__file__).parent
RTOL = 1e-9


def data(name):
    return pd.read_csv(TESTS / "data" / f"{name}.csv")


def golden(name):
    return pd.read_csv(TESTS / "r" / f"{name}.csv", keep_default_na=False, na_values=[""])


def read_domain(text, frame):
    if not isinstance(text, str) or not text:
        return {}
    pairs = dict(part.split("=", 1) for part in text.split(";"))
    return {
        k: frame[k].dtype.type(v) if frame[k].dtype.kind in "if" else v for k, v in pairs.items()
    }


def pick(result, category, domain):
    frame = result.frame
    here = np.ones(len(frame), dtype=bool)
    for name, value in domain.items():
        here &= (frame[name] == value).to_numpy()
    if isinstance(category, str) or (category is not None and not pd.isna(category)):
        here &= frame["category"].astype(str).to_numpy() == str(category)
    found = frame[here]
    assert len(found) == 1, (category, domain)
    return found.iloc[0]


def close(got, want, what, rtol=RTOL, atol=0.0):
    np.testing.assert_allclose(got, want, rtol=rtol, atol=atol, err_msg=str(what))


class Asker:
    """Asks each statistic once for each breakdown."""

    def __init__(self, sample, **options):
        self.sample, self.options, self.found = sample, options, {}

    def __call__(self, statistic, variable, by, **options):
        key = (statistic, variable, by, tuple(options.items()))
        if key not in self.found:
            options = {**self.options, **options, "by": by}
            frame = self.sample.frame
            text = variable in frame.columns and frame[variable].dtype == str
            if statistic == "ratio":
                found = mp.ratio(self.sample, *variable.split("/"), **options)
            elif (statistic == "mean" and text) or statistic == "proportion":
                found = mp.proportion(self.sample, variable, ci="normal", **options)
            else:
                found = getattr(mp, statistic)(self.sample, variable, **options)
            self.found[key] = found
        return self.found[key]


def compare(rows, sample, scale=1.0, **options):
    ask = Asker(sample, **options)
    checked = 0
    frame = sample.frame.to_native()
    for row in rows.itertuples():
        domain = read_domain(row.domain, frame)
        by = tuple(domain)
        statistic = row.statistic
        categorical = isinstance(row.category, str) and row.category != ""
        if statistic == "total" and categorical:
            found = ask("total", f"`{row.variable}` == '{row.category}'", by)
            got = pick(found, None, domain)
        else:
            found = ask("proportion" if categorical else statistic, row.variable, by)
            got = pick(found, row.category if categorical else None, domain)
        place = (row.case, statistic, row.variable, row.category, row.domain)
        size = abs(row.estimate)
        close(got.estimate, row.estimate, place)
        close(got.se, row.se, place, atol=1e-9 * size)
        if not pd.isna(row.df):
            assert got.df == row.df, place
        if not pd.isna(row.ci_low) and np.isfinite(row.ci_low):
            close([got.ci_low, got.ci_high], [row.ci_low, row.ci_high], place, atol=1e-9 * size)
        if not pd.isna(row.n):
            assert got.n == row.n, place
            close(got.population, row.population, place)
        checked += 1
    return checked


def compare_design_effects(rows, sample):
    for option, column in (("without_replacement", "deff"), ("with_replacement", "deff_replace")):
        ask = Asker(sample, deff=option)
        frame = sample.frame.to_native()
        for row in rows.itertuples():
            want = getattr(row, column)
            categorical = isinstance(row.category, str) and row.category != ""
            if pd.isna(want) or not np.isfinite(want) or (row.statistic == "total" and categorical):
                continue
            domain = read_domain(row.domain, frame)
            found = ask("proportion" if categorical else row.statistic, row.variable, tuple(domain))
            got = pick(found, row.category if categorical else None, domain)
            close(
                got.deff,
                want,
                (row.case, row.statistic, row.variable, row.domain),
                rtol=1e-8,
                atol=1e-9,
            )


def multipliers(file):
    table = data("replicates_multipliers")
    return table.multiplier[table.file == file].tolist()


def kinds(centre):
    return {
        "jk1": (
            "replicates_jk1",
            "pw",
            mp.Jackknife("jk*", multipliers=multipliers("replicates_jk1"), centre=centre),
        ),
        "jkn": (
            "replicates_jkn",
            "w",
            mp.Jackknife("jk*", multipliers=multipliers("replicates_jkn"), centre=centre),
        ),
        "jk2": ("replicates_jk2", "w", mp.Jackknife("jk*", multipliers=1, centre=centre)),
        "brr_many": ("replicates_brr_many", "w", mp.Brr("brr*", centre=centre)),
        "brr_few": ("replicates_brr_few", "w", mp.Brr("brr*", centre=centre)),
        "fay": ("replicates_fay_many", "w", mp.Brr("fay*", fay=0.3, centre=centre)),
        "bootstrap": ("replicates_bootstrap", "pw", mp.Bootstrap("bs*", centre=centre)),
        "successive": (
            "replicates_successive",
            "pw",
            mp.SuccessiveDifference("sd*", centre=centre),
        ),
    }
