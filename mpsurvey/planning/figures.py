"""The figures a survey is planned for: their variance as a function of the strata's sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.errors import ColumnMissing, DesignError, did_you_mean
from mpsurvey.planning.inclusion import Array

__all__ = ["Figure", "Precision", "Target", "figures_of", "precision_of", "targets_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A mean or share that the survey is to give.

    Parameters
    ----------
    mean
        Column with its expected value in each stratum (of the group, where there is one).
    sd
        Column with its standard deviation in each stratum; without it the mean is a share and the
        standard deviation is that of a yes or no.
    group
        Column with the group's share of the people in each stratum, where the figure is about a
        group.
    icc
        Intraclass correlation of the figure within a PSU, for a survey of two stages; by default
        the one of the allocation. A number or a column.
    group_icc
        Intraclass correlation of belonging to the group: how much the group lives together. A
        number or a column.
    deff
        Design effect within each stratum, where it is known otherwise. A number or a column.
    """

    mean: str
    sd: str | None = None
    group: str | None = None
    icc: str | float | None = None
    group_icc: str | float = 0.0
    deff: str | float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How precise a figure is to be.

    Parameters
    ----------
    figure
        Name of the figure.
    cv
        Largest coefficient of variation, such as 0.05.
    by
        Column of the strata whose values are domains, each with this target; None for all strata
        together.
    """

    figure: str
    cv: float
    by: str | None = None


def figures_of(given: Mapping[str, Any] | None) -> dict[str, Figure]:
    """Return the figures, made from mappings or from a pair of columns where they are so given."""
    out: dict[str, Figure] = {}
    for name, one in (given or {}).items():
        if isinstance(one, Figure):
            out[name] = one
        elif isinstance(one, str):
            out[name] = Figure(mean=one)
        elif isinstance(one, Mapping):
            known = [each.name for each in fields(Figure)]
            unknown = [str(key) for key in one if key not in known]
            if unknown or "mean" not in one:
                raise DesignError(
                    f"Figure '{name}' is described by {', '.join(known)}, mean at least; not by "
                    f"{', '.join(map(repr, unknown or one))}."
                )
            described: dict[str, Any] = {str(key): value for key, value in one.items()}
            out[name] = Figure(**described)
        else:
            mean, sd = one
            out[name] = Figure(mean=mean, sd=sd)
    return out


def targets_of(given: Iterable[Any] | Mapping[str, Any] | None) -> list[Target]:
    """Return the targets, made from mappings where they are so given."""
    if isinstance(given, Mapping):
        return [Target(figure=name, cv=cv) for name, cv in given.items()]
    out: list[Target] = []
    one: Any
    for one in given or ():
        if isinstance(one, Target):
            out.append(one)
            continue
        unknown = set(one) - {"figure", "cv", "by"}
        if unknown or not {"figure", "cv"} <= set(one):
            raise DesignError(f"A target has figure, cv and by, not {', '.join(map(repr, one))}.")
        asked: dict[str, Any] = {str(key): value for key, value in one.items()}
        out.append(Target(**asked))
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    r"""Variances of D domain estimates as functions of the sizes of H strata.

    .. math:: V_j = \sum_h a_{jh} \left(\frac{1}{n_h} - \frac{1}{N_h}\right)

    Attributes
    ----------
    labels : DataFrame
        ``figure``, ``by`` and ``domain`` of each row.
    value : ndarray
        The expected estimates, shape (D,).
    coefficient : ndarray
        a, shape (D, H).
    fixed : ndarray
        The sum of a / N, shape (D,).
    """

    labels: pd.DataFrame
    value: Array
    coefficient: Array
    fixed: Array

    def cv(self, n: Array) -> Array:
        """Coefficient of variation of each estimate with the sizes n, shape (D,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(self.coefficient > 0, self.coefficient / n, 0.0)
        variance = np.maximum(part.sum(axis=1) - self.fixed, 0.0)
        return np.asarray(np.sqrt(variance) / np.abs(self.value))


def precision_of(
    frame: pd.DataFrame,
    figures: Mapping[str, Figure],
    wanted: Iterable[tuple[str, str | None]],
    N: Array,
    deff: Array,
    take: Array | None = None,
) -> Precision:
    r"""Return the precision of the figures wanted, each as (name, by).

    A figure of a group with share P has, in a stratum, the variance of its linearised values,
    :math:`P\{s^2 + (m - M)^2\} - P^2 (m - M)^2`, with m and s within the group and M the figure.
    Its design effect for t interviews in a PSU is
    :math:`1 + (t - 1) \{P + \rho_g (1 - P)\} \rho`: members meet fewer others of their group.
    """
    problems: list[str] = []
    labels: list[tuple[str, str | None, Any]] = []
    values: list[float] = []
    rows: list[Array] = []
    for name, by in wanted:
        if name not in figures:
            problems.append(f"No figure '{name}' was described.{did_you_mean(name, figures)}")
            continue
        figure = figures[name]
        _present(frame, figure, by)
        m = frame[figure.mean].to_numpy(dtype=np.float64)
        P = np.ones(len(frame))
        if figure.group is not None:
            P = frame[figure.group].to_numpy(dtype=np.float64)
            if np.any((P < 0) | (P > 1)):
                problems.append(f"group '{figure.group}' is a share; some are outside 0-1.")
        if figure.sd is None:
            if np.any((m < 0) | (m > 1)):
                problems.append(
                    f"'{figure.mean}' has no sd, so it is a share; some are outside 0-1."
                )
            square = m * (1 - m)
        else:
            square = frame[figure.sd].to_numpy(dtype=np.float64) ** 2
        effect = _effect(frame, figure, P, deff, take)
        domain = np.zeros(len(frame)) if by is None else frame[by].to_numpy()
        for one in pd.unique(domain):
            inside = domain == one
            size = N[inside] * P[inside]
            if size.sum() <= 0:
                problems.append(f"'{name}' has nobody in its group where {by} is '{one}'.")
                continue
            M = float(np.sum(size * m[inside]) / size.sum())
            off = (m - M) ** 2 if figure.group is not None else 0.0
            spread = P * (square + off) - P**2 * off
            row = np.where(inside, N**2 * spread * effect, 0.0) / size.sum() ** 2
            labels.append((name, by, None if by is None else one))
            values.append(M)
            rows.append(np.asarray(row))
            if M == 0:
                problems.append(f"'{name}' is expected to be 0, so its CV does not exist.")
    if problems:
        raise DesignError(problems)
    coefficient = np.array(rows).reshape(len(rows), len(frame))
    return Precision(
        labels=pd.DataFrame(labels, columns=["figure", "by", "domain"]),
        value=np.array(values),
        coefficient=coefficient,
        fixed=coefficient @ (1 / N),
    )


def _effect(
    frame: pd.DataFrame, figure: Figure, P: Array, deff: Array, take: Array | None
) -> Array:
    def column(given: str | float) -> Array:
        if isinstance(given, str):
            return frame[given].to_numpy(dtype=np.float64)
        return np.full(len(frame), float(given))

    if figure.deff is not None:
        return column(figure.deff)
    if figure.icc is None or take is None:
        return deff
    company = P + column(figure.group_icc) * (1 - P)
    return np.asarray(1 + (take - 1) * company * column(figure.icc))


def _present(frame: pd.DataFrame, figure: Figure, by: str | None) -> None:
    wanted = [("mean", figure.mean), ("sd", figure.sd), ("group", figure.group), ("by", by)]
    wanted += [
        (role, name)
        for role, name in (
            ("icc", figure.icc),
            ("group_icc", figure.group_icc),
            ("deff", figure.deff),
        )
        if isinstance(name, str)
    ]
    absent = [(role, name) for role, name in wanted if name is not None and name not in frame]
    if absent:
        raise ColumnMissing(absent, frame.columns)
