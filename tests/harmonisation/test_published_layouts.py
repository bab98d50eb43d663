"""Ready crosswalks on small made files that follow the layouts of published recode manuals."""

import numpy as np
import pandas as pd

import mpsurvey as mp
from mpsurvey import Microdata, Variable


def told(values):
    return [None if pd.isna(value) else value for value in values]


def clean(data):
    assert not data.report.of_kind("unmapped", "type", "impossible"), str(data.report)
    return data.frame


def test_members_of_households_in_dhs():
    """hv104 sex, hv105 age (98 unknown), hv109 attainment, hv121 school, hv005 in millionths."""
    frame = pd.DataFrame(
        {
            "hv001": [1, 1, 2, 2],
            "hv002": [1, 1, 1, 1],
            "hv003": 1,
            "hvidx": [1, 2, 1, 2],
            "hv005": [1250000, 1250000, 800000, 800000],
            "hv021": [1, 1, 2, 2],
            "hv022": [1, 1, 1, 1],
            "hv024": [3, 3, 4, 4],
            "hv025": [1, 1, 2, 2],
            "hv007": 2022,
            "hv006": 5,
            "hv009": 2,
            "hv101": [1, 11, 1, 9],
            "hv104": [1, 2, 2, 9],
            "hv105": [45, 12, 98, 30],
            "hv109": [5, 1, 3, 8],
            "hv121": [0, 1, 2, 9],
        }
    )
    got = clean(mp.harmonise(frame, "dhs_members", home=404))
    assert told(got["weight"]) == [1.25, 1.25, 0.8, 0.8]
    assert told(got["sex"]) == [1, 2, 2, None]
    assert told(got["age"]) == [45, 12, None, 30]
    assert told(got["educ"]) == [6, 0, 2, None]
    assert told(got["attend"]) == [2, 1, 1, None]
    assert told(got["rel_head"]) == [1, 3, 1, 2]
    assert told(got["age_group"]) == [45, 10, None, 30]


def test_women_in_dhs():
    """v104 years lived here (95 always, 96 visitor), v105 former place (4 abroad), v714 works."""
    frame = pd.DataFrame(
        {
            "v001": [1, 1, 2],
            "v002": [1, 2, 1],
            "v003": [2, 1, 2],
            "v005": 1000000,
            "v021": [1, 1, 2],
            "v022": [1, 1, 1],
            "v024": [1, 1, 2],
            "v025": [1, 1, 2],
            "v007": 2022,
            "v006": 5,
            "v136": 4,
            "v012": [25, 33, 41],
            "v150": [2, 1, 12],
            "v149": [4, 5, 0],
            "v714": [1, 0, 9],
            "v104": [95, 3, 96],
            "v105": [np.nan, 4, np.nan],
        }
    )
    got = clean(mp.harmonise(frame, "dhs_women", home=404))
    assert told(got["sex"]) == [2, 2, 2]
    assert told(got["mv_always"]) == [1, 2, None]
    assert told(got["mv_dur"]) == [None, 3, None]
    assert told(got["mv_prev_type"]) == [None, 4, None]
    assert told(got["lfs"]) == [1, 3, None]
    assert told(got["mv_flow"]) == [None, 5, None]


def mics_members():
    """HL12 mother alive, HL13 in the household, HL15 where else (1 abroad); HL16 to HL19 father."""
    return pd.DataFrame(
        {
            "HH1": [1, 1, 1, 2, 2],
            "HH2": 1,
            "HL1": [1, 2, 3, 1, 2],
            "hhweight": 1.5,
            "PSU": [1, 1, 1, 2, 2],
            "stratum": 1,
            "HH7": 2,
            "HH6": [1, 1, 1, 2, 2],
            "HH5Y": 2021,
            "HH5M": 3,
            "HH48": [3, 3, 3, 2, 2],
            "HL4": [2, 1, 2, 1, 2],
            "HL6": [40, 8, 15, 60, 5],
            "HL3": [1, 3, 3, 1, 5],
            "HL12": [np.nan, 1, 1, np.nan, 1],
            "HL13": [np.nan, 1, 1, np.nan, 2],
            "HL15": [np.nan, np.nan, np.nan, np.nan, 1],
            "HL16": [np.nan, 1, 2, np.nan, 1],
            "HL17": [np.nan, 2, np.nan, np.nan, 2],
            "HL19": [np.nan, 1, np.nan, np.nan, 1],
        }
    )


def test_children_left_behind_in_mics():
    data = mp.harmonise(mics_members(), "mics_members", home=417)
    got = clean(data)
    assert told(got["ch_mo"]) == [None, 1, 1, None, 3]
    assert told(got["ch_fa"]) == [None, 3, 5, None, 3]
    assert told(got["lbc"]) == [None, 1, 0, None, 1]
    assert told(got["lbc_both"])[4] == 1
    design = mp.Design(weight="weight", psu="psu")
    table = mp.tabulate(mp.Sample(data, design), mp.load_catalogue().indicators("DEM08", "DEM09"))
    assert table.frame.estimate.tolist() == [2 / 3, 1 / 3]


def test_children_of_mics_with_the_members_beside():
    children = pd.DataFrame(
        {
            "HH1": [1, 2],
            "HH2": 1,
            "LN": [2, 2],
            "fsweight": [1.0, 2.0],
            "stratum": 1,
            "PSU": [1, 2],
            "HH7": 2,
            "HH6": [1, 2],
            "FS7Y": 2021,
            "HL4": [1, 2],
            "CB3": [8, 5],
            "CB7": [1, 2],
        }
    )
    data = mp.harmonise(children, "mics_children", files={"members": mics_members()}, home=417)
    got = clean(data)
    assert told(got["attend"]) == [1, 2]
    assert told(got["ch_fa"]) == [3, 3]
    assert told(got["lbc"]) == [1, 1]


def test_the_labour_force_survey_of_the_eu():
    """COUNTRYB in groups, ILOSTAT with 4 for compulsory service, STAPRO, ISCO08_3D, NACE2_1D."""
    frame = pd.DataFrame(
        {
            "COUNTRY": "AT",
            "COEFFHH": 0.1,
            "HHNUM": [1, 1, 2, 3],
            "HHSEQNUM": [1, 2, 1, 1],
            "COEFFY": [0.21, 0.21, 0.4, 0.3],
            "REFYEAR": 2022,
            "REFMONTH": 4,
            "REGION_2D": 13,
            "DEGURBA": [1, 2, 3, 9],
            "SEX": [1, 2, 2, 1],
            "AGE": [42, 37, 62, 22],
            "HATLEVEL": [600, 304, 100, 999],
            "EDUCFED4": [3, 3, 3, 1],
            "ILOSTAT": [1, 2, 3, 4],
            "ISCO08_3D": [251, np.nan, np.nan, np.nan],
            "NACE2_1D": ["J", None, None, None],
            "STAPRO": [3, np.nan, np.nan, 9],
            "HWUSUAL": [38, np.nan, np.nan, 99],
            "COUNTRYB": ["NAT", "NEU27_2020", "TR", "NO_ANS"],
            "CITIZENSHIP": ["NAT", "NEU27_2020", "NAT", "NO_ANS"],
            "YEARESID": [0, 5, 30, 0],
        }
    )
    got = clean(mp.harmonise(frame, "eu_lfs", home=40))
    assert told(got["mb_cob"]) == [40, 991, 792, None]
    assert told(got["mig_status"]) == [4, 1, 2, None]
    assert told(got["mb_arr_year"]) == [None, 2017, 1992, None]
    assert told(got["lfs"]) == [1, 2, 3, None]
    assert told(got["isco1"])[0] == 2
    assert told(got["isic1"])[0] == 10
    assert told(got["icse"]) == [4, None, None, None]
    assert told(got["cob_group"]) == [0, 999, 145, None]
    assert told(got["migrant"]) == [0, 1, 1, None]


def test_an_extract_of_ipums_international():
    """General codes of harmonised variables; 0 is not in the universe, 9s are unknown."""
    frame = pd.DataFrame(
        {
            "COUNTRY": 484,
            "SAMPLE": 484202001,
            "HHWT": 10,
            "SERIAL": [1, 1, 2, 3],
            "PERNUM": [1, 2, 1, 1],
            "PERWT": [10, 10, 12, 9],
            "STRATA": 1,
            "YEAR": 2020,
            "GEOLEV1": 484009,
            "URBAN": [2, 2, 1, 9],
            "PERSONS": [2, 2, 1, 1],
            "SEX": [1, 2, 2, 9],
            "AGE": [35, 30, 71, 999],
            "RELATE": [1, 2, 1, 1],
            "EDATTAIN": [4, 3, 1, 9],
            "SCHOOL": [2, 1, 3, 0],
            "EMPSTAT": [1, 2, 3, 0],
            "CLASSWK": [2, 0, 0, 0],
            "OCCISCO": [2, 99, 99, 99],
            "INDGEN": [112, 0, 0, 0],
            "HRSUSUAL1": [40, 998, 998, 999],
            "BPLCOUNTRY": [24040, 21080, 24040, 99999],
            "CITIZEN": [1, 4, 2, 9],
            "YRIMM": [0, 2015, 0, 9999],
            "MIGRATE1": [10, 30, 20, 99],
            "MIGRATE5": [11, 30, 20, 0],
        }
    )
    variables = {name: Variable(name, name, "integer") for name in frame}
    variables["BPLCOUNTRY"] = Variable(
        "BPLCOUNTRY",
        "Country of birth",
        "categorical",
        {24040: "Mexico", 21080: "Guatemala", 99999: "Unknown"},
    )
    got = clean(mp.harmonise(Microdata(frame, variables), "ipums_international", home=484))
    assert told(got["mb_cob"]) == [484, 320, 484, None]
    assert told(got["mig_status"]) == [4, 1, 4, None]
    assert told(got["mb_arr_year"]) == [None, 2015, None, None]
    assert told(got["mv_res1"]) == [2, 4, 3, None]
    assert told(got["isic1"])[0] == 16
    assert told(got["cob_group"]) == [0, 13, 0, None]
    assert told(got["urban"]) == [1, 1, 2, None]


def test_groups_of_the_file_itself_go_before_ours():
    frame = pd.DataFrame({"age": [20, 50], "age_group": ["young", "old"], "sex": [1, 2]})
    walk = mp.Crosswalk.of_same_names(["age", "sex"], ["age", "sex"])
    kept = mp.harmonise(frame, walk, keep=["age_group"])
    assert kept.frame["age_group"].tolist() == ["young", "old"]
    assert mp.harmonise(frame, walk).frame["age_group"].tolist() == [20, 50]
