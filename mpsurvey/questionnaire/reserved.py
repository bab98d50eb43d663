"""Words that field systems keep for themselves, which no variable may be called."""

from __future__ import annotations

__all__ = ["OF_CSPRO", "OF_DESIGNER"]

OF_CSPRO = frozenset(
    """
    ALL ALPHA AND ARRAY ASK AUDIO BARCODE BREAK BY CASE CONFIG CONTINUE COUNT DATE DEFAULT DELETE
    DISJOINT DO DOCUMENT ELSE ELSEIF END ENDCASE ENDDO ENDFOR ENDGROUP ENDIF ENDLEVEL ENDRECODE
    ENDSECT ENTER ERRMSG EXIT EXPORT FILE FOR FREQ FUNCTION GEOMETRY GPS HASHMAP HIGH IF IMAGE IN
    INADVANCE INCLUDING INTERVAL LEVEL LIST LOW MAP MAX MEAN MIN MISSING MOVE NEXT NOINPUT NOT
    NOTAPPL NUMERIC OR PFF POS POSTPROC PREPROC PROC RECODE REENTER REFUSED RELATION REPORT SET SKIP
    SOCCURS SORT SPECIAL STOP STRING SUM SYSTEMAPP TABLE THEN TO UNIT UNTIL UPDATE USE USERBAR
    VALUESET WEIGHT WHEN WHERE WHILE WORKDICT YEAR MONTH SEX_VS
    """.split()  # noqa: SIM905 - a list of single words would be a hundred lines
)

# Words that Survey Solutions, its C# and its exports keep for themselves.
OF_DESIGNER = frozenset(
    """
    abstract as base bool break byte case catch char checked class const continue decimal default
    delegate do double else enum event explicit extern false finally fixed float for foreach goto if
    implicit in int interface internal is lock long namespace new null object operator out override
    params private protected public readonly ref return sbyte sealed short sizeof stackalloc static
    string struct switch this throw true try typeof uint ulong unchecked unsafe ushort using virtual
    void volatile while self state id rowcode rowname rowindex roster questionnaire identity
    interview__id interview__key assignment__id sssys_irnd has__errors interview__status
    """.split()  # noqa: SIM905 - a list of single words would be eighty lines
)
