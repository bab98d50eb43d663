"""What the questionnaire tests share: the shipped catalogue is read once, a form judged once.

A catalogue does not change once it is read, and the same workbook is always judged the same; only
catalogues with folders of their own are read anew.
"""

from __future__ import annotations

import functools

import mpsurvey
from mpsurvey import catalogue
from mpsurvey.questionnaire import plan, validating

_read = catalogue.load_catalogue
_shipped = functools.cache(_read)


@functools.wraps(_read)
def _load(*folders):
    return _read(*folders) if folders else _shipped()


mpsurvey.load_catalogue = _load
plan.load_catalogue = _load
validating.refusal = functools.cache(validating.refusal)
