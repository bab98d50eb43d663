"""Words of labels made comparable: without case, accents and signs, in any of five languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

__all__ = ["MISSING_WORDS", "means_missing", "plain", "yes_or_no"]

_SIGNS = re.compile(r"[^\w\s]|_")
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ـ": "", "ё": "е"})

# Wordings of a missing answer by what they mean; compared after `plain`.
MISSING_WORDS: Mapping[str, tuple[str, ...]] = {
    "does not know": (
        "don t know",
        "dont know",
        "do not know",
        "does not know",
        "doesn t know",
        "dk",
        "unknown",
        "not known",
        "ne sait pas",
        "nsp",
        "inconnu",
        "no sabe",
        "ns",
        "desconocido",
        "не знаю",
        "не знает",
        "затрудняюсь ответить",
        "неизвестно",
        "لا يعرف",
        "لا اعرف",
        "غير معروف",
    ),
    "refused": (
        "refused",
        "refusal",
        "refuse",
        "refuse to answer",
        "refused to answer",
        "refus",
        "refuse de repondre",
        "rehusa contestar",
        "rehusa",
        "no quiere contestar",
        "отказ",
        "отказ от ответа",
        "отказался",
        "رفض",
        "رفض الاجابه",
    ),
    "not asked": (
        "legal skip",
        "skip",
        "valid skip",
        "not applicable",
        "n a",
        "na",
        "niu",
        "nap",
        "niu not in universe",
        "not in universe",
        "inapplicable",
        "does not apply",
        "sans objet",
        "non concerne",
        "non applicable",
        "no aplica",
        "no corresponde",
        "не применимо",
        "не относится",
        "لا ينطبق",
        "no such member",
    ),
    "no answer": (
        "missing",
        "no answer",
        "no response",
        "not stated",
        "not reported",
        "not available",
        "break off",
        "interviewer error",
        "system missing",
        "invalid",
        "inconsistent",
        "no data",
        "blank",
        "sans reponse",
        "non declare",
        "non reponse",
        "nr",
        "sin respuesta",
        "no responde",
        "no declarado",
        "нет ответа",
        "не указано",
        "بدون اجابه",
        "لم يذكر",
        "غير مبين",
        "don t know refused",
        "dk ra",
        "dk na",
        "ns nr",
    ),
}
_BY_WORD = {word: means for means, words in MISSING_WORDS.items() for word in words}
_SOMEWHERE = re.compile(
    r"\b(don ?t know|do not know|does not know|refused to|refuse to|no answer|not stated|not asked"
    r"|not applicable|no response|ne sait pas|sans reponse|no sabe|no responde|нет ответа"
    r"|затрудня\w+|отказ\w*)\b"
)

_YES_WORDS = """yes y true mentioned oui vrai si verdadero да верно نعم owns selected agree ticked
tick checked member received"""
_NO_WORDS = "no n false none non faux falso нет неверно لا never"
_YES = frozenset(_YES_WORDS.split())
_NO = frozenset(_NO_WORDS.split())
_NOT = re.compile(
    r"^(no|not|non|нет|не|لا|does not|do not|did not|hasn t|has not|doesn t|don t|didn t)\b"
)


def plain(text: str) -> str:
    """Return a wording without case, accents and signs, with single blanks.

    >>> plain("  Pays de NAISSANCE (état)?"), plain("Don't know")
    ('pays de naissance etat', 'don t know')
    """
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_ARABIC))
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(_SIGNS.sub(" ", bare).split())


def means_missing(label: str) -> str | None:
    """Return what a value label says of a missing answer, or None when it is an answer.

    >>> means_missing("Don't know"), means_missing("No sabe"), means_missing("Rural")
    ('does not know', 'does not know', None)
    """
    words = plain(label)
    if words in _BY_WORD:
        return _BY_WORD[words]
    found = _SOMEWHERE.search(words)
    if found is None or len(words.split()) > 6:
        return None
    refusal = ("refuse", "отказ")
    knowing = ("know", "sait", "sabe", "затруд")
    if any(word in found[1] for word in refusal):
        return "refused"
    if any(word in found[1] for word in knowing):
        return "does not know"
    return "not asked" if "appli" in found[1] or "asked" in found[1] else "no answer"


def yes_or_no(label: str) -> bool | None:
    """Return whether a value label says yes or no, or None when it says neither.

    >>> yes_or_no("Not mentioned"), yes_or_no("Oui"), yes_or_no("Sometimes")
    (False, True, None)
    """
    words = plain(label)
    if words in _YES:
        return True
    if words in _NO:
        return False
    first = words.split(" ", 1)[0] if words else ""
    if _NOT.match(words):
        return False
    return True if first in ("yes", "oui", "да", "نعم") else None
