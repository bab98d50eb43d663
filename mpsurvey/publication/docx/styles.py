"""The styles of a document: an author's where the template has them, else ours."""

from __future__ import annotations

from typing import Any

__all__ = ["NAMESPACES", "TABLE_STYLE", "set_language", "set_styles"]

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
TABLE_STYLE = "Report table"

_ACCENT, _DARK, _GREY, _LINE, _SOFT = "0B5C8A", "0B3C5D", "5A6570", "B9C3CC", "EAF0F4"
_TAGS = {"en": "en-GB", "fr": "fr-FR", "es": "es-ES", "ru": "ru-RU", "ar": "ar-SA"}


def _letters(
    size: float, *, bold: bool = False, italic: bool = False, colour: str = "", font: str = ""
) -> str:
    """Return what runs look like; Arabic has its own size, weight and font."""
    half = round(size * 2)
    fonts = f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:eastAsia="{font}" w:cs="Arial"/>'
    return (
        f"<w:rPr {NAMESPACES}>{fonts if font else ''}"
        f"{'<w:b/><w:bCs/>' if bold else ''}{'<w:i/><w:iCs/>' if italic else ''}"
        f'{f"""<w:color w:val="{colour}"/>""" if colour else ""}'
        f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/></w:rPr>'
    )


def _lines(
    *,
    before: float = 0,
    after: float = 0,
    line: float = 1.0,
    keep: bool = False,
    break_before: bool = False,
    outline: int | None = None,
    indent: float = 0,
    hanging: float = 0,
    tab: float = 0,
    tab_kind: str = "left",
    align: str = "",
    rule: str = "",
    bar: str = "",
) -> str:
    """Return what paragraphs look like; distances in points, the order is the format's."""
    parts = []
    if keep:
        parts.append("<w:keepNext/><w:keepLines/>")
    if break_before:
        parts.append("<w:pageBreakBefore/>")
    if rule or bar:
        inside = f'<w:left w:val="single" w:sz="18" w:space="8" w:color="{bar}"/>' if bar else ""
        inside += (
            f'<w:bottom w:val="single" w:sz="8" w:space="3" w:color="{rule}"/>' if rule else ""
        )
        parts.append(f"<w:pBdr>{inside}</w:pBdr>")
    if tab:
        parts.append(f'<w:tabs><w:tab w:val="{tab_kind}" w:pos="{round(tab * 20)}"/></w:tabs>')
    parts.append(
        f'<w:spacing w:before="{round(before * 20)}" w:after="{round(after * 20)}" '
        f'w:line="{round(line * 240)}" w:lineRule="auto"/>'
    )
    if indent or hanging:
        parts.append(f'<w:ind w:left="{round(indent * 20)}" w:hanging="{round(hanging * 20)}"/>')
    if align:
        parts.append(f'<w:jc w:val="{align}"/>')
    if outline is not None:
        parts.append(f'<w:outlineLvl w:val="{outline}"/>')
    return f"<w:pPr {NAMESPACES}>{''.join(parts)}</w:pPr>"


_BODY = "Calibri"
_PARAGRAPHS: dict[str, tuple[str, str, str]] = {
    "Normal": ("", _lines(after=6, line=1.12), _letters(10.5, font=_BODY)),
    "Title": (
        "Normal",
        _lines(before=150, after=10, rule=_ACCENT),
        _letters(30, bold=True, colour=_ACCENT, font=_BODY),
    ),
    "Subtitle": (
        "Normal",
        _lines(before=6, after=24),
        _letters(15, colour=_DARK, font=_BODY),
    ),
    "Cover line": ("Normal", _lines(after=4), _letters(12, colour=_GREY)),
    "Heading 1": (
        "Normal",
        _lines(after=10, keep=True, break_before=True, outline=0, rule=_ACCENT),
        _letters(19, bold=True, colour=_ACCENT, font=_BODY),
    ),
    "Heading 2": (
        "Normal",
        _lines(before=16, after=5, keep=True, outline=1),
        _letters(14, bold=True, colour=_DARK, font=_BODY),
    ),
    "Heading 3": (
        "Normal",
        _lines(before=10, after=4, keep=True, outline=2),
        _letters(11.5, bold=True, colour=_DARK, font=_BODY),
    ),
    "Contents heading": (
        "Normal",
        _lines(before=10, after=8, keep=True),
        _letters(17, bold=True, colour=_ACCENT),
    ),
    "Caption": (
        "Normal",
        _lines(before=14, after=3, keep=True),
        _letters(10, bold=True, colour=_DARK, font=_BODY),
    ),
    "Figure": ("Normal", _lines(before=12, after=0, keep=True, align="center"), _letters(10.5)),
    "Finding": (
        "Normal",
        _lines(before=8, after=1, indent=112, hanging=112, tab=112, keep=True),
        _letters(11.5),
    ),
    "Finding basis": ("Normal", _lines(after=7, indent=112), _letters(8.5, colour=_GREY)),
    "Table subtitle": (
        "Normal",
        _lines(after=4, keep=True),
        _letters(9, italic=True, colour=_GREY),
    ),
    "Table text": ("Normal", _lines(before=1.5, after=1.5), _letters(9)),
    "Table number": ("Table text", _lines(before=1.5, after=1.5, align="right"), _letters(9)),
    "Table heading": (
        "Table text",
        _lines(before=2, after=2),
        _letters(9, bold=True, colour=_DARK),
    ),
    "Table group": (
        "Table text",
        _lines(before=3, after=1.5, keep=True),
        _letters(9, bold=True),
    ),
    "Table note": ("Normal", _lines(before=1, after=1), _letters(8, colour=_GREY)),
    "Quote": ("Normal", _lines(after=6, indent=24, bar=_LINE), _letters(10.5, italic=True)),
    "Code": ("Normal", _lines(after=6, indent=12), _letters(9, font="Consolas")),
    "List Bullet": ("Normal", _lines(after=3, line=1.1), _letters(10.5)),
    "List Number": ("Normal", _lines(after=3, line=1.1), _letters(10.5)),
    "List Continue": ("Normal", _lines(after=3, line=1.1), _letters(10.5)),
    "toc 1": (
        "Normal",
        _lines(before=5, after=2, tab=470, tab_kind="right"),
        _letters(11, bold=True),
    ),
    "toc 2": ("Normal", _lines(after=1, indent=14, tab=470, tab_kind="right"), _letters(10)),
    "table of figures": ("Normal", _lines(after=2, tab=470, tab_kind="right"), _letters(9.5)),
    "header": ("Normal", _lines(), _letters(8, colour=_GREY)),
    "footer": ("Normal", _lines(), _letters(8, colour=_GREY)),
}
"""Name: the style it builds on, its paragraphs, its letters."""

_BUILT_IN = frozenset(
    ("Normal", "Title", "Subtitle", "Caption", "Quote", "header", "footer", "table of figures")
) | frozenset(name for name in _PARAGRAPHS if name.startswith(("Heading", "List", "toc")))

_CHARACTERS = {
    "Finding figure": _letters(17, bold=True, colour=_ACCENT),
    "Caption number": _letters(10, bold=True, colour=_ACCENT),
    "Code letters": _letters(9.5, font="Consolas"),
    "Hyperlink": (f'<w:rPr {NAMESPACES}><w:color w:val="{_ACCENT}"/><w:u w:val="single"/></w:rPr>'),
}

_TABLE = f"""<w:style {NAMESPACES} w:type="table" w:customStyle="1" w:styleId="ReportTable">
<w:name w:val="{TABLE_STYLE}"/><w:basedOn w:val="TableNormal"/>
<w:uiPriority w:val="99"/><w:qFormat/>
<w:tblPr><w:tblStyleRowBandSize w:val="1"/><w:tblBorders>
<w:top w:val="single" w:sz="12" w:space="0" w:color="{_ACCENT}"/>
<w:bottom w:val="single" w:sz="8" w:space="0" w:color="{_DARK}"/>
<w:insideH w:val="single" w:sz="2" w:space="0" w:color="{_LINE}"/></w:tblBorders>
<w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar>
</w:tblPr>
<w:tblStylePr w:type="firstRow"><w:rPr><w:b/><w:bCs/></w:rPr><w:tcPr>
<w:shd w:val="clear" w:color="auto" w:fill="{_SOFT}"/></w:tcPr></w:tblStylePr>
</w:style>"""
_TABLE_NORMAL = f"""<w:style {NAMESPACES} w:type="table" w:default="1" w:styleId="TableNormal">
<w:name w:val="Normal Table"/><w:uiPriority w:val="99"/><w:semiHidden/><w:unhideWhenUsed/>
<w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/>
<w:left w:w="108" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="108" w:type="dxa"/>
</w:tblCellMar></w:tblPr></w:style>"""


def set_styles(document: Any, *, own: bool) -> dict[str, str]:
    """Make sure that every style exists; return their ids by name.

    Parameters
    ----------
    own
        Whether all looks are ours. In an author's template only what it lacks is added.
    """
    from docx.oxml import parse_xml

    root = document.styles.element
    known = {_name(style): style for style in root.iterchildren("{*}style")}
    ids: dict[str, str] = {}
    for name, (based, lines, letters) in _PARAGRAPHS.items():
        style = known.get(name.lower())
        if style is None:
            style = parse_xml(_new_style(name, "paragraph", ids.get(based, "")))
            root.append(style)
            _look(style, (lines, letters))
        elif own:
            _look(style, (lines, letters))
        ids[name] = _id(style)
    for name, letters in _CHARACTERS.items():
        style = known.get(name.lower())
        if style is None:
            style = parse_xml(_new_style(name, "character", ""))
            root.append(style)
            _look(style, (letters,))
        ids[name] = _id(style)
    if "normal table" not in known:
        root.append(parse_xml(_TABLE_NORMAL))
    style = known.get(TABLE_STYLE.lower())
    if style is None:
        style = parse_xml(_TABLE)
        root.append(style)
    ids[TABLE_STYLE] = _id(style)
    return ids


def set_language(document: Any, language: str) -> None:
    """State the language of the text, for spelling, hyphenation and reading aloud."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    root = document.styles.element
    defaults = root.find(qn("w:docDefaults"))
    if defaults is None:
        defaults = OxmlElement("w:docDefaults")
        root.insert(0, defaults)
    place = defaults
    for tag in ("w:rPrDefault", "w:rPr"):
        found = place.find(qn(tag))
        if found is None:
            found = OxmlElement(tag)
            place.insert(0, found)
        place = found
    for old in place.findall(qn("w:lang")):
        place.remove(old)
    lang = OxmlElement("w:lang")
    tag = _TAGS.get(language, language)
    lang.set(qn("w:val"), tag if language != "ar" else "en-GB")
    lang.set(qn("w:eastAsia"), "en-GB")
    lang.set(qn("w:bidi"), tag if language == "ar" else "ar-SA")
    place.append(lang)


def _name(style: Any) -> str:
    from docx.oxml.ns import qn

    found = style.find(qn("w:name"))
    return str(found.get(qn("w:val"))).lower() if found is not None else ""


def _id(style: Any) -> str:
    from docx.oxml.ns import qn

    return str(style.get(qn("w:styleId")))


def _new_style(name: str, kind: str, based: str) -> str:
    own = "" if name in _BUILT_IN or name == "Hyperlink" else ' w:customStyle="1"'
    default = ' w:default="1"' if name == "Normal" else ""
    on = f'<w:basedOn w:val="{based}"/>' if based else ""
    identity = name.title().replace(" ", "")
    return (
        f'<w:style {NAMESPACES} w:type="{kind}"{default}{own} w:styleId="{identity}">'
        f'<w:name w:val="{name}"/>{on}<w:uiPriority w:val="10"/><w:qFormat/></w:style>'
    )


def _look(style: Any, parts: tuple[str, ...]) -> None:
    """Give a style its looks in place of those it had."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import qn

    for tag in ("w:pPr", "w:rPr"):
        for old in style.findall(qn(tag)):
            style.remove(old)
    for part in parts:
        style.append(parse_xml(part))
