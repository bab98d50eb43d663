"""Beginning a form: a host's XLSForm as it is, or an empty one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mpsurvey.catalogue import Code, CodeList, read_folders, shipped
from mpsurvey.errors import FileUnreadable, MpsurveyError, did_you_mean
from mpsurvey.questionnaire.blank import blank_workbook
from mpsurvey.questionnaire.choice_lists import read_choices
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.host import Host, read_host

__all__ = ["new_form", "read_xlsform"]


def read_xlsform(
    path: Path | str,
    *,
    home: int | str | None = None,
    country: Mapping[str, str] | str | None = None,
    languages: Sequence[str] = (),
) -> Questionnaire:
    """Read a host survey's XLSForm.

    Parameters
    ----------
    path
        An .xlsx workbook with a sheet 'survey'.
    home
        The country's own code: UN M49 (404) or ISO alpha-3 ("KEN").
    country
        Its name, or its name by language; taken from the country list otherwise.
    languages
        Languages in which modules are to be written; otherwise those of the form's columns.

    Raises
    ------
    FileUnreadable
        When the file is no XLSForm.
    MpsurveyError
        When its groups and repeats do not match, with the rows.
    """
    source = Path(path)
    try:
        content = source.read_bytes()
    except OSError as error:
        raise FileUnreadable(f"{source} cannot be opened: {error.strerror}.") from error
    host = _with_files(read_host(content, source.name), source.parent)
    return _form(host, home, country, languages)


def _with_files(host: Host, folder: Path) -> Host:
    """Read the choice lists that stand in CSV files beside the workbook."""
    names = {row.list_name for row in host.rows if row.list_name.endswith(".csv")}
    there = [name for name in sorted(names) if Path(name).name == name]
    files = {name: (folder / name).read_bytes() for name in there if (folder / name).is_file()}
    lists = {name: read_choices(content) for name, content in files.items()}
    return replace(host, files=files, lists={**host.lists, **lists})


def new_form(
    title: str,
    *,
    languages: Sequence[str] = ("en",),
    home: int | str | None = None,
    country: Mapping[str, str] | str | None = None,
    form_id: str = "survey",
) -> Questionnaire:
    """Begin a form that has no host: modules alone, with the variables they need.

    >>> form = new_form("Migration survey", languages=("en", "fr"), home="KEN")
    >>> form.languages, form.home
    (('en', 'fr'), 404)
    """
    host = read_host(blank_workbook(title, form_id, languages), title)
    return _form(host, home, country, languages)


def _form(
    host: Host,
    home: int | str | None,
    country: Mapping[str, str] | str | None,
    languages: Sequence[str],
) -> Questionnaire:
    names = dict.fromkeys(languages or ("en",), country) if isinstance(country, str) else country
    return Questionnaire(
        host=host,
        languages=tuple(languages),
        home=_home_code(home),
        country=names or {},
    )


def _home_code(home: int | str | None) -> int | None:
    if home is None or isinstance(home, int):
        return home
    if home.strip().isdigit():
        return int(home)
    lists = read_folders([shipped() / "modules" / "codelists" / "CNT.yaml"]).catalogue.codelists
    countries: CodeList = lists["CNT"]
    by_alias: dict[str, Code] = {item.alias: item for item in countries if item.alias}
    found = by_alias.get(home.strip().upper())
    if found is None:
        near = did_you_mean(home.upper(), by_alias)
        raise MpsurveyError(f"home is '{home}', which is no ISO alpha-3 code.{near}")
    return found.code
