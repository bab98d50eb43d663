"""What mkdocs does not do by itself: pages beside its own configuration, formulas, the command.

The pages live in `docs/`, where `mkdocs.yml` lives too, and mkdocs refuses that in its settings but
not here. Formulas become MathML, which browsers draw without a script or a network.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import typer
from latex2mathml.converter import convert

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
DISPLAY = re.compile(r'<div class="arithmatex">\\\[(.*?)\\\]</div>', re.DOTALL)
COMMAND = "<!-- every verb of the command -->"


def on_config(config: Any) -> Any:
    """Take the pages from the folder of the configuration."""
    config.docs_dir = str(Path(config.config_file_path).parent)
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Write the command's own help where a page asks for it."""
    return markdown.replace(COMMAND, verbs()) if COMMAND in markdown else markdown


def on_page_content(content: str, **_: Any) -> str:
    """Turn the formulas of a page into MathML."""
    content = DISPLAY.sub(lambda found: f"<p>{mathml(found[1], 'block')}</p>", content)
    return INLINE.sub(lambda found: mathml(found[1], "inline"), content)


def mathml(formula: str, display: str) -> str:
    """Convert one formula as it stands in a page, where < and & are escaped."""
    made = str(convert(html.unescape(formula).strip(), display=display))
    # The converter takes a plus-minus for a letter, which has no space around it.
    return made.replace("<mi>&#x000B1;</mi>", "<mo>&#x000B1;</mo>")


def verbs() -> str:
    """Describe every verb, its arguments and options, from the command itself."""
    from mpsurvey.cli import app

    return "\n".join(_verb(typer.main.get_command(app), "mpsurvey"))


def _verb(command: Any, name: str) -> list[str]:
    told = [f"## `{name}`", "", command.help or "", ""] if " " in name else []
    if hasattr(command, "commands"):
        for verb in command.commands.values():
            told += _verb(verb, f"{name} {verb.name}")
        return told
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    words = [
        name,
        *(str(one.name).upper() for one in arguments),
        *(["[options]"] if options else []),
    ]
    told += ["```console", f"$ {' '.join(words)}", "```", ""]
    if options:
        told += ["| Option | What it says |", "|---|---|"]
        told += [f"| `{', '.join(one.opts)}` | {_said(one)} |" for one in options]
        told += [""]
    return told


def _said(option: Any) -> str:
    words = [(option.help or "").replace("|", "\\|")]
    if option.required:
        words.append("Required.")
    elif option.default not in (None, False, (), []) and not callable(option.default):
        words.append(f"Default: `{option.default}`.")
    return " ".join(word for word in words if word)
