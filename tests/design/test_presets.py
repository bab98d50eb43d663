"""Design presets: what surveys call their weight, strata and units."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def people(**columns):
    rng = np.random.default_rng(3)
    made = {name: rng.uniform(1, 9, 60) for name in columns.pop("numbers", ())}
    codes = {name: np.arange(60) // size for name, size in columns.items()}
    return pd.DataFrame({**made, **codes, "y": rng.normal(50, 9, 60)})


def test_dhs_weights_are_divided_and_columns_found_in_any_case():
    frame = people(V021=5, V022=20).assign(V005=np.arange(60) * 10_000 + 500_000)
    sample = mp.design_preset("dhs", frame)
    assert sample.design.weight == "V005_scaled"
    np.testing.assert_allclose(sample.weight, frame.V005 / 1e6)
    assert sample.design.strata == ("V022",)
    assert sample.design.psu == ("V021",)
    assert "V005_scaled" not in frame.columns
    plain = mp.Sample(frame, mp.Design(weight="V005", strata="V022", psu="V021"))
    assert mp.mean(sample, "y").frame.se[0] == pytest.approx(mp.mean(plain, "y").frame.se[0])


@pytest.mark.parametrize(
    ("preset", "frame", "expected"),
    [
        ("mics", people(numbers=["wmweight"], stratum=20, PSU=5), "wmweight"),
        ("lsms", people(numbers=["hhweight"], ea_id=5, strataid=20), "hhweight"),
        ("eu_lfs", people(numbers=["COEFFY"], HHNUM=2), "COEFFY"),
        ("eu_silc", people(numbers=["RB050"], DB050=20, DB060=5), "RB050"),
        ("ess", people(numbers=["anweight"], stratum=20, psu=5), "anweight"),
        ("timss", people(numbers=["TOTWGT"], JKZONE=20, JKREP=10), "TOTWGT"),
        ("afrobarometer", people(numbers=["withinwt"], eanumb=5), "withinwt"),
        ("caucasus_barometer", people(numbers=["indwt"], substratum=20, psu=5), "indwt"),
        ("two_stage", people(numbers=["wgt"], stratum=20, cluster=5), "wgt"),
    ],
)
def test_each_preset_finds_its_columns(preset, frame, expected):
    sample = mp.design_preset(preset, frame)
    assert sample.design.weight == expected
    assert sample.design.psu
    assert mp.mean(sample, "y").frame.se[0] > 0


def test_replicate_weights_are_read_with_their_method():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.uniform(1, 3, (50, 161)), columns=[f"PWWGT{i}" for i in range(161)])
    frame["MARSUPWT"] = frame.PWWGT0 * 100
    sample = mp.design_preset("cps", frame)
    assert sample.replicates.count == 160
    assert "PWWGT0" not in sample.replicates.columns
    np.testing.assert_allclose(sample.replicates.multipliers, 4 / 160)
    np.testing.assert_allclose(sample.weight, frame.PWWGT0)
    pisa = pd.DataFrame({f"W_FSTURWT{i}": [1.0, 2 + i % 2] for i in range(1, 81)})
    pisa["W_FSTUWT"] = [1.0, 2]
    assert mp.design_preset("pisa", pisa).design.replicates.fay == 0.5


def test_labels_stay_and_a_part_can_be_replaced():
    frame = people(numbers=["indwt", "hhwt"], psu=5, stratum=20)
    data = mp.Microdata(frame, {"y": mp.Variable("y", "Years")})
    sample = mp.design_preset("caucasus_barometer", data, file="households")
    assert sample.design.weight == "hhwt"
    assert sample.data.label("y") == "Years"
    other = mp.design_preset("two_stage", data, weight="hhwt", divide_by=2)
    np.testing.assert_allclose(other.weight, frame.hhwt / 2)
    assert other.data.label("y") == "Years"


def test_what_does_not_fit_is_said():
    frame = people(numbers=["w2"])
    with pytest.raises(mp.MpsurveyError, match="Did you mean 'mics'"):
        mp.design_preset("mic", frame)
    with pytest.raises(mp.MpsurveyError, match="by v005, mv005 or v005 or mv005 or hv005"):
        mp.design_preset("dhs", frame)
    with pytest.raises(mp.MpsurveyError, match="has no file 'children'"):
        mp.design_preset("dhs", frame, file="children")


def shared(folder, pattern):
    found = sorted((SHARED / folder).glob(pattern)) if SHARED.is_dir() else []
    if not found:
        pytest.skip(f"../shared/data/{folder} is not here")
    return found[0]


def test_pisa_2003_has_the_published_mean():
    # OECD, Learning for Tomorrow's World (2004), table 2.5c: Netherlands 538, s.e. 3.1, which
    # averages five plausible values; the first alone is near.
    path = shared("pisa2003_nld", "*.sav")
    data = mp.read(path, columns=["PV1MATH", "W_FSTUWT", *(f"W_FSTR{i}" for i in range(1, 81))])
    row = mp.mean(mp.design_preset("pisa", data), "PV1MATH").frame.iloc[0]
    assert row.estimate == pytest.approx(538, abs=0.5)
    assert row.se == pytest.approx(3.1, abs=0.15)


def test_acs_has_the_official_standard_error():
    path = shared("acs_pums_2021_5yr", "PUMS_WY.csv")
    official = pd.read_csv(path.parent / "official_pums_estimates_17_21.csv", thousands=",")
    official["CHARACTERISTIC"] = official.CHARACTERISTIC.str.strip()
    wyoming = official[official.STATE.str.strip() == "Wyoming"].set_index("CHARACTERISTIC")
    sample = mp.design_preset("acs_pums", mp.read(path))
    assert sample.replicates.count == 80
    for words, rule in {
        "Total females (SEX=2)": "SEX == 2",
        "Age 25-34": "AGEP >= 25 and AGEP < 35",
        "Age 65-74": "AGEP >= 65 and AGEP < 75",
    }.items():
        found = mp.total(sample, where=rule).frame.iloc[0]
        assert found.estimate == float(wyoming.PUMS_EST_17_TO_21[words])
        assert round(found.se) == float(wyoming.PUMS_SE_17_TO_21[words])


def test_the_caucasus_barometer_differs_from_its_own_design_by_its_corrections_only():
    path = shared("caucasus_barometer_2017_ge", "*.dta")
    data = mp.read(path)
    preset = mp.design_preset("caucasus_barometer", data)
    own = mp.Sample(data)
    one, other = (mp.proportion(sample, "c5_02 == 1").frame.iloc[0] for sample in (preset, own))
    assert one.estimate == pytest.approx(other.estimate, rel=1e-12)
    assert other.se < one.se < 1.02 * other.se


def test_on_the_command_line(tmp_path, monkeypatch, capsys):
    from mpsurvey.cli import main

    frame = people(v021=5, v022=20).assign(v005=1_000_000)
    mp.write(mp.Microdata(frame), tmp_path / "women.dta")
    words = ["mpsurvey", "estimate", str(tmp_path / "women.dta"), "--preset", "dhs",
             "--statistic", "mean", "--variable", "y"]  # fmt: skip
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code in (0, None)
    assert "12 PSUs in 3 strata" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [*words, "--psu", "v021"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert "--preset says the whole design" in capsys.readouterr().err
