"""Model formulas: read, checked, and made into columns of numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.design.codes import categories_in_order
from mpsurvey.errors import ColumnMissing, ExtraMissing, MpsurveyError, did_you_mean
from mpsurvey.estimation.asking import values_of

__all__ = ["Columns", "ModelFormula", "columns_of", "plain_term", "read_formula"]

Floats = NDArray[np.float64]

_FUNCTIONS = frozenset(
    {
        "C", "I", "abs", "bs", "cc", "center", "cr", "cs", "exp", "exp10", "exp2", "log",
        "log10", "log2", "offset", "poly", "scale", "sqrt", "standardize",
    }
)  # fmt: skip
_CONTRASTS = frozenset({"treatment", "sum", "helmert", "diff", "poly", "SAS"})
_KNOWN_TO_THE_FORMULA = {"sqrt": np.sqrt, "abs": np.abs}
_ALLOWED = (
    ast.Expression, ast.Call, ast.Name, ast.Load, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare,
    ast.operator, ast.unaryop, ast.cmpop, ast.keyword, ast.List, ast.Tuple, ast.Attribute,
)  # fmt: skip
_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True, eq=False)
class ModelFormula:
    """A formula that has been read and checked.

    Attributes
    ----------
    text
        As it was given.
    response
        Its left side.
    terms
        Its right side without offsets, as formulaic holds it.
    offsets
        What stands inside ``offset(...)``, each once.
    variables
        Columns that the right side needs.
    categorical
        Those that stand inside ``C(...)``.
    """

    text: str
    response: str
    terms: Any
    offsets: tuple[str, ...]
    variables: tuple[str, ...]
    categorical: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A formula's columns for the rows of a sample.

    Attributes
    ----------
    rows
        Rows that are complete and in the domain, shape (m,): positions in the sample.
    response
        Shape (m,).
    matrix
        Shape (m, p).
    names
        Of the columns, p of them.
    slices
        Columns of each term, by its name.
    offset
        Known part of the linear predictor, shape (m,), or 0.
    frame
        The variables of those rows.
    spec
        Makes the same columns of other values; see `again`.
    """

    rows: NDArray[np.intp]
    response: Floats
    matrix: Floats
    names: tuple[str, ...]
    slices: Mapping[str, slice]
    offset: Floats | float
    frame: pd.DataFrame
    spec: Any

    def again(self, **values: Any) -> Floats:
        """The columns as they would be if every row had these values, shape (m, p)."""
        changed = self.frame.assign(**values)
        return np.asarray(
            self.spec.get_model_matrix(changed, context=_KNOWN_TO_THE_FORMULA), dtype=np.float64
        )


def read_formula(text: str, known: Sequence[str]) -> ModelFormula:
    """Read a formula such as ``"wage ~ migrant + age + C(educ)"``, and refuse what it cannot hold.

    A formula may come from a file that others wrote, so nothing in it is run but arithmetic,
    comparisons and a few functions.

    Parameters
    ----------
    text
        The formula, in the notation of Wilkinson and Rogers; names that are no Python names stand
        in backticks.
    known
        Columns that there are.
    """
    try:
        from formulaic import Formula, SimpleFormula
        from formulaic.errors import FormulaicError
    except ImportError as error:
        raise ExtraMissing("Regression", "models") from error

    left, tilde, right = text.partition("~")
    if not tilde or not left.strip() or not right.strip() or "~" in right:
        raise MpsurveyError(
            f"'{text}' is no model formula. Write one such as 'wage ~ migrant + age + C(educ)'."
        )
    try:
        every = Formula(right.strip())
    except (FormulaicError, SyntaxError) as error:
        plain = re.sub(r"[\u29db\u29da]|\x1b?\[[0-9;]*m|\x1b", "", str(error))
        raise MpsurveyError(f"Formula '{text}': {' '.join(plain.split())}") from None
    if not isinstance(every, SimpleFormula):
        raise MpsurveyError(f"Formula '{text}' has more than one part on its right side.")
    problems: list[str] = []
    wanted: dict[str, None] = {}
    categorical: set[str] = set()
    offsets, terms = [], []
    for term in every:
        inside = _offset(str(term))
        if inside is not None:
            offsets.append(inside)
        else:
            terms.append(term)
        for factor in term.factors:
            if factor.eval_method.value == "lookup":
                wanted[factor.expr] = None
            elif factor.eval_method.value == "python":
                _check(factor.expr, wanted, categorical, problems)
    if problems:
        raise MpsurveyError(problems)
    if "." in wanted and "." not in known:
        raise MpsurveyError(f"Formula '{text}': name the variables; '.' is not taken for all.")
    absent = [("formula", name) for name in wanted if name not in set(known)]
    if absent:
        raise ColumnMissing(absent, known)
    return ModelFormula(
        text=" ".join(text.split()),
        response=left.strip(),
        terms=SimpleFormula(terms),
        offsets=tuple(offsets),
        variables=tuple(wanted),
        categorical=frozenset(categorical),
    )


def _offset(term: str) -> str | None:
    """What stands inside ``offset(...)``, or None for another term."""
    found = re.fullmatch(r"offset\((.*)\)", term, flags=re.DOTALL)
    return found[1] if found else None


def _check(
    expression: str, wanted: dict[str, None], categorical: set[str], problems: list[str]
) -> None:
    """Note the columns of an expression; what may not stand in one goes to `problems`."""
    quoted: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        name = f"_quoted_{len(quoted)}"
        quoted[name] = match[1]
        return name

    try:
        tree = ast.parse(_QUOTED.sub(stand_in, expression), mode="eval")
    except SyntaxError:
        problems.append(f"'{expression}' in the formula cannot be read.")
        return
    called: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called.add(id(node.func))
            if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
                if node.func.id == "C" and node.args and isinstance(node.args[0], ast.Name):
                    name = node.args[0].id
                    categorical.add(quoted.get(name, name))
                continue
            if _is_contrast(node.func):
                continue
            name = ast.unparse(node.func)
            near = did_you_mean(name, sorted(_FUNCTIONS))
            problems.append(
                f"A formula cannot call '{name}' (in '{expression}').{near} It may call "
                f"{', '.join(sorted(_FUNCTIONS))}."
            )
        elif isinstance(node, ast.Attribute):
            if id(node) not in called or not _is_contrast(node):
                problems.append(f"'{ast.unparse(node)}' may not stand in a formula.")
        elif not isinstance(node, _ALLOWED) or _is_large_power(node):
            problems.append(f"'{ast.unparse(node)}' may not stand in a formula.")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in called and node.id != "contr":
            wanted[quoted.get(node.id, node.id)] = None


def _is_large_power(node: ast.AST) -> bool:
    """Whether a power could take for ever to work out: its exponent is not a small number."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
        return False
    exponent = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
    value = exponent.value if isinstance(exponent, ast.Constant) else None
    return not (isinstance(value, int | float) and abs(value) <= 10)


def _is_contrast(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "contr"
        and node.attr in _CONTRASTS
    )


def columns_of(
    sample: Sample,
    formula: ModelFormula,
    inside: NDArray[np.bool_] | None,
    standing_for: Mapping[str, str],
) -> tuple[Columns, NDArray[np.bool_], str | None]:
    """Make the columns of a formula for the rows of a domain that have all answers.

    Parameters
    ----------
    sample
        The sample.
    formula
        The formula.
    inside
        Rows of the domain, shape (n,); None for all.
    standing_for
        The column or rule that a name in the formula stands for: one imputation of a variable.

    Returns
    -------
    columns, answered, modelled
        `answered`, shape (n,): rows with an answer to every variable. `modelled`: the category
        whose probability is modelled, where the response is a variable of two categories.
    """
    given: dict[str, NDArray[Any]] = {}
    answered = np.ones(len(sample), dtype=bool)
    response, modelled = _response(sample, formula.response, standing_for)
    if response is not None:
        answered &= np.isfinite(response)
    needed = list(formula.variables)
    if response is None:
        found: dict[str, None] = {}
        problems: list[str] = []
        _check(formula.response, found, set(), problems)
        if problems:
            raise MpsurveyError(problems)
        absent = [("response", name) for name in found if name not in sample.frame.columns]
        if absent:
            raise ColumnMissing(absent, sample.frame.columns)
        needed += list(found)
    for name in dict.fromkeys(needed):
        values, known = _values(sample, name, standing_for, name in formula.categorical)
        given[name] = values
        answered &= known
    complete = answered if inside is None else answered & inside
    complete = complete & (sample.weight > 0)
    rows = np.flatnonzero(complete)
    if not len(rows):
        raise MpsurveyError(f"No row has an answer to all the variables of '{formula.text}'.")
    frame = pd.DataFrame({name: _kept(values[rows]) for name, values in given.items()})
    for name in frame.columns.intersection(sample.frame.columns):
        declared = None if name in standing_for else categories_in_order(sample.frame[name])
        if declared is not None:  # the first category is the one that the others are compared with
            here = declared.iloc[rows].cat.remove_unused_categories()
            frame[name] = here.reset_index(drop=True)
    _refuse_codes(sample, formula, frame)
    matrix, spec = _matrix(formula.terms, frame, len(rows))
    offset: Floats | float = 0.0
    for expression in formula.offsets:
        offset = offset + _evaluated(expression, frame)
    y = response[rows] if response is not None else _evaluated(formula.response, frame)
    made: dict[str, Any] = {"response": y, "offset": offset, "columns": matrix}
    for what, part in made.items():
        if not np.isfinite(part).all():
            raise MpsurveyError(
                f"The {what} of '{formula.text}' is infinite or no number in some rows: a "
                "logarithm of 0, for instance. Leave such rows out with `where`."
            )
    names = tuple("(Intercept)" if one == "Intercept" else one for one in spec.column_names)
    slices = {
        "(Intercept)" if str(term) == "1" else plain_term(str(term)): part
        for term, part in spec.term_slices.items()
    }
    columns = Columns(rows, y, matrix, names, slices, offset, frame, spec)
    return columns, answered, modelled


def plain_term(term: str) -> str:
    """The name of a term without backticks and spaces, its parts in alphabetical order."""
    return ":".join(sorted(re.sub(r"[`\s]", "", term).split(":")))


def _response(
    sample: Sample, text: str, standing_for: Mapping[str, str]
) -> tuple[Floats | None, str | None]:
    """The response as numbers, or None where only a formula can make it (``log(wage)``)."""
    name = standing_for.get(text, text)
    bare = _QUOTED.sub(r"\1", name) if name not in sample.frame.columns else name
    if bare in sample.frame.columns:
        values, known = _values(sample, bare, {}, category=False)
        numeric = values.dtype.kind == "f"
        levels = [] if numeric and not _is_categorical(sample, bare) else _levels(values[known])
        if numeric and set(levels) <= {0, 1}:
            return np.where(known, values, np.nan), None
        if len(levels) != 2:
            raise MpsurveyError(
                f"The response '{bare}' has {len(levels)} categories. Model one of them: "
                f'"{bare} == {levels[-1] if levels else 1!r} ~ ...".'
            )
        y = np.full(len(values), np.nan)
        y[known] = values[known] == levels[1]
        return y, f"{bare} == {levels[1]!r}"
    calls = any(f"{function}(" in text for function in _FUNCTIONS)
    if calls:
        return None, None
    return values_of(sample, name, "A regression"), None


def _levels(values: NDArray[Any]) -> list[Any]:
    return sorted(set(values.tolist()))


def _is_categorical(sample: Sample, name: str) -> bool:
    kind = getattr(sample.variables.get(name), "kind", "")
    return kind == "categorical" and bool(sample.labels(name))


def _values(
    sample: Sample,
    name: str,
    standing_for: Mapping[str, str],
    category: bool,  # noqa: FBT001
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Values of a variable and where they are known; whole numbers stay whole in ``C(...)``."""
    source = standing_for.get(name, name)
    if source not in sample.frame.columns:
        numbers = values_of(sample, source, "A regression")
        return numbers, np.isfinite(numbers)
    column = sample.frame[source]
    if column.dtype.is_numeric():
        numbers = np.asarray(column.to_numpy(), dtype=np.float64)
        known = np.isfinite(numbers)
        if category and np.array_equal(numbers[known], np.rint(numbers[known])):
            return np.where(known, numbers, 0).astype(np.int64), known
        return numbers, known
    if str(column.dtype) == "Boolean":
        objects = np.asarray(column.to_pandas(), dtype=object)
        known = ~pd.isna(objects)
        return np.where(known, objects, 0).astype(np.float64), known
    objects = np.asarray(column.to_pandas(), dtype=object)
    return objects, ~pd.isna(objects)


def _kept(values: NDArray[Any]) -> Any:
    return pd.Series(values.tolist()) if values.dtype == object else values


def _refuse_codes(sample: Sample, formula: ModelFormula, frame: pd.DataFrame) -> None:
    """Refuse labelled codes that stand bare: their numbers mean nothing."""
    problems = []
    for name in formula.variables:
        bare = name not in formula.categorical and _is_categorical(sample, name)
        if bare and frame[name].dtype.kind in "fiu" and not set(frame[name].unique()) <= {0, 1}:
            some = ", ".join(
                f"{code} '{label}'" for code, label in list(sample.labels(name).items())[:3]
            )
            problems.append(
                f"'{name}' is categorical: its codes stand for {some}. Write C({name})."
            )
    if problems:
        raise MpsurveyError(problems)


def _matrix(terms: Any, frame: pd.DataFrame, rows: int) -> tuple[Floats, Any]:
    from formulaic.errors import FormulaicError

    data = frame if len(frame.columns) else pd.DataFrame(index=range(rows))
    try:
        with np.errstate(all="ignore"):  # what is infinite is refused by the caller
            made = terms.get_model_matrix(
                data, output="numpy", na_action="ignore", context=_KNOWN_TO_THE_FORMULA
            )
    except FormulaicError as error:
        raise MpsurveyError(f"The formula does not fit the data: {error}") from None
    except TypeError:
        dated = [str(name) for name in data.columns if data[name].dtype.kind in "mM"]
        if not dated:
            raise
        raise MpsurveyError(
            f"'{dated[0]}' is a date or time: make a number of it first, such as the year, or "
            f"write C({dated[0]}) for categories."
        ) from None
    matrix = np.asarray(made, dtype=np.float64)
    if matrix.shape[1] == 0:
        raise MpsurveyError("The formula has no terms: nothing to estimate.")
    return matrix, made.model_spec


def _evaluated(expression: str, frame: pd.DataFrame) -> Floats:
    """Values of an expression such as ``log(wage)``, shape (m,)."""
    from formulaic import Formula

    terms = Formula(f"0 + {{{expression}}}")
    return _matrix(terms, frame, len(frame))[0][:, 0]
