"""Dates and times of SPSS, Stata and SAS: numbers since an origin, to and from NumPy."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np

__all__ = ["Family", "Temporal", "temporal_kind", "to_numbers", "to_temporal"]

Family = Literal["spss", "stata", "sas"]
Temporal = Literal["date", "time", "datetime"]

# Seconds from each origin to 1970: SPSS counts from 14 October 1582, the others from 1960.
ORIGIN = {"spss": 12_219_379_200, "stata": 315_619_200, "sas": 315_619_200}
DAY = 86_400
FIRST_SECOND = -62_135_596_800  # 0001-01-01
LAST_SECOND = 253_402_300_799  # 9999-12-31 23:59:59

SPSS_FORMATS: dict[str, Temporal] = {
    **dict.fromkeys(
        ["DATE", "ADATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR"], "date"
    ),
    **dict.fromkeys(["DATETIME", "YMDHMS"], "datetime"),
    **dict.fromkeys(["TIME", "DTIME", "MTIME"], "time"),
}  # fmt: skip
# SAS formats that show a part of a date only (WEEKDAY, MONTH, YEAR, QTR) still hold a whole date;
# those that begin with DT show the date of a datetime.
SAS_DATES = """
    DATE DAY DDMMYY DDMMYYB DDMMYYC DDMMYYD DDMMYYN DDMMYYP DDMMYYS DOWNAME JULDAY JULIAN MMDDYY
    MMDDYYB MMDDYYC MMDDYYD MMDDYYN MMDDYYP MMDDYYS MMYY MMYYC MMYYD MMYYN MMYYP MMYYS MONNAME
    MONTH MONYY QTR QTRR WEEKDATE WEEKDATX WEEKDAY WORDDATE WORDDATX YEAR YYMM YYMMC YYMMD YYMMDD
    YYMMDDB YYMMDDC YYMMDDD YYMMDDN YYMMDDP YYMMDDS YYMMN YYMMP YYMMS YYMON YYQ YYQC YYQD YYQN
    YYQP YYQR YYQRC YYQRD YYQRN YYQRP YYQRS YYQS E8601DA IS8601DA B8601DA
"""
SAS_DATETIMES = """
    DATETIME DATEAMPM MDYAMPM DTDATE DTMONYY DTYEAR DTWKDATX DTYYQC E8601DT IS8601DT B8601DT
    E8601DN B8601DN IS8601DN
"""
SAS_TIMES = "TIME TIMEAMPM TOD HHMM HOUR MMSS E8601TM IS8601TM B8601TM"
SAS_FORMATS: dict[str, Temporal] = {
    **dict.fromkeys(SAS_DATES.split(), "date"),
    **dict.fromkeys(SAS_DATETIMES.split(), "datetime"),
    **dict.fromkeys(SAS_TIMES.split(), "time"),
}  # fmt: skip
STATA_DATE_PARTS = re.compile(r"[CYMmNnDdJjWwhqtsLl]")


def temporal_kind(display_format: str | None, family: Family) -> Temporal | None:
    """Tell from a display format whether numbers are dates, times or datetimes.

    >>> temporal_kind("%tcHH:MM:SS", "stata"), temporal_kind("DATE11", "spss")
    ('time', 'date')
    >>> temporal_kind("%tm", "stata")
    """
    if not display_format:
        return None
    if family == "stata":
        return _stata_kind(display_format)
    match = re.match(r"\$?([A-Z]+(?:8601[A-Z]+)?)", display_format.upper())
    name = match.group(1) if match else ""
    return (SPSS_FORMATS if family == "spss" else SAS_FORMATS).get(name)


def _stata_kind(display_format: str) -> Temporal | None:
    text = display_format.replace("%-", "%")
    if text.startswith(("%td", "%d")):
        return "date"
    if text.lower().startswith("%tc"):
        shown = text[3:]
        # HH MM SS show a time; M in front of "M" is the minute, so those pairs go first.
        rest = re.sub(r"HH|Hh|hH|hh|MM|mm|SS|\.s+|AM|am|A\.M\.|a\.m\.|[:._ ,+]", "", shown)
        return "time" if shown and not STATA_DATE_PARTS.search(rest) else "datetime"
    return None


def to_temporal(
    numbers: np.ndarray, kind: Temporal, family: Family, display_format: str | None = None
) -> tuple[np.ndarray, int]:
    """Turn numbers into ``datetime64[us]`` (``timedelta64[us]`` for times).

    Returns
    -------
    tuple
        The values, shape (rows,), and how many numbers were no date between the years 1 and 9999;
        those become missing. Leap seconds of Stata's ``%tC`` are not removed.
    """
    per_second = 1000 if family == "stata" and kind != "date" else 1
    in_days = kind == "date" and family != "spss"
    with np.errstate(invalid="ignore", over="ignore"):
        seconds = numbers * DAY if in_days else numbers / per_second
        if kind == "time":
            usable = np.abs(seconds) <= LAST_SECOND
            origin = 0
        else:
            origin = ORIGIN[family]
            usable = (seconds - origin >= FIRST_SECOND) & (seconds - origin <= LAST_SECOND)
    lost = int((~usable & ~np.isnan(numbers)).sum())
    safe = np.where(usable, seconds, 0.0)
    whole = np.floor(safe)
    micro = np.round((safe - whole) * 1e6).astype(np.int64)
    count = (whole.astype(np.int64) - origin) * 1_000_000 + micro
    if kind == "date":
        count -= count % (DAY * 1_000_000)
    count[~usable] = np.iinfo(np.int64).min  # NaT
    return count.view("timedelta64[us]" if kind == "time" else "datetime64[us]"), lost


def to_numbers(values: np.ndarray, kind: Temporal, family: Family) -> np.ndarray:
    """Turn ``datetime64`` or ``timedelta64`` into the program's own numbers, NaN where missing."""
    absent = np.isnat(values)
    unit = "timedelta64[us]" if kind == "time" else "datetime64[us]"
    micro = values.astype(unit).astype(np.int64)
    origin = 0 if kind == "time" else ORIGIN[family]
    seconds = (micro // 1_000_000 + origin) + (micro % 1_000_000) / 1e6
    if kind == "date" and family != "spss":
        numbers = np.floor(seconds / DAY)
    elif kind != "date" and family == "stata":
        numbers = np.round(seconds * 1000)
    else:
        numbers = seconds
    numbers = numbers.astype(np.float64)
    numbers[absent] = np.nan
    return numbers
