"""The rule language: who is asked, what is refused, who belongs to a group.

A rule is a small part of Python's expressions, read and never run::

    age >= 15 and (emp_paid == 1 or status in (3, 4))
    mb_cob != HOME and not selected(rc_items, 14)

A comparison with an unanswered value is false, also ``!=``; ``not`` is plain negation. The same
rule is evaluated on a data frame, on the answers of one interview, and written out for field
systems.
"""

from __future__ import annotations

from mpsurvey.rule.csharp import CSharp
from mpsurvey.rule.cspro import CSPro
from mpsurvey.rule.nodes import Node, walk
from mpsurvey.rule.parsed import Formula, Rule, parse_formula, parse_rule, parse_value
from mpsurvey.rule.surveyjs import SurveyJS
from mpsurvey.rule.targets import Known, Writer, in_order
from mpsurvey.rule.words import in_words
from mpsurvey.rule.xpath import Constraint, XPath

__all__ = [
    "CSPro",
    "CSharp",
    "Constraint",
    "Formula",
    "Known",
    "Node",
    "Rule",
    "SurveyJS",
    "Writer",
    "XPath",
    "in_order",
    "in_words",
    "parse_formula",
    "parse_rule",
    "parse_value",
    "walk",
]
