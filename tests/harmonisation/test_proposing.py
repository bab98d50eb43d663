"""What is proposed from names, labels and value labels, in five languages."""

import numpy as np
import pandas as pd
import pytest

from mpsurvey.declaration import Design
from mpsurvey.harmonisation import harmonise, propose_crosswalk
from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.known import known_catalogue
from mpsurvey.microdata import Microdata, Variable

CATALOGUE = known_catalogue()
CORE = CATALOGUE.modules("mig_core", "mig_remit_in")
YES_NO = {0: "No", 1: "Yes", -1: "Don't know", -2: "Refused to answer", -7: "Legal skip"}


def file_of(*variables, values=None, **more):
    frame = pd.DataFrame(
        {v.name: (values or {}).get(v.name, list(v.answers)[:2] or [1, 2]) for v in variables}
    )
    return Microdata(frame, {v.name: v for v in variables}, **more)


def propose(file, **more):
    return propose_crosswalk(file, CORE, catalogue=CATALOGUE, **more)


def test_names_labels_and_value_labels_in_english():
    file = file_of(
        Variable("B03", "Respondent's sex", "categorical", {1: "Male", 2: "Female"}),
        Variable("B04", "Age of respondent", "integer"),
        Variable("c5_02", "HH source of income: International remittances", "categorical", YES_NO),
        Variable("q9", "Favourite colour", "categorical", {1: "Blue", 2: "Red"}),
        values={"B04": [31, 64]},
    )
    walk = propose(file, home=268)
    assert walk["sex"].column == "B03"
    assert walk["sex"].recode == {1: 1, 2: 2}
    assert walk["age"].column == "B04"
    assert walk["ri_any"].column == "c5_02"
    assert walk["ri_any"].recode == {0: 2, 1: 1, -1: 98, -2: 99}
    assert walk["ri_any"].missing == (-7,)
    assert 0.6 <= walk["ri_any"].confidence <= 1
    assert "q9" not in {mapped.column for mapped in walk.variables.values()}
    assert any("international remittances" in r for r in walk.candidates["ri_any"][0].reasons)


@pytest.mark.parametrize(
    ("sex", "answers", "birth", "citizen"),
    [
        ("Sexe", {1: "Femme", 2: "Homme"}, "Pays de naissance", "Nationalité"),
        ("Sexo", {1: "Mujer", 2: "Hombre"}, "País de nacimiento", "Nacionalidad"),
        ("Пол", {1: "Женский", 2: "Мужской"}, "Страна рождения", "Гражданство"),
        ("الجنس", {1: "أنثى", 2: "ذكر"}, "بلد الميلاد", "الجنسية"),
    ],
)
def test_labels_in_other_languages(sex, answers, birth, citizen):
    names = {"Femme": "France", "Mujer": "Francia", "Женский": "Франция", "أنثى": "فرنسا"}
    file = file_of(
        Variable("v1", sex, "categorical", answers),
        Variable("v2", birth, "categorical", {8: names[answers[1]], 9: "Georgia"}),
        Variable("v3", citizen, "categorical", {1: "x", 2: "y"}),
    )
    walk = propose(file)
    assert walk["sex"].recode == {1: 2, 2: 1}
    assert (walk["mb_cob"].column, walk["mb_cob"].countries) == ("v2", True)
    people = harmonise(file, walk.without("mb_cit_home"), home=268, catalogue=CATALOGUE)
    assert people.frame["mb_cob"].tolist() == [250, 268]


def test_only_the_languages_asked_for():
    file = file_of(Variable("v1", "Пол", "categorical", {1: "Женский", 2: "Мужской"}))
    assert "sex" in propose(file)
    assert "sex" not in propose(file, languages=("en", "fr"))


def test_missing_codes_of_the_whole_file_and_those_that_mean_skipped():
    questions = [
        Variable(f"q{k}", f"Opinion number {k}", "categorical", YES_NO | {k + 10: "Often"})
        for k in range(6)
    ]
    walk = propose(file_of(*questions))
    assert walk.missing == (-7, -2, -1)
    assert walk.not_asked == (-7,)


def test_unlabelled_nines_far_above_all_others():
    file = file_of(
        Variable("age", "Age", "integer"),
        Variable("hours", "Usual weekly hours", "integer"),
        values={"age": [98, 95], "hours": [40, 998]},
    )
    walk = propose(file)
    assert walk["age"].missing == ()  # an age of 98 beside one of 95 is an age
    assert walk["hours"].missing == (998,)
    assert any("no answer" in remark for remark in walk.remarks["hours"])


def test_the_design_that_the_file_declares_is_followed():
    file = file_of(
        Variable("pw", "x", "decimal"),
        Variable("st", "y", "integer"),
        Variable("cl", "z", "integer"),
        design=Design(weight="pw", strata=("st", None), psu=("cl", "hh")),
    )
    walk = propose(file)
    assert [walk[name].column for name in ("weight", "stratum", "psu")] == ["pw", "st", "cl"]


def test_a_column_is_taken_once_and_others_are_shown():
    sexes = {1: "Male", 2: "Female"}
    file = file_of(
        Variable("a", "Sex", "categorical", sexes),
        Variable("b", "Sex of second member", "categorical", sexes),
    )
    walk = propose(file)
    columns = [mapped.column for mapped in walk.variables.values()]
    assert len(columns) == len(set(columns))
    assert walk["sex"].column == "a"
    assert [one.column for one in walk.candidates["sex"]] == ["a", "b"]


def test_a_file_with_the_modules_own_names_maps_to_itself():
    names = [q.name for q in CORE[0].questions if q.asks and not q.specifies]
    variables = [Variable(name, "", "integer") for name in names]
    walk = propose(file_of(*variables))
    assert {n: walk[n].column for n in names} == {n: n for n in names}


def test_countries_by_letters_numbers_and_names():
    names = CountryNames(CATALOGUE.codelist("CNT"))
    found = {
        "GE": 268, "geo": 268, "Georgia": 268, "Géorgie": 268, "Грузия": 268, "جورجيا": 268,
        "268": 268, 268: 268, "USA": 840, "United States": 840, "Turkey": 792, "EL": 300,
        "Côte d'Ivoire": 384, "Bosnia and Herzegovina": 70, "Russian Federation": 643,
    }  # fmt: skip
    assert {written: names.find(written) for written in found} == found
    assert [names.find(one) for one in ("Ruritania", 12345, "", "XX")] == [None] * 4


def test_two_letters_stand_for_every_country_of_the_list():
    pycountry = pytest.importorskip("pycountry")
    names = CountryNames(CATALOGUE.codelist("CNT"))
    for country in pycountry.countries:
        number = int(country.numeric)
        assert names.find(country.alpha_2) == number
        assert names.find(country.alpha_3) == number
        assert names.find(country.name) == number, country.name


def test_a_file_without_labels_gives_little_and_does_not_fail():
    walk = propose(Microdata(pd.DataFrame({"x1": np.arange(5), "x2": list("abcde")})))
    assert len(walk) == 0
