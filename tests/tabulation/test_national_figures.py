"""National figures as inputs: where they may come from, and what is asked of them."""

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.tabulation import Auxiliary, read_auxiliaries

CATALOGUE = mp.load_catalogue()
GDP = {"value": 2e6, "unit": "euro", "source": "National accounts", "year": 2025}


@pytest.fixture(scope="module")
def homes():
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"ea": np.arange(200) // 10, "rem_total": random.gamma(1, 50, 200)})
    frame["region"] = frame.ea % 2
    return mp.Sample(frame, mp.Design(psu="ea"))


def test_a_ratio_to_a_national_figure(homes):
    asked = CATALOGUE.indicators("ECO02C")
    table = mp.tabulate(homes, asked, by="region", auxiliaries={"gdp": GDP})
    total = mp.total(homes, "rem_total").frame
    assert table.frame.estimate[0] == pytest.approx(total.estimate[0] / 2e6)
    assert table.frame.se[0] == pytest.approx(total.se[0] / 2e6)
    # parts of the country add up to it
    assert table.frame.estimate[1:].sum() == pytest.approx(table.frame.estimate[0])
    note = "National figure from elsewhere: gdp = 2,000,000 euro (National accounts, 2025)."
    assert note in table.footnotes()
    vague = mp.tabulate(homes, asked, auxiliaries={"gdp": {**GDP, "se": 1e5}}).frame
    assert vague.se[0] == pytest.approx(
        np.hypot(table.frame.se[0], table.frame.estimate[0] * 1e5 / 2e6)
    )


def test_what_is_needed_is_said(homes):
    table = mp.tabulate(homes, CATALOGUE.indicators("ECO02C"))
    assert table.lacking == {"ECO02C": ("gdp",)}
    with pytest.raises(mp.MpsurveyError, match="ECO02C lacks gdp"):
        mp.tabulate(homes, CATALOGUE.indicators("ECO02C"), lacking="fail")


def test_files_of_national_figures(tmp_path, homes):
    yaml = tmp_path / "figures.yaml"
    yaml.write_text(
        "gdp: {value: 2.0e+6, unit: euro, source: National accounts, year: 2025}\n"
        "fx_mid: {key: ro_cnt, values: {643: 90.1, 792: 34}, unit: per euro, source: Bank,"
        " year: 2025}\n"
    )
    comma = tmp_path / "figures.csv"
    comma.write_text(
        "name,value,unit,source,year,key,code\n"
        "gdp,2000000,euro,National accounts,2025,,\n"
        "fx_mid,90.1,per euro,Bank,2025,ro_cnt,643\nfx_mid,34,per euro,Bank,2025,ro_cnt,792\n"
    )
    first, second = read_auxiliaries(yaml), read_auxiliaries(str(comma))
    assert first == second
    assert first["fx_mid"].values == {643: 90.1, 792: 34.0}
    assert first["fx_mid"].words() == "fx_mid by ro_cnt, 2 values, per euro (Bank, 2025)"
    table = mp.tabulate(homes, CATALOGUE.indicators("ECO02C"), auxiliaries=yaml)
    assert len(table) == 1


def test_figures_without_source_or_number_are_refused(tmp_path):
    with pytest.raises(mp.MpsurveyError) as found:
        mp.tabulation.national_figures.auxiliaries_of(
            {"gdp": {"value": "much", "unit": "x", "source": "y", "year": 2025},
             "pop": {"value": 1, "unit": "persons", "sourc": "z"}, "oda": 5}
        )  # fmt: skip
    said = str(found.value)
    for part in ("'gdp' holds what is no number", "'sourc'", "Did you mean 'source'",
                 "'pop' lacks 'year'", "'oda' needs value"):  # fmt: skip
        assert part in said
    with pytest.raises(mp.MpsurveyError, match="needs a value, or a key"):
        Auxiliary(name="gdp", unit="x", source="y", year=2025)
    with pytest.raises(mp.MpsurveyError, match="no file"):
        read_auxiliaries(tmp_path / "none.yaml")


def test_exchange_rates_by_country_stand_beside_rows():
    frame = pd.DataFrame(
        {
            "age": 30, "ro_cnt": [643, 643, 792, 792], "ro_fee_share": [0.02, 0.04, 0.1, 0.1],
            "ro_last_rate": [88.2, 90.0, np.nan, 33.0], "ro_cur": [2, 2, 1, 2],
        }
    )  # fmt: skip
    rates = {"key": "ro_cnt", "values": {643: 90.0, 792: 34.0}}
    figure = {"fx_mid": {**rates, "unit": "per euro", "source": "Bank", "year": 2025}}
    sample = mp.Sample(frame, mp.Design())
    asked = CATALOGUE.indicators("ECO10", "ECO11")
    made = mp.tabulate(sample, asked, auxiliaries=figure).frame.set_index("indicator")
    costs = [0.02 + 1 - 88.2 / 90, 0.04, 0.1, 0.1 + 1 - 33 / 34]
    assert made.estimate["ECO10"] == pytest.approx(np.mean(costs))
    assert made.estimate["ECO11"] == 0.5
    report = mp.coverage(sample, CATALOGUE, asked)
    assert set(report.frame.status) == {"needs a national figure"}
