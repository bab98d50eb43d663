"""What the rule language takes, what it refuses, and that nothing else ever happens."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsurvey.errors import RuleError
from mpsurvey.rule import Formula, Rule, parse_formula, parse_rule, parse_value
from mpsurvey.rule.nodes import And, Comparison, Name, Number


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("age >= 15", {"age"}),
        ("15 <= age < 25", {"age"}),
        ("not (a == 1 or b in (1, -2, 3))", {"a", "b"}),
        ('region == "01" and x not in ("a", "b")', {"region", "x"}),
        ("selected(items, 3) and answered(other)", {"items", "other"}),
        ("mb_cob != HOME", {"mb_cob"}),
        ("sum(a, b) / 2 > c - 1", {"a", "b", "c"}),
        ("`job title` == 3 and `x.1` > 2", {"job title", "x.1"}),
        ("âge >= 15\n  and\tsexe == 2", {"âge", "sexe"}),
        ("  x == 1", {"x"}),
    ],
)
def test_names_of_a_rule(text, names):
    assert parse_rule(text).names == names


def test_a_chain_is_two_comparisons():
    low = Comparison("<=", Number(15), Name("age"))
    assert parse_rule("15 <= age < 25").node == And((low, Comparison("<", Name("age"), Number(25))))


def test_a_name_is_kept_as_written():
    # Python folds the ligature into 'fi'; the file's column has the ligature.
    assert parse_rule("ﬁn == 1").names == {"ﬁn"}


def test_home_is_seen_also_inside_a_list():
    assert parse_rule("x in (HOME, 3)").uses_home
    assert not parse_rule("x in (1, 3)").uses_home


@pytest.mark.parametrize(
    ("text", "says", "column"),
    [
        ("age => 15", "'=>' is not in the rule language. Write '>=' or '<='", 4),
        ("age = 15", "Write '=='", 4),
        ("a == 1 && b == 2", "Write 'and'", 7),
        ("a == 1 || b == 2", "Write 'or'", 7),
        ("a <> 1", "Write '!='", 2),
        ("a == 1 AND b == 2", "lower case", 7),
        ("${a} == 1", "bare name", 0),
        ("age", "Say what 'age' is compared with", 0),
        ("a and b == 1", "Say what 'a' is compared with", 0),
        ("__import__('os')", "There is no '__import__()'", 0),
        ("a.b == 1", "A dot after a name", 0),
        ("a[0] == 1", "square brackets", 0),
        ("a == (lambda: 1)", "'lambda'", 6),
        ("(a == 1", "brackets do not match", 0),
        ("a == 1)", "brackets do not match", 6),
        ("selectd(a, 1)", "Did you mean 'selected'?", 0),
        ("selected(a)", "selected(x, 3)", 0),
        ("answered(1)", "answered(x)", 0),
        ("a in 1", "x in (1,)", 5),
        ("a in (b, 2)", "numbers and texts only", 6),
        ("a in ()", "is empty", 5),
        ('a in (1, "b")', "mixes", 5),
        ('a < "b"', "no order", 0),
        ('a == ""', "answered(x)", 5),
        ('1 == "b"', "A text is compared with a number", 0),
        ('a + "b" == 1', "cannot be reckoned with", 4),
        ("a ** 2 == 4", "Only + - * /", 0),
        ("a == 1 # why", "no comments", 7),
        ("a is 1", "'is'", 0),
        ("a == True", "not True", 5),
        ("True", "true or false by itself", 0),
        ("a == 1e999", "too large", 5),
        ("a == 1j", "Only numbers and texts", 5),
        ("a == 'x", "never closed", 5),
        ("(a == 1) + 1 > 2", "a value is needed", 1),
        ("age + 1", "a condition is needed", 0),
        ("a == f'{b}'", "f-string", 5),
        ("(a := 3) == 1", "':='", 1),
        ("`` == 1", "no name between", 0),
    ],
)
def test_a_refusal_points_at_its_place(text, says, column):
    with pytest.raises(RuleError) as caught:
        parse_rule(text)
    message, rule, caret = str(caught.value).split("\n")
    assert says in message
    assert rule == "    " + text
    assert caret == " " * (4 + column) + "^"


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_rule(text):
    with pytest.raises(RuleError, match="empty"):
        parse_rule(text)


def test_limits():
    with pytest.raises(RuleError, match="at most"):
        parse_rule("a == 1 or " * 1000 + "a == 1")
    with pytest.raises(RuleError, match=r"nested too deeply|cannot be read"):
        parse_rule("not " * 100 + "a == 1")
    with pytest.raises(RuleError):
        parse_rule("(" * 2000 + "a == 1" + ")" * 2000)
    with pytest.raises(RuleError):
        parse_rule("a == " + "9" * 4500)


def test_a_long_rule_shows_the_part_around_the_fault():
    with pytest.raises(RuleError) as caught:
        parse_rule(" or ".join(["a == 1"] * 30) + " or a => 2")
    _, rule, caret = str(caught.value).split("\n")
    assert rule[caret.index("^") :].startswith("=>")


def test_rule_or_formula():
    assert isinstance(parse_value("a == 1"), Rule)
    assert isinstance(parse_value("not (a == 1)"), Rule)
    assert isinstance(parse_value("answered(a)"), Rule)
    assert isinstance(parse_value("a + 1"), Formula)
    assert isinstance(parse_value("sum(a, b)"), Formula)
    with pytest.raises(RuleError, match="value is needed"):
        parse_formula("a == 1")


WORDS = st.sampled_from(
    [
        "a",
        "b",
        "==",
        "!=",
        "<",
        ">=",
        "in",
        "not",
        "and",
        "or",
        "(",
        ")",
        ",",
        "1",
        "-2.5",
        "'x'",
        "selected",
        "answered",
        "sum",
        "HOME",
        "+",
        "/",
        "*",
        "lambda",
        ":",
        "[",
        "]",
        ".",
        "if",
        "`n n`",
        "\n",
        "\\",
        "#",
        "{",
        "}",
        "**",
        ":=",
        "await",
        "é",
        "\u202e",
        "\x00",
        "�",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_words_in_any_order_give_a_rule_or_the_one_error(text):
    _only_rule_errors(text)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda b: b.decode("latin-1"))))
def test_any_text_gives_a_rule_or_the_one_error(text):
    _only_rule_errors(text)


def _only_rule_errors(text):
    for parse in (parse_rule, parse_formula, parse_value):
        with contextlib.suppress(RuleError):
            parse(text)
