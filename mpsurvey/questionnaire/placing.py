"""Where a module stands in a form, and what it can reach from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mpsurvey.catalogue import Module
from mpsurvey.errors import did_you_mean
from mpsurvey.questionnaire.host import Host
from mpsurvey.questionnaire.placed import Link, Placed

__all__ = ["Place", "Placing"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a form.

    Attributes
    ----------
    above
        Row of the host's survey sheet before which it lies.
    repeats
        The host's repeats around it.
    order
        How many modules stand before it.
    beside
        The host's repeat whose rows are asked, in a repeat of their own.
    """

    above: int
    repeats: tuple[str, ...]
    order: int
    beside: str | None


class Placing:
    """Finds a module's place, and says in `problems` why it cannot stand there."""

    def __init__(
        self, module: Module, host: Host, placed: tuple[Placed, ...], problems: list[str]
    ) -> None:
        self.module = module
        self.host = host
        self.placed = placed
        self.problems = problems

    def place(self, after: str | None, inside: str | None) -> Place:
        """Find the place that `after` or `inside` names, or the form's end."""
        end = Place(self.host.last_row + 1, (), len(self.placed), None)
        module = self.module
        if after is not None and inside is not None:
            self.problems.append("Say either after= or inside=, not both.")
            return end
        if after is None and inside is None:
            return end
        wanted = after if after is not None else inside
        for at, one in enumerate(self.placed):
            if wanted in (one.module.id, one.group) and after is not None:
                beside = one.beside if module.unit != "household" else None
                return Place(one.above, one.repeats, at + 1, beside)
        row = self.host.row(str(wanted))
        if row is None:
            known = [*self.host.names, *(one.module.id for one in self.placed)]
            near = did_you_mean(str(wanted), known)
            self.problems.append(f"The form has no '{wanted}' to put {module.id} by.{near}")
            return end
        opens = row.type.startswith("begin ")
        if inside is not None and not opens:
            self.problems.append(f"'{inside}' is {row.type}; inside= names a group or a repeat.")
            return end
        beside = None
        if inside is not None:
            above = self.host.ends[row.number]
            repeats = (*row.repeats, row.name) if row.type == "begin repeat" else row.repeats
        else:
            above = self.host.ends[row.number] + 1 if opens else row.number + 1
            repeats = row.repeats
            if row.type == "begin repeat" and module.unit != "household":
                beside = row.name
        if repeats and module.unit == "household":
            self.problems.append(
                f"{module.id} asks about the household; '{wanted}' lies inside the repeat "
                f"'{repeats[-1]}'. Put it after the repeat: after=\"{repeats[0]}\"."
            )
        order = sum(one.above <= above for one in self.placed)
        return Place(above, repeats, order, beside)

    def reached(self, links: Mapping[str, Link], place: Place) -> tuple[dict[str, Link], Place]:
        """Let a module beside a repeat reach into its rows, and refuse what it cannot reach."""
        module, repeats, beside = self.module, place.repeats, place.beside
        deeper: dict[str, str] = {}
        for name, link in links.items():
            row = self.host.row(link.variable) if link.how == "host" else None
            if row is not None and row.repeats[: len(repeats)] == repeats:
                rest = row.repeats[len(repeats) :]
                if len(rest) == 1:
                    deeper[name] = rest[0]
                elif rest:
                    self.problems.append(
                        f"{module.id}: '{link.variable}' lies in repeats within repeats "
                        f"({' / '.join(rest)}); put the module inside them."
                    )
            elif row is not None and row.repeats != repeats[: len(row.repeats)]:
                self.problems.append(
                    f"{module.id}: '{link.variable}' lies in the repeat '{row.repeats[-1]}', the "
                    "module in another."
                )
        around = set(deeper.values()) | ({beside} if beside else set())
        if module.unit == "household" and deeper:
            shown = ", ".join(f"'{links[name].variable}'" for name in deeper)
            self.problems.append(
                f"{module.id} asks about the household, but {shown} lies in the repeat "
                f"'{next(iter(deeper.values()))}': map a household variable."
            )
        elif len(around) > 1:
            self.problems.append(
                f"{module.id}: its host variables lie in different repeats "
                f"({', '.join(sorted(around))})."
            )
        beside = next(iter(around), None) if module.unit != "household" else None
        place = replace(place, beside=beside)
        out = {}
        for name, link in links.items():
            if name in deeper:
                out[name] = replace(link, repeat=deeper[name])
            elif link.how == "module":
                out[name] = self._from_module(name, link, place)
            else:
                out[name] = link
        return out, place

    def _from_module(self, name: str, link: Link, place: Place) -> Link:
        module, beside, repeats = self.module, place.beside, place.repeats
        owner = next(one for one in self.placed if link.variable in set(one.names()))
        question = next(
            (q for q in owner.module.questions if owner.own(q.name) == link.variable), None
        )
        if question is not None and question.roster:
            self.problems.append(
                f"{module.id}: '{name}' is asked for each row of {owner.module.id}'s roster."
            )
        if owner.beside:
            if owner.beside != beside:
                self.problems.append(
                    f"{module.id} needs '{name}' of {owner.module.id}, which is asked of each row "
                    f"of '{owner.beside}': put it after {owner.module.id}."
                )
            return replace(link, repeat=owner.rows_name)
        if owner.repeats != repeats[: len(owner.repeats)]:
            self.problems.append(
                f"{module.id} needs '{name}' of {owner.module.id}, which stands in the repeat "
                f"'{owner.repeats[-1]}': put it inside the same."
            )
        return replace(link, repeat=None)
