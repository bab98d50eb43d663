"""Runs SurveyJS models and expressions in survey-core; see `run_surveyjs.js`."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["needs_node", "run_expressions", "run_models"]

SCRIPT = Path(__file__).with_name("run_surveyjs.js")


def _has_survey_core():
    if shutil.which("node") is None:
        return False
    asked = subprocess.run(
        ["node", "-e", "require('survey-core')"], capture_output=True, check=False
    )
    return asked.returncode == 0


needs_node = pytest.mark.skipif(
    not _has_survey_core(),
    reason="survey-core is not found by Node: npm install survey-core and set NODE_PATH",
)


def run_models(models):
    """Put interviews through models."""
    return _run({"models": models})


def run_expressions(expressions, interviews):
    """Work expressions out on the answers of each interview."""
    return _run({"expressions": expressions, "interviews": interviews})


def _run(asked):
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(asked), text=True, capture_output=True, check=True
    )
    return json.loads(done.stdout)
