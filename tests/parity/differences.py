"""Numbers that show where mpsurvey and R differ on purpose."""

from __future__ import annotations

import pandas as pd
from parity.gaps import golden
from parity.models import imputed


def measured() -> dict[str, str]:
    """Numbers of the text, read from the golden files or found again."""
    calibration = golden("calibration")
    stacked = _of(golden("change"), "stacked", "change_of_total", "income")
    overlap = golden("change_overlap")
    shared, apart = (
        _of(overlap, f"rotating{case}", "change_of_total", "income")
        for case in ("", "/independent")
    )
    more = max((want.df - got.df) / want.df for want, got in imputed())
    margins = golden("regression")
    margins = margins[margins.case.eq("gaussian clus1 group") & margins.category.eq("No")]
    margins = margins.set_index("statistic")
    inequality = golden("poverty")
    inequality = inequality[inequality.statistic.eq("gini") & inequality.domain.isna()]
    inequality = inequality.set_index("case")
    return {
        "margin_apart": f"{margins.loc['margin'].se:.2f}",
        "margin_joint": f"{margins.loc['margin_joint'].se:.2f}",
        "gini_convey": f"{inequality.loc['eusilc'].estimate:.6f}",
        "gini_laeken": f"{inequality.loc['laeken'].estimate:.6f}",
        "rake": _se(calibration, "strat/raked"),
        "rake_weighted": _se(calibration, "strat/calibrated_raking"),
        "chain": _se(calibration, "clus1_replacement/poststratified_then_raked"),
        "chain_alone": _se(calibration, "clus1_replacement/calibrated_raking"),
        "stacked": f"{stacked.se:,.0f}",
        "overlap": f"{shared.se:,.0f}",
        "independent": f"{apart.se:,.0f}",
        "mi_more": f"{more:.0%}",
    }


def _se(rows: pd.DataFrame, case: str) -> str:
    found = rows[(rows.case == case) & (rows.statistic == "total") & (rows.variable == "enroll")]
    return f"{found[found.domain.isna()].iloc[0].se:,.0f}"


def _of(rows: pd.DataFrame, case: str, statistic: str, variable: str) -> pd.Series:
    found = rows[(rows.case == case) & (rows.statistic == statistic)]
    return found[found.variable == variable].iloc[0]
