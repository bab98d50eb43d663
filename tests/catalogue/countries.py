"""Make `modules/codelists/CNT.yaml`: countries by UN M49 number, with names from Unicode CLDR.

Run it when ISO 3166 changes: ``python tests/catalogue/countries.py``. It needs `pycountry` (numbers
and three-letter codes) and `babel` (names in five languages).
"""

from __future__ import annotations

import json
from pathlib import Path

LANGUAGES = ("en", "fr", "es", "ru", "ar")

# UN M49 sub-regions and the ISO 3166 two-letter codes in them.
REGIONS = {
    "015": "DZ EG LY MA SD TN EH",
    "014": "IO BI KM DJ ER ET TF KE MG MW MU YT MZ RE RW SC SO SS UG TZ ZM ZW",
    "017": "AO CM CF TD CG CD GQ GA ST",
    "018": "BW SZ LS NA ZA",
    "011": "BJ BF CV CI GM GH GN GW LR ML MR NE NG SH SN SL TG",
    "029": "AI AG AW BS BB BQ VG KY CU CW DM DO GD GP HT JM MQ MS PR BL KN LC MF VC SX TT TC VI",
    "013": "BZ CR SV GT HN MX NI PA",
    "005": "AR BO BV BR CL CO EC FK GF GY PY PE GS SR UY VE",
    "021": "BM CA GL PM US",
    "143": "KZ KG TJ TM UZ",
    "030": "CN HK MO KP JP MN KR TW",
    "035": "BN KH ID LA MY MM PH SG TH TL VN",
    "034": "AF BD BT IN IR MV NP PK LK",
    "145": "AM AZ BH CY GE IQ IL JO KW LB OM QA SA PS SY TR AE YE",
    "151": "BY BG CZ HU PL MD RO RU SK UA",
    "154": "AX DK EE FO FI GG IS IE IM JE LV LT NO SJ SE GB",
    "039": "AL AD BA HR GI GR VA IT MT ME MK PT SM RS SI ES",
    "155": "AT BE FR DE LI LU MC NL CH",
    "053": "AU CX CC HM NZ NF",
    "054": "FJ NC PG SB VU",
    "057": "GU KI MH FM NR MP PW UM",
    "061": "AS CK PF NU PN WS TK TO TV WF",
    "AQ": "AQ",
}
SPECIAL = {
    990: (
        {"en": "No country (stateless)", "fr": "Aucun pays (apatride)"}
        | {"es": "Ningún país (apátrida)", "ru": "Нет страны (лицо без гражданства)"}
        | {"ar": "لا دولة (عديم الجنسية)"}
    ),
    991: (
        {"en": "Place not in the list, or a former state"}
        | {"fr": "Lieu absent de la liste, ou ancien État"}
        | {"es": "Lugar que no está en la lista, o antiguo Estado"}
        | {"ru": "Место, которого нет в списке, или бывшее государство"}
        | {"ar": "مكان غير مدرج في القائمة أو دولة سابقة"}
    ),
    998: (
        {"en": "Does not know", "fr": "Ne sait pas", "es": "No sabe", "ru": "Не знает"}
        | {"ar": "لا يعرف"}
    ),
    999: (
        {"en": "Refused", "fr": "Refus", "es": "Rehúsa contestar", "ru": "Отказ от ответа"}
        | {"ar": "رفض الإجابة"}
    ),
}


def countries_yaml() -> str:
    """Return the file's text."""
    import pycountry
    from babel import Locale

    names = {language: Locale.parse(language).territories for language in LANGUAGES}
    region_of = {two: code for code, group in REGIONS.items() for two in group.split()}
    lines = [
        "# Made by tests/catalogue/countries.py from ISO 3166 (pycountry) and Unicode CLDR names.",
        "kind: codelist",
        "id: CNT",
        "version: 1.0.0",
        'title: {en: "Country (UN M49)", fr: "Pays (M49 de l\'ONU)", es: "País (M49 de la ONU)", '
        'ru: "Страна (M49 ООН)", ar: "البلد (M49 للأمم المتحدة)"}',
        "open: true",
        "items:",
    ]
    rows = sorted(pycountry.countries, key=lambda one: int(one.numeric))
    for country in rows:
        label = {language: names[language][country.alpha_2] for language in LANGUAGES}
        group = {language: names[language][region_of[country.alpha_2]] for language in LANGUAGES}
        lines.append(
            f"  - {{code: {int(country.numeric)}, label: {_flow(label)}, "
            f'alias: "{country.alpha_3}", group: {_flow(group)}}}'
        )
    for code, label in SPECIAL.items():
        missing = ", missing: true" if code >= 998 else ""
        lines.append(f"  - {{code: {code}, label: {_flow(label)}{missing}}}")
    return "\n".join(lines) + "\n"


def _flow(texts: dict[str, str]) -> str:
    return (
        "{" + ", ".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in texts.items()) + "}"
    )


if __name__ == "__main__":
    target = Path(__file__).parents[2] / "modules" / "codelists" / "CNT.yaml"
    target.write_text(countries_yaml(), encoding="utf-8")
