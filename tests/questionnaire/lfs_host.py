"""A labour force survey in XLSForm, written for the tests: roster, two languages, odd cells.

It holds what host workbooks hold in practice and what libraries lose when they load and save:
merged cells, notes, validations, colours, a formula, rich text, a hidden sheet, own columns.
"""

from __future__ import annotations

import io

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

COLUMNS = [
    "type",
    "name",
    "label::English (en)",
    "label::Français (fr)",
    "hint::English (en)",
    "hint::Français (fr)",
    "relevant",
    "constraint",
    "constraint_message::English (en)",
    "constraint_message::Français (fr)",
    "required",
    "calculation",
    "repeat_count",
    "appearance",
    "office_note",
]
YES_NO = [("1", "Yes", "Oui"), ("2", "No", "Non")]
SEX = [("M", "Male", "Homme"), ("F", "Female", "Femme")]
RELATION = [
    (str(code), en, fr)
    for code, en, fr in [
        (1, "Head", "Chef"),
        (2, "Spouse", "Conjoint"),
        (3, "Child", "Enfant"),
        (4, "Parent", "Parent"),
        (5, "Other relative", "Autre parent"),
        (6, "Not related", "Sans lien"),
    ]
]
EDUCATION = [
    ("none", "No schooling", "Aucune"),
    ("prim", "Primary", "Primaire"),
    ("sec", "Secondary", "Secondaire"),
    ("univ", "University", "Université"),
]
STATUS = [
    ("1", "Employee", "Salarié"),
    ("2", "Employer", "Employeur"),
    ("3", "Own account", "À son compte"),
    ("4", "Family worker", "Aide familial"),
]
BLOCKS = {
    "dwelling": ["wall", "roof", "floor", "water", "toilet", "light", "fuel", "rooms", "rent"],
    "assets": ["radio", "tv", "phone", "fridge", "bike", "moto", "car", "land", "cattle", "goats"],
    "search": ["ads", "agency", "friends", "visit", "online", "kiosk", "wait", "start", "other"],
    "training": ["course", "topic", "length", "payer", "useful", "cert", "place", "year", "again"],
    "job": ["place", "size", "books", "reg", "contract", "paid_leave", "sick", "tax", "union"],
    "second": ["has", "hours", "kind", "place", "pay", "season", "since", "family", "leave"],
    "hours": ["actual", "less", "more", "why_less", "why_more", "want", "avail", "shift", "night"],
    "farm": ["plots", "area", "crop", "sold", "seeds", "tools", "help", "rain", "store"],
    "trade": [
        "stall",
        "goods",
        "credit",
        "price",
        "market",
        "records",
        "phone_pay",
        "tax2",
        "guild",
    ],
    "wellbeing": ["health", "stress", "safe", "trust", "hope", "tired", "sleep", "food", "voice"],
}


def lfs_host(*, languages: bool = True) -> bytes:
    """Return the workbook: more than 100 questions, a household roster, two languages."""
    book = Workbook()
    survey = book.active
    survey.title = "survey"
    header = COLUMNS if languages else [one.split("::")[0] for one in COLUMNS]
    keep = [at for at, one in enumerate(header) if one not in header[:at]]
    survey.append([header[at] for at in keep])
    for row in _rows():
        survey.append([row[at] for at in keep])
    choices = book.create_sheet("choices")
    top = ["list_name", "name", "label::English (en)", "label::Français (fr)", "filter"]
    choices.append(top if languages else ["list_name", "name", "label", "filter"])
    lists = {"yn": YES_NO, "sx": SEX, "rel": RELATION, "edu": EDUCATION, "stat": STATUS}
    for name, items in lists.items():
        for code, en, fr in items:
            texts = [en, fr] if languages else [en]
            choices.append([name, int(code) if code.isdigit() else code, *texts, "a"])
    settings = book.create_sheet("settings")
    settings.append(["form_title", "form_id", "version", "default_language"])
    settings.append(["Labour Force Survey", "lfs", 202601, "English (en)" if languages else None])
    if not languages:
        settings["D1"], settings["D2"] = None, None
    _dress(survey, choices, book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _row(kind, name, en="", fr="", **more):
    keys = ["hint", "hint_fr", "relevant", "constraint", "message", "message_fr", "required"]
    keys += ["calculation", "repeat_count", "appearance", "note"]
    return [kind, name, en, fr, *(more.get(key) for key in keys)]


def _rows():
    yield _row("start", "start")
    yield _row("end", "end")
    yield _row("text", "hh_key", "Household number", "Numéro du ménage", required="yes")
    yield _row("date", "visit", "Date of the visit", "Date de la visite")
    yield _row("calculate", "visit_year", calculation="int(format-date(${visit}, '%Y'))")
    yield _row(
        "integer",
        "n_members",
        "How many people live here?",
        "Combien de personnes ?",
        constraint=". >= 1 and . <= 30",
        message="From 1 to 30.",
        message_fr="De 1 à 30.",
    )
    yield _row(
        "begin_repeat", "roster", "Household members", "Membres", repeat_count="${n_members}"
    )
    yield _row("text", "hh_name", "First name", "Prénom", required="yes")
    yield _row("select_one sx", "hh_sex", "Sex of ${hh_name}", "Sexe de ${hh_name}")
    yield _row(
        "integer",
        "hh_age",
        "Age of ${hh_name}",
        "Âge de ${hh_name}",
        constraint=". >= 0 and . < 121",
        message="Not an age.",
        message_fr="Pas un âge.",
    )
    yield _row("select_one rel", "hh_rel", "Relationship to the head", "Lien avec le chef")
    yield _row(
        "select_one edu",
        "hh_edu",
        "Highest level of education",
        "Niveau d'études",
        relevant="${hh_age} >= 5",
    )
    yield _row(
        "select_one yn",
        "hh_school",
        "Attends school now",
        "Va à l'école",
        relevant="${hh_age} >= 5 and ${hh_age} < 30",
    )
    yield _row("begin_group", "work", "Work", "Travail", relevant="${hh_age} >= 15")
    yield _row("select_one yn", "w_pay", "Worked for pay last week", "A travaillé contre salaire")
    yield _row(
        "select_one yn",
        "w_look",
        "Looked for work",
        "A cherché du travail",
        relevant="${w_pay} = '2'",
    )
    yield _row("calculate", "w_lfs", calculation="if(${w_pay} = '1', 1, if(${w_look} = '1', 2, 3))")
    yield _row(
        "select_one stat",
        "w_status",
        "Status in employment",
        "Situation",
        relevant="${w_pay} = '1'",
    )
    yield _row(
        "integer",
        "w_hours",
        "Hours usually worked",
        "Heures habituelles",
        relevant="${w_pay} = '1'",
    )
    yield _row("end_group", "work")
    yield _row("end_repeat", "roster")
    for block, names in BLOCKS.items():
        yield _row("begin_group", f"g_{block}", block.title(), block.title())
        for at, name in enumerate(names):
            kind = ["select_one yn", "integer", "text"][at % 3]
            yield _row(
                kind,
                f"{block[:3]}_{name}",
                f"{block}: {name}?",
                f"{block} : {name} ?",
                hint="As told" if at == 1 else None,
                note="checked" if at == 2 else None,
            )
        yield _row("end_group", f"g_{block}")
    yield _row("note", "thanks", "Thank you.", "Merci.")


def _dress(survey, choices, book):
    for sheet in (survey, choices):
        sheet.freeze_panes = "C2"
        for cell in sheet[1]:
            cell.font = Font(bold=True, color="006100")
            cell.fill = PatternFill("solid", fgColor="C6EFCE")
            cell.alignment = Alignment(wrap_text=True)
    survey["O8"] = "see manual"
    survey.merge_cells("O24:O26")
    survey["O24"] = "merged remark"
    survey["O30"] = '=COUNTIF(A2:A25,"integer")&" numbers, "&COUNTA(choices!A:A)'
    survey["O31"] = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end")
    survey["C9"].comment = Comment("Ask the head.", "office")
    survey["C40"].comment = Comment("Below the roster.", "office")
    validation = DataValidation(type="list", formula1='"yes,no"', allow_blank=True)
    validation.add("K2:K110")
    survey.add_data_validation(validation)
    red = PatternFill("solid", bgColor="FFC7CE")
    survey.conditional_formatting.add(
        "B2:B110", CellIsRule(operator="equal", formula=["$B$4"], fill=red)
    )
    survey.row_dimensions[9].height = 33
    survey.column_dimensions["C"].width = 50
    survey["A50"].fill = PatternFill("solid", fgColor="FFFF00")
    hidden = book.create_sheet("office use")
    hidden.sheet_state = "hidden"
    hidden["A1"] = "=survey!C23"
    hidden["A2"] = "=SUM(1,2)"
