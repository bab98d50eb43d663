"""Words that forms need beside the modules' own, in five languages and English for any other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["filled", "said"]

_WORDS: dict[str, dict[str, str]] = {
    "name": {
        "en": "(NAME)",
        "fr": "(NOM)",
        "es": "(NOMBRE)",
        "ru": "(ИМЯ)",
        "ar": "(الاسم)",
    },
    "country": {
        "en": "this country",
        "fr": "ce pays",
        "es": "este país",
        "ru": "эта страна",
        "ar": "هذا البلد",
    },
    "currency": {
        "en": "national currency",
        "fr": "monnaie nationale",
        "es": "moneda nacional",
        "ru": "национальная валюта",
        "ar": "العملة الوطنية",
    },
    "alone": {
        "en": "This answer cannot be given together with others.",
        "fr": "Cette réponse ne peut pas être donnée avec d'autres.",
        "es": "Esta respuesta no puede darse junto con otras.",
        "ru": "Этот ответ нельзя сочетать с другими.",
        "ar": "لا يمكن الجمع بين هذه الإجابة وإجابات أخرى.",
    },
    "most": {
        "en": "At most {0} can be entered.",
        "fr": "Au plus {0} peuvent être saisis.",
        "es": "Se pueden registrar como máximo {0}.",
        "ru": "Можно ввести не более {0}.",
        "ar": "لا يمكن إدخال أكثر من {0}.",
    },
    "check": {
        "en": "Please check:",
        "fr": "Veuillez vérifier :",
        "es": "Por favor, compruebe:",
        "ru": "Пожалуйста, проверьте:",
        "ar": "يرجى التحقق:",
    },
    "ask if": {
        "en": "Ask if",
        "fr": "Poser si",
        "es": "Preguntar si",
        "ru": "Задать, если",
        "ar": "يُسأل إذا",
    },
    "ask all": {
        "en": "Ask all",
        "fr": "Poser à tous",
        "es": "Preguntar a todos",
        "ru": "Задать всем",
        "ar": "يُسأل الجميع",
    },
    "go to": {
        "en": "go to",
        "fr": "aller à",
        "es": "pase a",
        "ru": "перейти к",
        "ar": "انتقل إلى",
    },
    "end of module": {
        "en": "end of module",
        "fr": "fin du module",
        "es": "fin del módulo",
        "ru": "конец модуля",
        "ar": "نهاية الوحدة",
    },
    "end of row": {
        "en": "next person or row",
        "fr": "personne ou ligne suivante",
        "es": "persona o fila siguiente",
        "ru": "следующее лицо или строка",
        "ar": "الشخص أو السطر التالي",
    },
    "one answer": {
        "en": "One answer",
        "fr": "Une réponse",
        "es": "Una respuesta",
        "ru": "Один ответ",
        "ar": "إجابة واحدة",
    },
    "many answers": {
        "en": "All that apply",
        "fr": "Plusieurs réponses",
        "es": "Todas las que correspondan",
        "ru": "Все подходящие",
        "ar": "كل ما ينطبق",
    },
    "country code": {
        "en": "Write the country and its code",
        "fr": "Écrire le pays et son code",
        "es": "Escriba el país y su código",
        "ru": "Впишите страну и её код",
        "ar": "اكتب البلد ورمزه",
    },
    "for each": {
        "en": "One column for each",
        "fr": "Une colonne pour chacun",
        "es": "Una columna para cada uno",
        "ru": "По одному столбцу на каждого",
        "ar": "عمود لكل واحد",
    },
    "host": {
        "en": "From the host survey",
        "fr": "De l'enquête hôte",
        "es": "De la encuesta anfitriona",
        "ru": "Из основного обследования",
        "ar": "من المسح المضيف",
    },
    "universe": {
        "en": "Universe",
        "fr": "Univers",
        "es": "Universo",
        "ru": "Охват",
        "ar": "المشمولون",
    },
    "not read aloud": {
        "en": "Interviewer",
        "fr": "Enquêteur",
        "es": "Encuestador",
        "ru": "Интервьюеру",
        "ar": "للباحث",
    },
}


def said(what: str, language: str, *values: object) -> str:
    """Return a phrase in a language.

    >>> said("most", "fr", 20)
    'Au plus 20 peuvent être saisis.'
    """
    phrases = _WORDS[what]
    text = phrases.get(language, phrases["en"])
    return text.format(*values) if values else text


def filled(text: str, language: str, place: Callable[[str], str | None]) -> str:
    """Fill the placeholders of a wording.

    Parameters
    ----------
    place
        Returns what stands for a placeholder in the target, or None for the plain words.
    """

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        found = place(name)
        if found is not None:
            return found
        return said(name, language) if name in _WORDS else f"({name})"

    return re.sub(r"\{([a-z0-9_]+)\}", fill, text)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Return the wording in a language, or in the first that there is."""
    return texts.get(language) or next(iter(texts.values()), "")
