"""Variables that tables are broken down by, worked out from those of the modules and hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mpsurvey.catalogue.concept import Category, Concept
from mpsurvey.catalogue.library import Catalogue
from mpsurvey.rule import parse_formula, parse_rule

__all__ = ["PERSONS", "breakdowns"]

PERSONS = "persons"
"""What a concept is gathered over when it sums the members of a household."""

Texts = Mapping[str, str]

OVER: Texts = {
    "en": "{} and over",
    "fr": "{} et plus",
    "es": "{} y más",
    "ru": "{} и старше",
    "ar": "{} فأكثر",
}
FIVE_YEARS = tuple(range(0, 85, 5))
BROAD = (0, 15, 25, 35, 45, 55, 65)

AGE_GROUP: Texts = {
    "en": "Age group, five years",
    "fr": "Groupe d'âge quinquennal",
    "es": "Grupo quinquenal de edad",
    "ru": "Пятилетняя возрастная группа",
    "ar": "الفئة العمرية الخمسية",
}
AGE_BAND: Texts = {
    "en": "Broad age group",
    "fr": "Grand groupe d'âge",
    "es": "Grupo amplio de edad",
    "ru": "Крупная возрастная группа",
    "ar": "الفئة العمرية العريضة",
}
EDUC_GROUP: Texts = {
    "en": "Education in three groups",
    "fr": "Niveau d'études en trois groupes",
    "es": "Educación en tres grupos",
    "ru": "Образование, три группы",
    "ar": "التعليم في ثلاث مجموعات",
}
EDUCATION: Mapping[int, tuple[str, Texts]] = {
    1: (
        "educ <= 2",
        {
            "en": "Lower secondary or less",
            "fr": "Premier cycle du secondaire ou moins",
            "es": "Secundaria baja o menos",
            "ru": "Основное общее или ниже",
            "ar": "إعدادي أو أقل",
        },
    ),
    2: (
        "educ in (3, 4)",
        {
            "en": "Upper secondary or post-secondary",
            "fr": "Second cycle du secondaire ou postsecondaire",
            "es": "Secundaria alta o postsecundaria",
            "ru": "Среднее или послесреднее",
            "ar": "ثانوي أو ما بعد الثانوي",
        },
    ),
    3: (
        "educ >= 5 and educ <= 8",
        {"en": "Tertiary", "fr": "Supérieur", "es": "Terciaria", "ru": "Высшее", "ar": "عالٍ"},
    ),
}
MIGRANT: Texts = {
    "en": "Immigrant (foreign-born)",
    "fr": "Immigré (né à l'étranger)",
    "es": "Inmigrante (nacido en el extranjero)",
    "ru": "Иммигрант (родился за границей)",
    "ar": "مهاجر (مولود في الخارج)",
}
MIGRANTS: Mapping[int, tuple[str, Texts]] = {
    1: (
        "mig_status in (1, 2)",
        {
            "en": "Immigrants",
            "fr": "Immigrés",
            "es": "Inmigrantes",
            "ru": "Иммигранты",
            "ar": "المهاجرون",
        },
    ),
    0: (
        "mig_status in (3, 4)",
        {
            "en": "Native-born",
            "fr": "Natifs",
            "es": "Nativos",
            "ru": "Родившиеся в стране",
            "ar": "المولودون في البلد",
        },
    ),
}
COB_GROUP: Texts = {
    "en": "Region of the world of birth",
    "fr": "Région du monde de naissance",
    "es": "Región del mundo de nacimiento",
    "ru": "Регион мира, где родился(-лась)",
    "ar": "منطقة الولادة في العالم",
}
BORN_HERE: Texts = {
    "en": "Born in this country",
    "fr": "Né(e) dans ce pays",
    "es": "Nacido(a) en este país",
    "ru": "Родился(-лась) в этой стране",
    "ar": "مولود في هذا البلد",
}
ELSEWHERE: Texts = {
    "en": "Another country, region not told",
    "fr": "Autre pays, région non précisée",
    "es": "Otro país, región no indicada",
    "ru": "Другая страна, регион не указан",
    "ar": "بلد آخر، المنطقة غير مبيّنة",
}
HH_OOP: Texts = {
    "en": "Health payments of all members aged 15 and over, last month",
    "fr": "Paiements de santé de tous les membres de 15 ans et plus, dernier mois",
    "es": "Pagos de salud de todos los miembros de 15 años y más, último mes",
    "ru": "Расходы на здоровье всех членов от 15 лет за последний месяц",
    "ar": "مدفوعات الصحة لجميع الأفراد بعمر 15 سنة فأكثر، الشهر الماضي",
}

M49: Mapping[str, int] = {
    "Antarctica": 10,
    "Australasia": 53,
    "Caribbean": 29,
    "Central America": 13,
    "Central Asia": 143,
    "Eastern Africa": 14,
    "Eastern Asia": 30,
    "Eastern Europe": 151,
    "Melanesia": 54,
    "Micronesian Region": 57,
    "Middle Africa": 17,
    "Northern Africa": 15,
    "Northern America": 21,
    "Northern Europe": 154,
    "Polynesia": 61,
    "South America": 5,
    "Southeast Asia": 35,
    "Southern Africa": 18,
    "Southern Asia": 34,
    "Southern Europe": 39,
    "Western Africa": 11,
    "Western Asia": 145,
    "Western Europe": 155,
}
"""Numbers of the regions of the world in the UN's M49, by the country list's own headings."""

ELSEWHERE_CODE = 999


def breakdowns(catalogue: Catalogue) -> tuple[Concept, ...]:
    """Return the variables that `mpsurvey.harmonise` adds for breakdowns and standardisation.

    - `age_group`: five years of age, 0-4 to 80 and over; the code is the youngest age.
    - `age_band`: 0-14, 15-24, 25-34, 35-44, 45-54, 55-64, 65 and over; the code likewise.
    - `educ_group`: 1 lower secondary or less, 2 upper or post-secondary, 3 tertiary.
    - `migrant`: 1 foreign-born, 0 native-born, as `mig_status` has it.
    - `cob_group`: the UN region of the world of the country of birth, by the catalogue's list of
      countries; 0 is this country, 999 a place whose region is not told.
    - `hh_oop`: health payments of a household's members, summed; where one is unknown, unknown.

    Returns
    -------
    tuple of Concept
        In an order in which each can be worked out.
    """
    return (
        Concept(name="age_group", label=AGE_GROUP, categories=tuple(_ages(FIVE_YEARS))),
        Concept(name="age_band", label=AGE_BAND, categories=tuple(_ages(BROAD))),
        Concept(name="educ_group", label=EDUC_GROUP, categories=_categories(EDUCATION)),
        Concept(name="migrant", label=MIGRANT, categories=_categories(MIGRANTS)),
        Concept(
            name="cob_group",
            label=COB_GROUP,
            universe=parse_rule("answered(mb_cob)"),
            categories=tuple(_regions(catalogue)),
        ),
        Concept(
            name="hh_oop",
            label=HH_OOP,
            over=PERSONS,
            aggregate="sum",
            where=parse_rule("age >= 15"),
            value=parse_formula("hl_oop"),
            unit="national currency",
        ),
    )


def _categories(table: Mapping[int, tuple[str, Texts]]) -> tuple[Category, ...]:
    return tuple(Category(code, label, parse_rule(rule)) for code, (rule, label) in table.items())


def _ages(starts: tuple[int, ...]) -> Iterator[Category]:
    for start, end in zip(starts, (*starts[1:], None), strict=True):
        if end is None:
            label = {language: text.format(start) for language, text in OVER.items()}
            yield Category(start, label, parse_rule(f"age >= {start}"))
        else:
            label = dict.fromkeys(OVER, f"{start}-{end - 1}")
            yield Category(start, label, parse_rule(f"age >= {start} and age < {end}"))


def _regions(catalogue: Catalogue) -> Iterator[Category]:
    yield Category(0, BORN_HERE, parse_rule("mb_cob == HOME"))
    if "CNT" in catalogue.codelists:
        members: dict[int, list[int]] = {}
        names: dict[int, Texts] = {}
        for item in catalogue.codelists["CNT"].items:
            region = M49.get((item.group or {}).get("en", ""))
            if region is not None and item.group is not None:
                members.setdefault(region, []).append(item.code)
                names[region] = item.group
        for region, codes in sorted(members.items(), key=lambda one: names[one[0]]["en"]):
            yield Category(
                region, names[region], parse_rule(f"mb_cob in ({', '.join(map(str, codes))},)")
            )
    yield Category(ELSEWHERE_CODE, ELSEWHERE, parse_rule("answered(mb_cob)"))
