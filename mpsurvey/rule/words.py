"""Rules in words, for paper forms, codebooks and reviewers, in five languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mpsurvey.rule.nodes import (
    And,
    Answered,
    Arithmetic,
    Comparison,
    Condition,
    Function,
    Home,
    Membership,
    Name,
    Negative,
    Not,
    Number,
    Or,
    Selected,
    Text,
    Value,
)

__all__ = ["LANGUAGES", "in_words"]


@dataclass(frozen=True, slots=True)
class _Phrases:
    is_: str
    is_not: str
    less: str
    at_most: str
    more: str
    at_least: str
    one_of: str
    none_of: str
    selected: str
    answered: str
    unanswered: str
    both: str
    either: str
    not_: str
    home: str
    functions: Mapping[str, str]
    list_mark: str = ", "


_PHRASES = {
    "en": _Phrases(
        "{0} is {1}",
        "{0} is answered and is not {1}",
        "{0} is less than {1}",
        "{0} is at most {1}",
        "{0} is more than {1}",
        "{0} is at least {1}",
        "{0} is {1}",
        "{0} is answered and is none of {1}",
        "{0} includes {1}",
        "{0} is answered",
        "{0} is not answered",
        "and",
        "or",
        "not ({0})",
        "this country",
        {"sum": "the sum of {0}", "mean": "the mean of {0}", "min": "the smallest of {0}"}
        | {"max": "the largest of {0}", "count": "the number of answers to {0}"},
    ),
    "fr": _Phrases(
        "{0} est {1}",
        "{0} a une réponse autre que {1}",
        "{0} est inférieur à {1}",
        "{0} est au plus {1}",
        "{0} est supérieur à {1}",
        "{0} est au moins {1}",
        "{0} est {1}",
        "{0} a une réponse autre que {1}",
        "{0} comprend {1}",
        "{0} a une réponse",
        "{0} n'a pas de réponse",
        "et",
        "ou",
        "non ({0})",
        "ce pays",
        {"sum": "la somme de {0}", "mean": "la moyenne de {0}", "min": "le plus petit de {0}"}
        | {"max": "le plus grand de {0}", "count": "le nombre de réponses à {0}"},
    ),
    "es": _Phrases(
        "{0} es {1}",
        "{0} tiene una respuesta distinta de {1}",
        "{0} es menor que {1}",
        "{0} es como máximo {1}",
        "{0} es mayor que {1}",
        "{0} es al menos {1}",
        "{0} es {1}",
        "{0} tiene una respuesta distinta de {1}",
        "{0} incluye {1}",
        "{0} tiene respuesta",
        "{0} no tiene respuesta",
        "y",
        "o",
        "no ({0})",
        "este país",
        {"sum": "la suma de {0}", "mean": "la media de {0}", "min": "el menor de {0}"}
        | {"max": "el mayor de {0}", "count": "el número de respuestas a {0}"},
    ),
    "ru": _Phrases(
        "{0}: {1}",
        "{0}: дан ответ, кроме: {1}",
        "{0} меньше {1}",
        "{0} не больше {1}",
        "{0} больше {1}",
        "{0} не меньше {1}",
        "{0}: {1}",
        "{0}: дан ответ, кроме: {1}",
        "{0}: отмечено {1}",
        "{0}: ответ дан",
        "{0}: ответа нет",
        "и",
        "или",
        "не ({0})",
        "эта страна",
        {"sum": "сумма {0}", "mean": "среднее {0}", "min": "наименьшее из {0}"}
        | {"max": "наибольшее из {0}", "count": "число ответов на {0}"},
    ),
    "ar": _Phrases(
        "{0} هو {1}",
        "لـ {0} إجابة غير {1}",
        "{0} أقل من {1}",
        "{0} لا يزيد على {1}",
        "{0} أكبر من {1}",
        "{0} لا يقل عن {1}",
        "{0} هو {1}",
        "لـ {0} إجابة غير {1}",
        "{0} يشمل {1}",
        "لـ {0} إجابة",
        "لا إجابة لـ {0}",
        "و",
        "أو",
        "ليس ({0})",
        "هذا البلد",
        {"sum": "مجموع {0}", "mean": "متوسط {0}", "min": "الأصغر من {0}"}
        | {"max": "الأكبر من {0}", "count": "عدد الإجابات عن {0}"},
        "، ",
    ),
}
LANGUAGES: tuple[str, ...] = tuple(_PHRASES)


def in_words(
    node: Condition | Value,
    language: str = "en",
    *,
    names: Mapping[str, str] | None = None,
    answers: Mapping[str, Mapping[int, str]] | None = None,
) -> str:
    """Say a rule in words; in English where the language has no phrases.

    Parameters
    ----------
    names
        Wording of each variable; its name otherwise.
    answers
        For each variable the wording of its codes; the code is shown too.

    Examples
    --------
    >>> from mpsurvey.rule import parse_rule
    >>> rule = parse_rule("age >= 15 and not (job == 2)")
    >>> in_words(rule.node, names={"job": "Has a job"}, answers={"job": {2: "No"}})
    'age is at least 15 and not (Has a job is 2 (No))'
    """
    phrases = _PHRASES.get(language, _PHRASES["en"])
    return _Speaker(phrases, names or {}, answers or {}).condition(node)


class _Speaker:
    def __init__(
        self,
        phrases: _Phrases,
        names: Mapping[str, str],
        answers: Mapping[str, Mapping[int, str]],
    ) -> None:
        self.phrases = phrases
        self.names = names
        self.answers = answers

    def condition(self, node: Condition | Value) -> str:
        say = self.phrases
        match node:
            case And(parts=parts):
                return f" {say.both} ".join(self.inside(part, Or) for part in parts)
            case Or(parts=parts):
                return f" {say.either} ".join(self.inside(part, And) for part in parts)
            case Not(part=Answered(name=name)):
                return say.unanswered.format(self.name(name))
            case Not(part=part):
                return say.not_.format(self.condition(part))
            case Comparison(operator=sign, left=left, right=right):
                phrase = {
                    "==": say.is_,
                    "!=": say.is_not,
                    "<": say.less,
                    "<=": say.at_most,
                    ">": say.more,
                    ">=": say.at_least,
                }[sign]
                owner = left.name if isinstance(left, Name) else ""
                return phrase.format(self.value(left), self.value(right, owner))
            case Membership(value=value, choices=choices, negated=negated):
                owner = value.name if isinstance(value, Name) else ""
                shown = self.listed([self.value(choice, owner) for choice in choices])
                return (say.none_of if negated else say.one_of).format(self.value(value), shown)
            case Selected(name=name, code=code):
                return say.selected.format(self.name(name), self.coded(code, name))
            case Answered(name=name):
                return say.answered.format(self.name(name))
            case _:
                return self.value(node)

    def inside(self, part: Condition, other: type) -> str:
        said = self.condition(part)
        return f"({said})" if isinstance(part, other) else said

    def listed(self, parts: list[str]) -> str:
        if len(parts) == 1:
            return parts[0]
        return f"{self.phrases.list_mark.join(parts[:-1])} {self.phrases.either} {parts[-1]}"

    def value(self, node: Value, owner: str = "") -> str:
        match node:
            case Number(value=value):
                return self.coded(value, owner)
            case Text(value=value):
                return value
            case Home():
                return self.phrases.home
            case Name(name=name):
                return self.name(name)
            case Negative(operand=operand):
                return f"−{self.value(operand)}"
            case Arithmetic(sign=sign, left=left, right=right):
                mark = {"-": "−", "*": "×", "/": "÷"}.get(sign, sign)
                return f"{self.grouped(left)} {mark} {self.grouped(right)}"
            case Function(function=function, arguments=arguments):
                shown = self.phrases.list_mark.join(self.value(each) for each in arguments)
                return self.phrases.functions[function].format(shown)

    def grouped(self, node: Value) -> str:
        said = self.value(node)
        return f"({said})" if isinstance(node, Arithmetic) else said

    def name(self, name: str) -> str:
        return self.names.get(name, name)

    def coded(self, code: int | float | str, owner: str) -> str:
        label = self.answers.get(owner, {}).get(code) if isinstance(code, int) else None
        return f"{code} ({label})" if label else str(code)
