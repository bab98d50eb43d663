"""Ready crosswalks on the real files that they are for, and on the demonstration."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.harmonisation import harmonise, propose_crosswalk
from mpsurvey.profile.demo import draw_survey, make_country

DATA = Path(__file__).parents[2].parent / "shared" / "data"
BAROMETER = DATA / "caucasus_barometer_2017_ge" / "CB_2017_Georgia_10.11.17.dta"
NDI = DATA / "crrc_other_dta" / "NDI_2019_April_22.04.19_Public.dta"
ACS = DATA / "acs_pums_2024_1yr"
PISA = DATA / "pisa2003_nld" / "pisa2003_nld_reexport.sav"


def real(path):
    if not path.exists():
        pytest.skip(f"the real file {path.name} is not here")
    with warnings.catch_warnings(action="ignore"):
        return mp.read(path)


@pytest.fixture(scope="module")
def demo():
    return draw_survey(make_country(2))


def test_the_demonstration(demo):
    got = harmonise(demo.persons, "demo", files={"households": demo.households})
    assert not got.report.of_kind("unmapped", "type", "join", "unit", "date")
    for name in ("mig_status", "returnee", "foreign_born", "dur_group", "dep_ratio", "lw_imw"):
        assert got.report.concepts[name] > 0, name
    status = got.frame["mig_status"].value_counts()
    born, citizen = demo.persons.frame["mb_cob"], demo.persons.frame["mb_cit_home"]
    assert status[4] == ((born == 901) & (citizen == 1)).sum()
    assert status[1] == ((born != 901) & born.notna() & (citizen == 2)).sum()
    whole = mp.mean(mp.Sample(got), "foreign_born").frame
    assert 0 < whole["estimate"].iloc[0] < 0.2


def test_the_demonstrations_households_are_one_row_each(demo):
    got = harmonise(demo.persons, "demo", files={"households": demo.households})
    homes = got.at_households()
    assert len(homes) == len(demo.households)
    first, second = (
        mp.total(mp.Sample(one, demo.households.design), "rem_total").frame["estimate"].iloc[0]
        for one in (homes, demo.households)
    )
    assert first == pytest.approx(second, rel=1e-12)


def test_the_demonstration_is_matched_with_itself(demo):
    walk = propose_crosswalk(demo.persons, home=901)
    wrong = {n: m.column for n, m in walk.variables.items() if n != m.column}
    assert not wrong
    columns = set(demo.persons.variables) - {"fpc_ea", "fpc_hh"}
    assert set(walk.variables) == columns


def test_caucasus_barometer():
    file = real(BAROMETER)
    got = harmonise(file, "caucasus_barometer_ge")
    assert not got.report.of_kind("unmapped", "type", "date", "impossible")
    receives = file.frame["c5_02"]
    assert (got.frame["ri_any"] == 1).sum() == (receives == 1).sum() == 385
    assert (got.frame["foreign_born"] == 1).sum() == file.frame["a5_01"].isin([4, 5]).sum()
    assert got.design == file.design
    by_adults = mp.proportion(mp.Sample(got), "ri_any").frame
    # adults whose household receives money from abroad: 14.4 per cent in the data notes
    assert by_adults["estimate"].iloc[0] == pytest.approx(0.144, abs=0.001)
    labels = got.missing_reasons("ri_any").set_index("code")["label"]
    assert labels[-2] == "Refuse to answer"


def test_what_is_proposed_for_the_barometer():
    walk = propose_crosswalk(
        real(BAROMETER), mp.load_catalogue().modules("mig_core", "mig_remit_in")
    )
    proposed = {name: mapped.column for name, mapped in walk.variables.items()}
    right = {
        "sex": "sex", "age": "age", "educ": "d3", "hh_size": "v4", "urban": "stratum",
        "weight": "indwt", "stratum": "substratum", "psu": "psu", "ri_any": "c5_02",
        "ri_dom": "c5_01",
    }  # fmt: skip
    assert right.items() <= proposed.items()
    assert walk["urban"].recode == {1: 1, 2: 1, 3: 2}
    assert walk.missing == (-9, -7, -3, -2, -1)


def test_ndi_georgia():
    file = real(NDI)
    got = harmonise(file, "ndi_georgia_2019")
    assert got.report.findings == ()
    assert got.design.psu in ("psu", ("psu",))
    assert (got.frame["sex"] == 2).sum() == (file.frame["RESPSEX"] == 2).sum()
    assert got.frame["urban"].isna().sum() == 0
    rate = mp.mean(mp.Sample(got, mp.Design(weight="weight", strata="stratum", psu="psu",
                   lonely_psu="average")), "age").frame  # fmt: skip
    assert rate["n"].iloc[0] == 2927


def test_acs_persons_with_their_housing():
    persons, housing = real(ACS / "p_50.parquet"), real(ACS / "h_50.parquet")
    got = harmonise(persons, "acs_pums", files={"housing": housing})
    assert not got.report.of_kind("unmapped", "type", "impossible")
    frame, people = got.frame, persons.frame
    employed = people.loc[people["ESR"].isin([1, 2, 4, 5]), "PWGTP"].sum()
    assert frame.loc[frame["lfs"] == 1, "weight"].sum() == employed
    assert (frame["mig_status"] == 1).sum() == (people["CIT"] == 5).sum()
    income = housing.frame.set_index("SERIALNO")["HINCP"].reindex(people["SERIALNO"]).to_numpy()
    np.testing.assert_array_equal(frame["hh_inc"].to_numpy(dtype=float), income)
    assert got.of["hh_inc"] == "household"
    homes = got.at_households()
    assert len(homes) == people["SERIALNO"].nunique()


def test_pisa_meets_its_own_index_of_immigration():
    file = real(PISA)
    got = harmonise(file, "pisa_2003", home=528)
    known = got.frame["gen2"].notna()
    index = file.frame["IMMIG"][known]
    # 1 native, 2 born here of parents born abroad
    assert pd.crosstab(got.frame["gen2"][known], index).to_dict() == {
        1.0: {1.0: 0, 2.0: 246, 3.0: 3114},
        2.0: {1.0: 259, 2.0: 0, 3.0: 0},
    }
    assert sum(name.startswith("W_FSTR") for name in got.frame) == 80


def test_letters_of_countries_and_natives_who_were_not_asked():
    """The European Social Survey's way: letters of countries, 'not applicable' for natives."""
    frame = pd.DataFrame(
        {
            "cntry": ["GE"] * 4, "idno": [1, 2, 3, 4], "gndr": [1, 2, 2, 1],
            "agea": [30, 999, 41, 77], "cntbrthd": ["66", "RU", "UA", "99"],
            "ctzcntr": [1, 2, 1, 8], "pspwght": [1.0] * 4,
            "domicil": [1, 4, 5, 3], "hhmmb": [3, 1, 88, 2], "eisced": [1, 7, 55, 4],
            "pdwrk": [1, 0, 0, 1], "uempla": [0, 1, 0, 0], "emplrel": [1, 6, 3, 2],
        }
    )  # fmt: skip
    got = harmonise(frame, "ess", home=268)
    assert [None if pd.isna(v) else v for v in got.frame["mb_cob"]] == [268, 643, 804, None]
    assert got.frame["lfs"].tolist() == [1, 2, 3, 1]
    assert got.frame["mig_status"].tolist()[:3] == [4, 1, 2]
    assert not got.report.of_kind("unmapped")
