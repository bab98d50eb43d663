"""What is inside a file: its variables, what is missing and why, and what its design may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mpsurvey.declaration import Design
from mpsurvey.microdata.dataset import Microdata
from mpsurvey.microdata.variable import Variable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["Summary", "summarise"]

# Names and words by which surveys call these columns: English, French, Spanish, Portuguese, German,
# Russian, Ukrainian, Turkish, Arabic, Georgian. v005, v021, v022 are those of the DHS, HH1 of MICS.
NAMES = {
    "weight": r"w|wt\d*|wgt\d*|w?eight.*|.*_?weight\d*|.*(^|_)wgt\d*|.*wt\d*|hhw.*|indw.*|pw(gtp)?|"
    r"w_fstuwt|fweight|pond.*|poids.*|coef.*|peso.*|factor.*|f[_]?exp.*|fexp.*|fac_?\d*|gewicht.*|"
    r"ves(a|_.*)?|вес.*|вага.*|agirlik.*|ağırlık.*|[hm]?v005|d005",
    "strata": r"h|strat.*|.*_strat(a|um)|substrat.*|estrat.*|stratum.*|schicht.*|страт.*|tabaka.*|"
    r"[hm]?v02[23]",
    "psu": r"psu.*|.*_psu|clust.*|.*_cluster|ea|ea_?(no|id|code|num.*)?|enumeration.*|upm.*|"
    r"conglomerad.*|grappe.*|zd|segment.*|sampling_point.*|кластер.*|пео|kume|küme|[hm]?v021|hh1",
}
WORDS = {
    "weight": r"\bweight|\bweighting|expansion factor|pond[ée]ration|\bpoids\b|factor de expansi|"
    r"\bpeso\b|\bgewicht|\bвес\b|\bвеса\b|взвеш|ваговий|вага|ağırlık|وزن|ترجيح|წონ",
    "strata": r"\bstrat(um|a|e|ification)\b|\bestrato|\bstrate|\bschicht|страт|tabaka|طبقة|سترات",
    "psu": r"primary sampling unit|\bpsu\b|\bcluster|enumeration area|\bgrappe|zone de d[ée]nombr|"
    r"unidad primaria|conglomerado|setor censit|klumpen|кластер|первичн\w+ единиц|küme|عنقود|"
    r"კლასტერ",
}
# A count of units is an FPC and no code of a unit.
COUNTS = re.compile(
    r"\bnumber of|\btotal\b|\bn[uú]mero de|\bnombre de|\banzahl|числ|колич|кількіст|sayısı|"
    r"عدد|რაოდენობა"
)
COUNTED = re.compile(r"n_?(psu|ea|hh|ad|ssu|cluster|strat).*|n_?h|fpc.*|.*_fpc")
MOST_ANSWERS = 4
FEWEST_REPLICATES = 10


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """What is inside a file. Prints as tables; holds no respondent's record.

    Parameters
    ----------
    source, title
        The file and its own label.
    rows
        Number of rows.
    variables
        One row per variable: ``name, label, kind, missing`` (share of rows), ``reasons`` (in
        words), ``answers`` (the first few).
    candidates
        For ``weight``, ``strata``, ``psu``, ``fpc`` and ``replicates`` the columns that may play
        the role, likeliest first. Guesses from names, labels and contents: check them with the
        survey's own documentation.
    design
        The design that the file declares.
    weight
        The column by which an SPSS file says it is weighted.
    remarks
        What reading had to assume.
    """

    source: str
    title: str
    rows: int
    variables: pd.DataFrame
    candidates: Mapping[str, tuple[str, ...]]
    design: Design | None
    weight: str | None
    remarks: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.console import Group
        from rich.markup import escape
        from rich.table import Table

        head = f"[bold]{escape(self.source or 'Data')}[/bold]"
        head += f": {self.rows:,} rows, {len(self.variables):,} variables"
        if self.title:
            head += f"\n{escape(self.title)}"
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("variable", overflow="fold")
        table.add_column("label", overflow="fold", ratio=2)
        table.add_column("kind")
        table.add_column("missing", justify="right")
        table.add_column("reasons", overflow="fold", ratio=1)
        table.add_column("answers", overflow="fold", ratio=2)
        for name, label, kind, share, reasons, answers in self.variables.to_numpy().tolist():
            missing = f"{100 * share:.1f} %" if share else ""
            cells = (name, label, kind, missing, reasons, answers)
            table.add_row(*(escape(str(cell)) for cell in cells))
        yield Group(head, "", table, "", escape(self._design_words()))

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(width=120, color_system=None, force_terminal=False)
        with console.capture() as captured:
            console.print(self)
        return captured.get()

    def __repr__(self) -> str:
        return str(self)

    def _design_words(self) -> str:
        lines = [f"Design that the file declares: {self.design or 'none'}"]
        if self.weight:
            lines.append(f"Weight that the file declares: {self.weight}")
        for role, names in self.candidates.items():
            if names:
                lines.append(f"May be the {ROLES[role]}: {', '.join(names[:6])}")
        lines += [f"Remark: {remark}" for remark in self.remarks]
        return "\n".join(lines)


ROLES = {
    "weight": "weight",
    "strata": "strata",
    "psu": "primary sampling unit",
    "fpc": "numbers of units in the population (FPC)",
    "replicates": "replicate weights",
}


def summarise(data: Microdata) -> Summary:
    """Say what is inside: every variable, what is missing and why, and what may be the design.

    When to use it: before anything else, on a file that is new to you. When not to trust it: the
    candidates for weight, strata and PSU are guesses.

    Examples
    --------
    >>> people = Microdata(pd.DataFrame({"wt": [1.5, 2.5, 0.5], "sex": [1, 2, 1]}))
    >>> summarise(people).candidates["weight"]
    ('wt',)
    """
    rows = [_described(data, name) for name in data]
    columns = ["name", "label", "kind", "missing", "reasons", "answers"]
    return Summary(
        source=str(data.source or ""),
        title=data.title,
        rows=len(data),
        variables=pd.DataFrame(rows, columns=columns),
        candidates=_candidates(data),
        design=data.design,
        weight=data.weight,
        remarks=data.remarks,
    )


def _described(data: Microdata, name: str) -> tuple[Any, ...]:
    variable = data.variables[name]
    rows = max(len(data), 1)
    missing = float(data.frame[name].isna().sum()) / rows
    reasons = []
    for code, label, count in data.missing_reasons(name).to_numpy().tolist():
        if count:
            reasons.append(f"{label or code} {100 * count / rows:.1f} %")
    return name, variable.label, variable.kind, missing, ", ".join(reasons), _answers(variable)


def _answers(variable: Variable) -> str:
    shown = [f"{code} {word}" for code, word in list(variable.answers.items())[:MOST_ANSWERS]]
    more = len(variable.answers) - len(shown)
    return "; ".join(shown) + (f"; {more} more" if more > 0 else "")


def _candidates(data: Microdata) -> dict[str, tuple[str, ...]]:
    replicates = _replicate_patterns(data)
    prefixes = [pattern.split("*")[0] for pattern, _ in replicates]
    counts = {name: _counts_units(variable) for name, variable in data.variables.items()}
    found: dict[str, tuple[str, ...]] = {}
    for role in ("weight", "strata", "psu"):
        scored = []
        for place, (name, variable) in enumerate(data.variables.items()):
            if any(re.fullmatch(re.escape(p) + r"\d+", name) for p in prefixes):
                continue
            named = bool(re.fullmatch(NAMES[role], name.lower()))
            said = bool(re.search(WORDS[role], variable.label.lower()))
            if (named or said) and not counts[name] and _plausible(role, data, name):
                scored.append((-(named + 2 * said), place, name))
        found[role] = tuple(name for _, _, name in sorted(scored))
    found["fpc"] = tuple(name for name in data if counts[name] and _plausible("fpc", data, name))
    found["replicates"] = tuple(f"{pattern} ({count})" for pattern, count in replicates)
    return found


def _counts_units(variable: Variable) -> bool:
    words = variable.label.lower()
    units = any(re.search(WORDS[role], words) for role in ("strata", "psu"))
    named = bool(COUNTED.fullmatch(variable.name.lower()))
    return variable.kind != "categorical" and (named or (units and bool(COUNTS.search(words))))


def _plausible(role: str, data: Microdata, name: str) -> bool:
    """See whether a column's values can play the role."""
    column, rows = data.frame[name], len(data)
    if rows == 0 or column.isna().mean() > (0.5 if role == "weight" else 0.1):
        return False
    if role == "weight":
        if column.dtype.kind not in "iuf" or data.variables[name].kind == "categorical":
            return False
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return bool(np.nanmin(values) >= 0 and np.nansum(values) > 0)
    if role == "fpc":
        return bool(column.dtype.kind in "iuf" and column.min() > 0)
    distinct = column.nunique()
    if column.dtype.kind == "f" and data.variables[name].kind == "decimal":
        return False
    if role == "strata":
        return bool(1 < distinct <= max(rows / 2, 2))
    return bool(1 < distinct <= rows)


def _replicate_patterns(data: Microdata) -> list[tuple[str, int]]:
    """Find runs of numbered numeric columns that are called like weights."""
    runs: dict[str, int] = {}
    for name in data:
        match = re.fullmatch(r"(.*?[A-Za-z_])0*(\d+)", name)
        if match and data.frame[name].dtype.kind in "iuf":
            runs[match.group(1)] = runs.get(match.group(1), 0) + 1
    called = re.compile(r"w|rep|brr|jk|boot|bs", re.IGNORECASE)
    return [
        (f"{prefix}*", count)
        for prefix, count in runs.items()
        if count >= FEWEST_REPLICATES and called.search(prefix) and _like_weights(data, prefix)
    ]


def _like_weights(data: Microdata, prefix: str) -> bool:
    names = [n for n in data if re.fullmatch(re.escape(prefix) + r"\d+", n)]
    means = np.array([float(data.frame[name].mean()) for name in names])
    unlabelled = all(data.variables[name].kind != "categorical" for name in names)
    # replicate weights add up to nearly the same total
    return bool(
        unlabelled and np.isfinite(means).all() and means.min() > 0
        and means.max() < 1.5 * means.min()
    )  # fmt: skip
