"""Countries, however a file writes them, to UN M49 numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mpsurvey.catalogue import CodeList
from mpsurvey.harmonisation.wording import plain

__all__ = ["CountryNames"]

# ISO 3166-1: two letters, and the three letters where they are not the code list's alias.
TWO_LETTERS = """
AF4 AL8 AQ10 DZ12 AS16 AD20 AO24 AG28 AZ31 AR32 AU36 AT40 BS44 BH48 BD50 AM51 BB52 BE56 BM60 BT64
BO68 BA70 BW72 BV74 BR76 BZ84 IO86 SB90 VG92 BN96 BG100 MM104 BI108 BY112 KH116 CM120 CA124 CV132
KY136 CF140 LK144 TD148 CL152 CN156 TW158 CX162 CC166 CO170 KM174 YT175 CG178 CD180 CK184 CR188
HR191 CU192 CY196 CZ203 BJ204 DK208 DM212 DO214 EC218 SV222 GQ226 ET231 ER232 EE233 FO234 FK238
GS239 FJ242 FI246 AX248 FR250 GF254 PF258 TF260 DJ262 GA266 GE268 GM270 PS275 DE276 GH288 GI292
KI296 GR300 GL304 GD308 GP312 GU316 GT320 GN324 GY328 HT332 HM334 VA336 HN340 HK344 HU348 IS352
IN356 ID360 IR364 IQ368 IE372 IL376 IT380 CI384 JM388 JP392 KZ398 JO400 KE404 KP408 KR410 KW414
KG417 LA418 LB422 LS426 LV428 LR430 LY434 LI438 LT440 LU442 MO446 MG450 MW454 MY458 MV462 ML466
MT470 MQ474 MR478 MU480 MX484 MC492 MN496 MD498 ME499 MS500 MA504 MZ508 OM512 NA516 NR520 NP524
NL528 CW531 AW533 SX534 BQ535 NC540 VU548 NZ554 NI558 NE562 NG566 NU570 NF574 NO578 MP580 UM581
FM583 MH584 PW585 PK586 PA591 PG598 PY600 PE604 PH608 PN612 PL616 PT620 GW624 TL626 PR630 QA634
RE638 RO642 RU643 RW646 BL652 SH654 KN659 AI660 LC662 MF663 PM666 VC670 SM674 ST678 SA682 SN686
RS688 SC690 SL694 SG702 SK703 VN704 SI705 SO706 ZA710 ZW716 ES724 SS728 SD729 EH732 SR740 SJ744
SZ748 SE752 CH756 SY760 TJ762 TH764 TG768 TK772 TO776 TT780 AE784 TN788 TR792 TM795 TC796 TV798
UG800 UA804 MK807 EG818 GB826 GG831 JE832 IM833 TZ834 US840 VI850 BF854 UY858 UZ860 VE862 WF876
WS882 YE887 ZM894
EL300 UK826
"""
# EL and UK are Eurostat's own letters for Greece and the United Kingdom.

# Names in use that the code list writes otherwise.
OTHER_NAMES: Mapping[str, int] = {
    "usa": 840,
    "us": 840,
    "united states of america": 840,
    "etats unis d amerique": 840,
    "estados unidos de america": 840,
    "сша": 840,
    "uk": 826,
    "great britain": 826,
    "england": 826,
    "russian federation": 643,
    "федерация россии": 643,
    "российская федерация": 643,
    "uae": 784,
    "south korea": 410,
    "korea republic of": 410,
    "republic of korea": 410,
    "north korea": 408,
    "czech republic": 203,
    "macedonia": 807,
    "turkey": 792,
    "cape verde": 132,
    "swaziland": 748,
    "ivory coast": 384,
    "burma": 104,
    "myanmar": 104,
    "moldova republic of": 498,
    "republic of moldova": 498,
    "viet nam": 704,
    "iran islamic republic of": 364,
    "syrian arab republic": 760,
    "lao pdr": 418,
    "tanzania united republic of": 834,
    "bolivia plurinational state of": 68,
    "venezuela bolivarian republic of": 862,
    "democratic republic of the congo": 180,
    "congo democratic republic": 180,
    "dr congo": 180,
    "drc": 180,
    "palestine": 275,
    "state of palestine": 275,
    "kyrgyz republic": 417,
    "киргизия": 417,
    "hong kong": 344,
    "taiwan": 158,
    "brunei darussalam": 96,
    "east timor": 626,
    "holland": 528,
    "the netherlands": 528,
    "the gambia": 270,
    "белоруссия": 112,
    "congo the democratic republic of the": 180,
    "lao people s democratic republic": 418,
    "korea democratic people s republic of": 408,
    "democratic people s republic of korea": 408,
    "micronesia federated states of": 583,
    "palestine state of": 275,
    "taiwan province of china": 158,
    "holy see": 336,
    "macao": 446,
    "bonaire sint eustatius saba": 535,
    "falkland islands malvinas": 238,
    "south georgia south sandwich islands": 239,
    "sint maarten": 534,
    "us minor outlying islands": 581,
    "pitcairn": 612,
    "heard island mcdonald islands": 334,
    "st helena ascension tristan da cunha": 654,
    "st martin french part": 663,
    "sint maarten dutch part": 534,
    "united states minor outlying islands": 581,
    "virgin islands british": 92,
    "virgin islands u s": 850,
    "holy see vatican city state": 336,
}
_SMALL_WORDS = {"and", "the", "et", "y", "и", "о", "ва"}


class CountryNames:
    """Finds the M49 number of a country by any of its usual writings.

    Parameters
    ----------
    listed
        The code list of countries, with names in several languages and three letters as aliases.
    """

    def __init__(self, listed: CodeList) -> None:
        self.numbers = frozenset(listed.codes)
        self.missing = listed.missing
        self.by_name: dict[str, int] = {_name(name): code for name, code in OTHER_NAMES.items()}
        self.by_letters: dict[str, int] = {}
        for token in TWO_LETTERS.split():
            self.by_letters[token[:2]] = int(token[2:])
        for item in listed:
            for wording in item.label.values():
                self.by_name.setdefault(_name(wording), item.code)
                # "Myanmar (Burma)" is also found as "Myanmar"
                self.by_name.setdefault(_name(re.sub(r"\(.*?\)", "", wording)), item.code)
            if item.alias:
                self.by_letters[item.alias.upper()] = item.code
        self.by_name.pop("", None)

    def find(self, written: Any) -> int | None:
        """Return the number of a country, or None.

        A number is taken as M49 when it is in the list; a text as letters of ISO 3166-1, a number
        with or without leading zeros, or a name.
        """
        if isinstance(written, int | float):
            return int(written) if written in self.numbers else None
        text = str(written).strip()
        if text.upper() in self.by_letters and text.isascii() and len(text) in (2, 3):
            return self.by_letters[text.upper()]
        if text.isdigit():
            return int(text) if int(text) in self.numbers else None
        return self.by_name.get(_name(text)) or self.by_name.get(
            _name(re.sub(r"\(.*?\)", "", text))
        )


def _name(wording: str) -> str:
    """Make names comparable that differ in "and", "St" and the like."""
    words = (word for word in plain(wording).split() if word not in _SMALL_WORDS)
    return " ".join("st" if word == "saint" else word for word in words)
