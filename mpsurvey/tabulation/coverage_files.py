"""The coverage report as a workbook, and as a page with a map of themes and indicators."""

from __future__ import annotations

import html
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mpsurvey.errors import MpsurveyError

__all__ = ["coverage_map", "coverage_page", "write_coverage"]

STATUSES = ("computable", "with an assumption", "needs a national figure", "missing")
COLOURS = {
    "computable": "#1b7a4b",
    "with an assumption": "#8cc5a2",
    "needs a national figure": "#f2c14e",
    "missing": "#d8dde1",
}
INK = {"computable": "#ffffff"}

WORDS: Mapping[str, tuple[str, str, str, str, str]] = {
    "computable": ("Computable", "Calculable", "Calculable", "Можно рассчитать", "قابل للحساب"),
    "with an assumption": (
        "With an assumption",
        "Avec une hypothèse",
        "Con un supuesto",
        "С допущением",
        "بافتراض",
    ),
    "needs a national figure": (
        "Needs a national figure",
        "Demande un chiffre national",
        "Requiere una cifra nacional",
        "Нужен национальный показатель",
        "يحتاج رقماً وطنياً",
    ),
    "missing": (
        "Lacks questions",
        "Questions manquantes",
        "Faltan preguntas",
        "Не хватает вопросов",
        "تنقصه أسئلة",
    ),
    "trends": ("Trends", "Tendances", "Tendencias", "Тенденции", "الاتجاهات"),
    "demography": ("Demography", "Démographie", "Demografía", "Демография", "الديموغرافيا"),
    "economy": ("Economy", "Économie", "Economía", "Экономика", "الاقتصاد"),
    "employment": ("Employment", "Emploi", "Empleo", "Занятость", "العمل"),
    "education": ("Education", "Éducation", "Educación", "Образование", "التعليم"),
    "health": ("Health", "Santé", "Salud", "Здоровье", "الصحة"),
    "environment": ("Environment", "Environnement", "Medio ambiente", "Среда", "البيئة"),
    "social": ("Social", "Social", "Social", "Общество", "المجتمع"),
    "title": (
        "What this survey can say",
        "Ce que cette enquête peut dire",
        "Qué puede decir esta encuesta",
        "Что может сказать это обследование",
        "ما يمكن أن يقوله هذا المسح",
    ),
    "lacks": ("Lacks", "Manque", "Falta", "Не хватает", "ينقصه"),
    "asks": (
        "Questions to add",
        "Questions à ajouter",
        "Preguntas por añadir",
        "Добавить вопросы",
        "أسئلة للإضافة",
    ),
    "minutes": ("Minutes", "Minutes", "Minutos", "Минуты", "الدقائق"),
    "indicator": ("Indicator", "Indicateur", "Indicador", "Показатель", "المؤشر"),
    "needs": (
        "National figures",
        "Chiffres nationaux",
        "Cifras nacionales",
        "Национальные показатели",
        "أرقام وطنية",
    ),
    "question": ("Question", "Question", "Pregunta", "Вопрос", "السؤال"),
    "wanted": (
        "Questions most wanted",
        "Questions les plus demandées",
        "Preguntas más necesarias",
        "Самые нужные вопросы",
        "الأسئلة الأكثر طلباً",
    ),
    "opens": ("Indicators", "Indicateurs", "Indicadores", "Показатели", "المؤشرات"),
}
LANGUAGES = ("en", "fr", "es", "ru", "ar")
PER_ROW, SIDE, TOP, LEFT = 18, 46, 8, 150


def word(key: str, language: str) -> str:
    """Return a heading in a language, English where it is not known."""
    texts = WORDS.get(key)
    if texts is None:
        return key
    return texts[LANGUAGES.index(language) if language in LANGUAGES else 0]


def coverage_map(frame: pd.DataFrame, language: str = "en") -> str:
    """Draw themes against indicators as a self-contained SVG: a square each, by its status.

    Each square bears the indicator's number; pointing at it shows its title, what it lacks and what
    the missing questions cost. Colours differ in lightness too, so that they tell in grey.

    Parameters
    ----------
    frame
        That of a `CoverageReport`.
    language
        Of headings.
    """
    right = language == "ar"
    y, parts = TOP, []
    width = LEFT + PER_ROW * SIDE + 10
    for theme in dict.fromkeys(frame["theme"]):
        rows = frame[frame["theme"] == theme]
        lines = -(-len(rows) // PER_ROW)
        anchor = f'x="{width - 8}" text-anchor="start" direction="rtl"' if right else 'x="4"'
        parts.append(f'<text {anchor} y="{y + 20}" class="t">{_safe(word(theme, language))}</text>')
        for place, row in enumerate(rows.to_dict("records")):
            x = (0 if right else LEFT) + 4 + (place % PER_ROW) * SIDE
            parts.append(_square(row, x, y + (place // PER_ROW) * 30, language))
        y += lines * 30 + 8
    y += 6
    x = 4
    for status in STATUSES:
        label = word(status, language)
        count = int((frame["status"] == status).sum())
        parts.append(f'<rect x="{x}" y="{y}" width="14" height="14" fill="{COLOURS[status]}"/>')
        parts.append(f'<text x="{x + 20}" y="{y + 12}" class="l">{_safe(label)}: {count}</text>')
        x += 60 + 8 * len(label)
    title = _safe(word("title", language))
    style = (
        "text{font:12px system-ui,sans-serif;fill:#1c2733}.t{font-weight:600}"
        ".c{font-size:10px;text-anchor:middle}"
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {max(width, x)} {y + 24}">'
        f"<title>{title}</title><style>{style}</style>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def _square(row: Mapping[str, Any], x: int, y: int, language: str) -> str:
    status = str(row["status"])
    lines = [f"{row['indicator']} {row['title']}", word(status, language)]
    lines += [f"{word(key, language)}: {', '.join(row[key])}" for key in ("lacks", "needs")
              if row[key]]  # fmt: skip
    if row["minutes"]:
        lines.append(f"{word('minutes', language)}: {row['minutes']:g}")
    ink = INK.get(status, "#1c2733")
    return (
        f'<g><title>{_safe(chr(10).join(lines))}</title><rect x="{x}" y="{y}" width="{SIDE - 3}" '
        f'height="27" rx="2" fill="{COLOURS[status]}"/><text x="{x + SIDE // 2 - 1}" y="{y + 17}" '
        f'class="c" style="fill:{ink}">{_safe(str(row["indicator"]))}</text></g>'
    )


def coverage_page(report: Any, language: str = "en") -> str:
    """Return the report as one web page: the map, the wanted questions, every indicator.

    Nothing is fetched and nothing runs.
    """
    shown = report.display()
    columns = ["indicator", "title", "status", "lacks", "asks", "minutes", "needs"]
    columns += [name for name in ("n", "cv") if name in shown]
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{_cell(name, row[name], language)}</td>" for name in columns)
        + "</tr>"
        for row in shown.to_dict("records")
    )
    head = "".join(f"<th>{_safe(word(name, language))}</th>" for name in columns if name != "title")
    head = head.replace("</th>", "</th><th></th>", 1)
    wanted = report.wanted_questions().head(20)
    wants = "".join(
        f"<tr><td>{_safe(str(q))}</td><td>{n}</td></tr>"
        for q, n in zip(wanted["question"], wanted["indicators"], strict=True)
    )
    notes = "".join(f"<li>{_safe(note)}</li>" for note in report.footnotes())
    title = _safe(word("title", language))
    side = ' dir="rtl"' if language == "ar" else ""
    style = (
        "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:78rem;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}td,th{text-align:start;padding:.25rem .5rem;"
        "border-bottom:1px solid #c9d1d8;vertical-align:top}svg{width:100%;height:auto}"
        ".s{overflow-x:auto}"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{_safe(language)}"{side}><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{style}</style></head><body><main><h1>{title}</h1>"
        f"<p>{_safe(report.title())}</p>{coverage_map(report.frame, language)}"
        f"<h2>{_safe(word('wanted', language))}</h2><table><thead><tr>"
        f"<th>{_safe(word('question', language))}</th>"
        f"<th>{_safe(word('opens', language))}</th></tr></thead><tbody>{wants}</tbody></table>"
        f'<div class="s"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div><ul>{notes}</ul></main></body></html>\n"
    )


def _cell(name: str, value: Any, language: str) -> str:
    if name == "status":
        return _safe(word(str(value), language))
    if isinstance(value, float):
        if pd.isna(value) or (name == "minutes" and value == 0):
            return ""
        return f"{value:.1%}" if name == "cv" else f"{value:,.0f}" if name == "n" else f"{value:g}"
    return _safe(str(value))


def _safe(text: str) -> str:
    return html.escape(text)


def write_coverage(report: Any, path: Path | str, language: str = "en") -> Path:
    """Write the report to .xlsx, .html, .svg or .csv, whole or not at all.

    Raises
    ------
    MpsurveyError
        The ending is another, or the folder is absent.
    """
    target = Path(path)
    makers: Mapping[str, Callable[[Path], object]] = {
        ".xlsx": lambda spare: _workbook(report, spare, language),
        ".html": lambda spare: spare.write_text(coverage_page(report, language), encoding="utf-8"),
        ".svg": lambda spare: spare.write_text(
            coverage_map(report.frame, language), encoding="utf-8"
        ),
        ".csv": lambda spare: report.display().to_csv(spare, index=False, encoding="utf-8-sig"),
    }
    make = makers.get(target.suffix.lower())
    if make is None:
        raise MpsurveyError(
            f"{target.name}: a coverage report is written to {', '.join(makers)}, not to "
            f"'{target.suffix}'."
        )
    if not target.parent.is_dir():
        raise MpsurveyError(f"There is no folder {target.parent}: make it first.")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".coverage-", suffix=target.suffix)
    os.close(handle)
    spare = Path(name)
    try:
        make(spare)
        spare.chmod(0o644)
        spare.replace(target)
    finally:
        spare.unlink(missing_ok=True)
    return target


def _workbook(report: Any, path: Path, language: str) -> None:
    import xlsxwriter

    plain = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(str(path), plain) as book:
        bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
        fills = {one: book.add_format({"bg_color": COLOURS[one]}) for one in STATUSES}
        sheet = book.add_worksheet("Indicators")
        sheet.write_string(0, 0, report.title(), bold)
        shown = report.display()
        for column, name in enumerate(shown.columns):
            sheet.write_string(2, column, word(str(name), language), bold)
            for row, value in enumerate(shown[name], start=3):
                if isinstance(value, str):
                    said = word(value, language) if name in ("status", "theme") else value
                    sheet.write_string(row, column, said, fills.get(value, wrap))
                elif not pd.isna(value):
                    sheet.write_number(row, column, float(value))
        sheet.freeze_panes(3, 2)
        sheet.set_column(0, 1, 13)
        sheet.set_column(2, 2, 50)
        sheet.set_column(4, 7, 26)
        for line, note in enumerate(report.footnotes(), start=len(shown) + 4):
            sheet.write_string(line, 0, note)
        _map_sheet(book, report.frame, fills, language)
        tables = {"Themes": report.by_theme().reset_index(), "Questions": report.wanted_questions()}
        for name, table in tables.items():
            page = book.add_worksheet(name)
            page.set_column(0, 0, 24)
            for column, heading in enumerate(table.columns):
                page.write_string(0, column, word(str(heading), language), bold)
                for row, value in enumerate(table[heading], start=1):
                    if isinstance(value, str):
                        page.write_string(row, column, word(value, language))
                    else:
                        page.write_number(row, column, float(value))


def _map_sheet(book: Any, frame: pd.DataFrame, fills: Mapping[str, Any], language: str) -> None:
    page = book.add_worksheet("Map")
    page.set_column(0, 0, 18)
    page.set_column(1, PER_ROW, 8)
    row = 0
    for theme in dict.fromkeys(frame["theme"]):
        page.write_string(row, 0, word(theme, language))
        for place, one in enumerate(frame[frame["theme"] == theme].to_dict("records")):
            at = row + place // PER_ROW
            page.write_string(at, 1 + place % PER_ROW, one["indicator"], fills[one["status"]])
            page.write_comment(at, 1 + place % PER_ROW, str(one["title"])[:250])
        row += -(-len(frame[frame["theme"] == theme]) // PER_ROW) + 1
    for status in STATUSES:
        page.write_string(row, 1, word(status, language), fills[status])
        row += 1
