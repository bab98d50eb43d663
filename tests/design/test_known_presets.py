"""Every preset on a small made file that has the layout which the survey publishes."""

import sys
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest

import mpsurvey as mp
from mpsurvey.catalogue.reading import load_kind

STRATA, PSUS, EACH = 4, 3, 6
PRESETS = sorted(name for kind, name in load_kind("design").definitions if kind == "design")


def rng():
    return np.random.default_rng(11)


def drawn(weight, strata=None, psu=None, **more):
    """Four strata of three PSUs of six people, with PSU numbers that start anew in a stratum."""
    n = STRATA * PSUS * EACH
    stratum = np.repeat(np.arange(1, STRATA + 1), PSUS * EACH)
    place = np.tile(np.repeat(np.arange(1, PSUS + 1), EACH), STRATA)
    frame = {weight: np.round(rng().uniform(0.4, 2.6, n), 6)}
    if strata:
        frame[strata] = stratum
    if psu:
        frame[psu] = stratum * 100 + place
    y = rng().normal(40, 9, n) + 3 * stratum + 2 * place
    return pd.DataFrame({**frame, **more, "y": np.round(y, 3)})


def implied(frame, column, decimals):
    return frame.assign(**{column: (frame[column] * 10**decimals).round().astype(int)})


def dhs(prefix="v", case=str.lower):
    names = (f"{prefix}005", f"{prefix}022", f"{prefix}021")
    frame = implied(drawn(*names), names[0], 6)
    frame[f"{prefix}000"] = "KE7"
    return frame.rename(columns=lambda name: name if name == "y" else case(name))


def lfs(weight):
    return drawn(weight, psu="HHNUM", COUNTRY="EE", HHSEQNUM=np.tile(np.arange(1, 7), 12))


def ess(**more):
    return drawn("anweight", "stratum", "psu", cntry="EE", essround=10, **more)


# id: (frame, file, column of the weight in the design, what the survey divides by, strata, psu)
TAYLOR = {
    "dhs women": ("dhs", dhs(), None, "v005_scaled", 1e6, "v022", "v021"),
    "dhs women, upper case": ("dhs", dhs(case=str.upper), None, "V005_scaled", 1e6, "V022", "V021"),
    "dhs men": ("dhs", dhs("mv"), None, "mv005_scaled", 1e6, "mv022", "mv021"),
    "dhs households": ("dhs", dhs("hv"), None, "hv005_scaled", 1e6, "hv022", "hv021"),
    "dhs violence": (
        "dhs",
        dhs().assign(d005=implied(drawn("d005")[::-1].reset_index(drop=True), "d005", 6)["d005"]),
        "violence", "d005_scaled", 1e6, "v022", "v021",
    ),
    "mics women": ("mics", drawn("wmweight", "stratum", "PSU"), None, "wmweight", 1, "stratum",
                   "PSU"),
    "mics children": ("mics", drawn("chweight", "stratum", "PSU"), None, "chweight", 1, "stratum",
                      "PSU"),
    "mics households, older round": ("mics", drawn("HHWEIGHT", None, "HH1"), None, "HHWEIGHT", 1,
                                     (), "HH1"),
    "lsms Tanzania": ("lsms", drawn("hhweight", "strataid", "clusterid"), None, "hhweight", 1,
                      "strataid", "clusterid"),
    "lsms Nigeria": ("lsms", drawn("wt_wave4", "strata", "cluster", ea=1), None, "wt_wave4", 1,
                     "strata", "cluster"),
    "lsms Ethiopia": ("lsms", drawn("pw_w4", "saq01", "ea_id"), None, "pw_w4", 1, "saq01", "ea_id"),
    "lsms Malawi": ("lsms", drawn("hh_wgt", None, "ea_id"), None, "hh_wgt", 1, (), "ea_id"),
    "eu_lfs yearly": ("eu_lfs", lfs("COEFFY"), None, "COEFFY", 1, (), "HHNUM"),
    "eu_lfs quarterly": ("eu_lfs", lfs("COEFFQ"), None, "COEFFQ", 1, (), "HHNUM"),
    "eu_lfs until 2020": ("eu_lfs", lfs("COEFF"), None, "COEFF", 1, (), "HHNUM"),
    "eu_silc register": ("eu_silc", drawn("RB050", "DB050", "DB060", DB020="EE"), None, "RB050", 1,
                         "DB050", "DB060"),
    "eu_silc personal, lower case": (
        "eu_silc", drawn("pb040", "db050", "db060", pb020="EE"), None, "pb040", 1, "db050", "db060",
    ),
    "eu_silc household, research file": (
        "eu_silc", drawn("DB090", None, "DB030", DB060=None, DB062=None), None, "DB090", 1, (),
        "DB030",
    ),
    "ess": ("ess", ess(pspwght=1.0, pweight=2.0), None, "anweight", 1, "stratum", "psu"),
    "ess, one country": ("ess", drawn("pspwght", "stratum", "psu"), None, "pspwght", 1, "stratum",
                         "psu"),
    "afrobarometer to round 7": ("afrobarometer", drawn("withinwt", None, "EANUMB"), None,
                                 "withinwt", 1, (), "EANUMB"),
    "afrobarometer from round 8": (
        "afrobarometer", drawn("withinwt_hh", None, "EANUMB", withinwt_ea=1.0), None,
        "withinwt_hh", 1, (), "EANUMB",
    ),
    "afrobarometer merged": (
        "afrobarometer", drawn("Combinwt_new_hh", None, "EANUMB", withinwt_hh=1.0), "several",
        "Combinwt_new_hh", 1, (), "EANUMB",
    ),
    "caucasus_barometer": ("caucasus_barometer", drawn("INDWT", "SUBSTRATUM", "PSU", HHWT=1.0),
                           None, "INDWT", 1, "SUBSTRATUM", "PSU"),
    "two_stage": ("two_stage", drawn("weight", "stratum", "cluster"), None, "weight", 1, "stratum",
                  "cluster"),
}  # fmt: skip


def linearised(y, w, strata, psu):
    """Standard error of a weighted mean: PSU totals of the residuals, about their strata's mean."""
    score = w * (y - np.average(y, weights=w)) / w.sum()
    totals = pd.DataFrame({"h": strata, "i": psu, "z": score}).groupby(["h", "i"]).z.sum()
    parts = totals.groupby("h").agg(lambda z: len(z) / (len(z) - 1) * ((z - z.mean()) ** 2).sum())
    return np.sqrt(parts.sum())


def replicated(y, w, replicates, factor):
    """Standard error of a weighted mean: factor times the squared deviations from the estimate."""
    full = np.average(y, weights=w)
    return np.sqrt(factor * sum((np.average(y, weights=each) - full) ** 2 for each in replicates))


def named(given):
    return (given,) if given else ()


@pytest.mark.parametrize("case", TAYLOR)
def test_strata_units_and_weights_are_those_of_the_survey(case):
    preset, frame, file, weight, divisor, strata, psu = TAYLOR[case]
    sample = mp.design_preset(preset, frame, file=file)
    design = sample.design
    assert (design.weight, design.strata, design.psu) == (weight, named(strata), (psu,))
    assert design.replicates is None
    stored = frame[weight.removesuffix("_scaled")]
    np.testing.assert_allclose(sample.weight, stored / divisor)

    row = mp.mean(sample, "y").frame.iloc[0]
    layers = frame[strata] if strata else np.zeros(len(frame))
    assert row.se == pytest.approx(linearised(frame.y, stored, layers, frame[psu]), rel=1e-10)
    by_hand = mp.Sample(
        frame.assign(final=stored / divisor),
        mp.Design("final", strata=named(strata), psu=psu, lonely_psu=design.lonely_psu),
    )
    assert row.se == pytest.approx(mp.mean(by_hand, "y").frame.se[0], rel=1e-12)
    assert mp.total(sample).frame.estimate[0] == pytest.approx((stored / divisor).sum())


@cache
def with_replicates(pattern, number, spread=0.3):
    full = rng().uniform(500, 3000, 60)
    factors = 1 + spread * rng().choice([-1.0, 1.0], (60, number))
    names = [pattern.replace("*", str(one)) for one in range(1, number + 1)]
    made = pd.DataFrame(full[:, None] * factors, columns=names).round(2)
    return made.assign(full=full.round(2), y=rng().normal(50, 9, 60).round(3))


SHIPPED = {
    "cps ASEC": ("cps", "MARSUPWT", 100, "PWWGT*", 160, 4 / 160),
    "cps IPUMS": ("cps", "ASECWT", 1, "REPWTP*", 160, 4 / 160),
    "cps IPUMS households": ("cps", "ASECWTH", 1, "REPWT*", 160, 4 / 160),
    "cps monthly": ("cps", "PWSSWGT", 10_000, "REPWTP*", 160, 4 / 160),
    "cps lower case": ("cps", "marsupwt", 100, "pwwgt*", 160, 4 / 160),
    "acs_pums persons": ("acs_pums", "PWGTP", 1, "PWGTP*", 80, 4 / 80),
    "acs_pums housing": ("acs_pums", "WGTP", 1, "WGTP*", 80, 4 / 80),
    "pisa to 2012": ("pisa", "W_FSTUWT", 1, "W_FSTR*", 80, 1 / (80 * 0.5**2)),
    "pisa from 2015": ("pisa", "W_FSTUWT", 1, "W_FSTURWT*", 80, 1 / (80 * 0.5**2)),
}


def shipped(case):
    preset, weight, divisor, pattern, number, factor = SHIPPED[case]
    plain = with_replicates(pattern, number)
    stored = plain.full if divisor == 1 else (plain.full * divisor).round().astype(int)
    return preset, plain, plain.drop(columns="full").assign(**{weight: stored}), number, factor


@pytest.mark.parametrize("case", SHIPPED)
def test_replicate_weights_have_the_survey_s_factor(case):
    preset, plain, frame, number, factor = shipped(case)
    sample = mp.design_preset(preset, frame)
    assert sample.replicates.count == number
    np.testing.assert_allclose(sample.replicates.multipliers, factor)
    np.testing.assert_allclose(sample.weight, plain.full)
    replicates = [plain[name] for name in sample.replicates.columns]
    assert len(set(sample.replicates.columns)) == number
    row = mp.mean(sample, "y").frame.iloc[0]
    assert row.estimate == pytest.approx(np.average(plain.y, weights=plain.full))
    assert row.se == pytest.approx(replicated(plain.y, plain.full, replicates, factor), rel=1e-10)


def test_decimals_left_out_of_the_replicate_weights_are_put_back():
    _, plain, frame, _, factor = shipped("cps ASEC")
    names = [name for name in frame if name.startswith("PWWGT")]
    long = {name: (frame[name] * 1e4).round() for name in names}
    text = pd.concat([frame.drop(columns=names), pd.DataFrame(long)], axis=1)
    for data in (text, mp.Microdata(text), pl.DataFrame(text.to_dict("list"))):
        sample = mp.design_preset("cps", data)
        assert sample.design.weight == "MARSUPWT_scaled"
        people = mp.total(sample, where="y > 50").frame.iloc[0]
        above = (plain.y > 50).to_numpy()
        sums = np.array([plain.loc[above, name].sum() for name in names])
        full = plain.full[above].sum()
        assert people.estimate == pytest.approx(full)
        assert people.se == pytest.approx(np.sqrt(factor * ((sums - full) ** 2).sum()))
    with pytest.raises(mp.MpsurveyError, match="do not belong together"):
        mp.design_preset("cps", frame.assign(**{name: frame[name] * 3.2 for name in names}))


def test_the_replicate_file_alone_has_its_own_full_weight():
    _, plain, frame, _, factor = shipped("cps ASEC")
    alone = frame.drop(columns="MARSUPWT").assign(PWWGT0=plain.full)
    sample = mp.design_preset("cps", alone)
    assert sample.design.weight == "PWWGT0"
    assert sample.replicates.count == 160
    np.testing.assert_allclose(sample.replicates.multipliers, factor)


def timss(zone="JKZONE", school="JKREP", countries=(1,)):
    """75 zones of two schools of two students in each country."""
    part = pd.DataFrame({zone: np.repeat(np.arange(1, 76), 4), school: np.tile([0, 0, 1, 1], 75)})
    frame = pd.concat([part.assign(IDCNTRY=one) for one in countries], ignore_index=True)
    made = rng()
    return frame.assign(
        TOTWGT=made.uniform(10, 90, len(frame)).round(4),
        y=made.normal(500, 80, len(frame)).round(3) + 40 * frame[school] * (frame[zone] % 3),
    )


def zone_by_zone(frame, zone="JKZONE", school="JKREP"):
    """IEA's replicates: one school of a zone counts twice and the other not at all."""
    for at in frame.groupby(["IDCNTRY", zone]).groups.values():
        for kept in (0, 1):
            weight = frame.TOTWGT.copy()
            weight[at] *= 2 * (frame.loc[at, school] == kept)
            yield weight


@pytest.mark.parametrize(
    ("columns", "countries"),
    [({}, (1,)), ({"school": "JKINDIC"}, (1,)), ({}, (1, 2))],
    ids=["one country", "1995", "two countries"],
)
def test_timss_leaves_out_each_school_of_each_zone(columns, countries):
    frame = timss(**columns, countries=countries)
    sample = mp.design_preset("timss", frame)
    number = 150 * len(countries)
    assert sample.replicates.count == number
    np.testing.assert_allclose(sample.replicates.multipliers, 0.5)
    replicates = list(zone_by_zone(frame, **columns))
    assert len(replicates) == number
    row = mp.mean(sample, "y").frame.iloc[0]
    assert row.se == pytest.approx(replicated(frame.y, frame.TOTWGT, replicates, 0.5), rel=1e-10)


def test_replicates_of_pirls_and_lower_case_are_the_same():
    frame = timss()
    lower = frame.rename(columns=str.lower)
    one, other = (mp.mean(mp.design_preset("timss", each), "y").frame for each in (frame, lower))
    assert one.se[0] == pytest.approx(other.se[0], rel=1e-14)


@pytest.mark.parametrize(
    ("preset", "country", "case"),
    [("dhs", "v000", "dhs women"), ("ess", "cntry", "ess"),
     ("eu_silc", "DB020", "eu_silc register"), ("eu_lfs", "COUNTRY", "eu_lfs yearly"),
     ("afrobarometer", "country", "afrobarometer to round 7")],
)  # fmt: skip
def test_strata_of_two_countries_are_kept_apart(preset, country, case):
    one = TAYLOR[case][1].assign(**{country: "EE"})
    other = one.assign(**{country: "FI", "y": one.y.to_numpy()[::-1] * 1.3})
    both = pd.concat([one, other], ignore_index=True)
    _, _, _, weight, divisor, strata, psu = TAYLOR[case]
    sample = mp.design_preset(preset, both)
    polars = mp.design_preset(preset, pl.DataFrame(both.to_dict("list")))
    assert mp.mean(polars, "y").frame.se[0] == pytest.approx(mp.mean(sample, "y").frame.se[0])
    stored = both[weight.removesuffix("_scaled")]
    layers = both[country] + "/" + (both[strata].astype(str) if strata else "")
    expected = linearised(both.y, stored / divisor, layers, both[psu])
    assert mp.mean(sample, "y").frame.se[0] == pytest.approx(expected, rel=1e-10)
    assert "stratum_of_preset" not in both.columns


def test_ess_without_analysis_weight_multiplies_the_two():
    frame = drawn("pspwght", "stratum", "psu", cntry="EE").assign(pweight=0.5)
    sample = mp.design_preset("ess", frame)
    np.testing.assert_allclose(sample.weight, frame.pspwght * 0.5)
    made = mp.design_preset("ess", frame.assign(anweight=frame.pspwght * 0.5))
    one, other = (mp.mean(each, "y").frame.se[0] for each in (sample, made))
    assert one == pytest.approx(other, rel=1e-12)


def test_couples_of_dhs_have_the_weight_of_the_man():
    couples = pd.concat([dhs(), dhs("mv").drop(columns="y").iloc[::-1].reset_index()], axis=1)
    assert mp.design_preset("dhs", couples).design.weight == "mv005_scaled"
    assert mp.design_preset("dhs", couples, file="women").design.weight == "v005_scaled"


def test_an_empty_column_is_passed_over():
    frame = dhs().rename(columns={"v022": "v023"}).assign(v022=np.nan)
    assert mp.design_preset("dhs", frame).design.strata == ("v023",)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_file_of_another_survey_is_refused_by_name(preset):
    with pytest.raises(mp.MpsurveyError) as refused:
        mp.design_preset(preset, pd.DataFrame({"sex": [1, 2], "y": [3.0, 4.0]}))
    chosen = load_kind("design").design(preset).files[0]
    for column in chosen.needs or chosen.weight[:4]:
        assert column in str(refused.value)


@pytest.mark.parametrize(
    ("preset", "frame", "words"),
    [
        ("dhs", dhs().drop(columns="v022"), "strata of its file 'women' from v022 or v023"),
        ("dhs", dhs().drop(columns="v021"), "sampling units .* from v021 or v001"),
        ("mics", drawn("wmweight", "stratum"), "from psu or hh1"),
        ("lsms", drawn("hhweight"), "from ea_id or psu or clusterid"),
        ("eu_silc", drawn("RB050"), "from DB060 or DB062 or DB030"),
        ("ess", drawn("anweight"), "from psu, which the data lack"),
        ("timss", timss().drop(columns="JKREP"), "from JKREP or JKINDIC"),
        ("caucasus_barometer", drawn("indwt"), "from psu"),
        ("two_stage", drawn("weight"), "from psu or ea"),
        ("cps", shipped("cps ASEC")[2].drop(columns="PWWGT7"), "the data lack PWWGT7"),
        ("acs_pums", shipped("acs_pums persons")[2].drop(columns="PWGTP80"), "lack PWGTP80"),
        ("pisa", shipped("pisa to 2012")[2].drop(columns=["W_FSTR2", "W_FSTR3"]),
         r"lack W_FSTR2, W_FSTR3\."),
    ],
)  # fmt: skip
def test_columns_that_lack_are_named(preset, frame, words):
    with pytest.raises(mp.MpsurveyError, match=words):
        mp.design_preset(preset, frame)


COMMANDS = {
    **{TAYLOR[case][0]: TAYLOR[case][1] for case in reversed(TAYLOR) if TAYLOR[case][2] is None},
    **{SHIPPED[case][0]: shipped(case)[2] for case in reversed(SHIPPED)},
    "timss": timss(),
}


def test_every_preset_has_a_made_file():
    assert set(COMMANDS) == set(PRESETS)


@pytest.mark.parametrize("preset", COMMANDS)
def test_each_works_on_the_command_line(preset, tmp_path, monkeypatch, capsys):
    from mpsurvey.cli import main

    frame = COMMANDS[preset]
    frame.to_csv(tmp_path / "file.csv", index=False)
    monkeypatch.setattr(
        sys, "argv",
        ["mpsurvey", "estimate", str(tmp_path / "file.csv"), "--preset", preset,
         "--statistic", "mean", "--variable", "y", "--to", str(tmp_path / "out.csv")],
    )  # fmt: skip
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code in (0, None), capsys.readouterr().err
    expected = mp.mean(mp.design_preset(preset, frame), "y").frame.iloc[0]
    found = pd.read_csv(tmp_path / "out.csv").iloc[0]
    assert found.estimate == pytest.approx(expected.estimate, rel=1e-9)
    assert found.se == pytest.approx(expected.se, rel=1e-9)
