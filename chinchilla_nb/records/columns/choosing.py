"""Choose one way to read each quantity, or say what must be asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.sentences import enumerated
from chinchilla_nb.records.columns.candidates import EMPTY, Candidate, Considered, quantity_range, range_text
from chinchilla_nb.records.columns.consistency import EXACT, Agreement, agreement
from chinchilla_nb.records.columns.contenders import contenders
from chinchilla_nb.records.columns.meanings import LETTER
from chinchilla_nb.records.columns.meanings.compute import BUDGET
from chinchilla_nb.records.columns.meanings.parameters import ACTIVE
from chinchilla_nb.records.columns.values import is_plausible

__all__ = ["Choices", "Question", "choose"]

MOST_COMBINATIONS = 2_000
"""Combinations of N, D and C that are compared; more ways to read a table are a question anyway."""
TOKENS_PER_PARAMETER = (0.1, 1e6)
"""Range of the median of D/N in studies of scaling, which lies between one and some ten thousands: a column of steps,
or of another unit than its name states, is outside."""


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """What a table does not say about a quantity.

    Attributes
    ----------
    quantity : str
    why : str
        A sentence without its full stop.
    options : tuple of Candidate
        Ways to read it; may be empty.
    """

    quantity: str
    why: str
    options: tuple[Candidate, ...]


@dataclass(eq=False, slots=True)
class Choices:
    """How each quantity is read, what must be asked, and what else to say, in sentences without full stops."""

    taken: dict[str, Candidate] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def ask(self, quantity: str, why: str, options: Iterable[Candidate]) -> None:
        """Ask for a quantity, which is not taken then."""
        self.taken.pop(quantity, None)
        self.questions.setdefault(quantity, Question(quantity, why, tuple(options)))


def choose(
    found: Mapping[str, Sequence[Candidate]],
    given: Mapping[str, Candidate | None],
    products: Sequence[Candidate],
    ruled_out: Sequence[Considered],
) -> Choices:
    """Choose how to read each quantity.

    Parameters
    ----------
    found : mapping of str to sequence of Candidate
        By quantity.
    given : mapping of str to Candidate or None
        What the user has chosen; None for a quantity that must not be read.
    products : sequence of Candidate
        Ways to compute D from other columns.
    ruled_out : sequence of Considered
    """
    choices = Choices()
    groups = {quantity: contenders(quantity, ways, ruled_out) for quantity, ways in found.items()}
    for quantity, way in given.items():
        groups[quantity] = [] if way is None else [way]
    _choose_loss(choices, groups["loss"], was_given="loss" in given)
    _ask_about_unreadable(choices, ruled_out, given)
    _prefer_active(choices, groups, given)
    _choose_sizes(choices, groups)
    _choose_compute(choices, groups["C"], was_given="C" in given)
    _derive_missing(choices, groups, products)
    _check_data_per_parameter(choices, given)
    return choices


def _choose_loss(choices: Choices, group: Sequence[Candidate], *, was_given: bool) -> None:
    columns = list(dict.fromkeys(str(column) for way in group for column in way.source.columns))
    if not group:
        why = "choose the column that holds the loss" if was_given else "no column is recognised as the loss"
        choices.ask("loss", why, ())
    elif len(columns) > 1:
        choices.ask("loss", f"the columns {_listed(columns)} hold different losses", group)
    elif len(group) > 1 or group[0].doubt:
        choices.ask("loss", group[0].doubt, group)
    else:
        choices.taken["loss"] = group[0]


def _ask_about_unreadable(choices: Choices, ruled_out: Sequence[Considered], given: Mapping[str, object]) -> None:
    """Ask about a loss if the name of another column ranks before it, but cannot be read; say so if that is empty."""
    taken = choices.taken.get("loss")
    if taken is None or "loss" in given:
        return
    for one in ruled_out:
        if one.quantity != "loss" or one.rank is None or one.rank >= taken.rank:
            continue
        if one.why == EMPTY:
            choices.notes.append(f"{one.column!r} {one.why}")
        else:
            choices.ask("loss", f"{one.column!r} {one.why}", [taken])


def _prefer_active(choices: Choices, groups: dict[str, list[Candidate]], given: Mapping[str, object]) -> None:
    """Take the active parameters of a mixture of experts rather than all, and say so, unless compute says otherwise."""
    active = [way for way in groups["N"] if way.variant == ACTIVE]
    others = [way for way in groups["N"] if way.variant != ACTIVE]
    if len(active) != 1 or not others or "N" in given:
        return
    exact = {id(combination[0]) for combination, _ in _exact(groups)}
    if exact and id(active[0]) not in exact:
        return
    groups["N"] = active
    names = _listed(way.source.columns[0] for way in others)
    choices.notes.append(
        f"N is the number of active parameters, {active[0].source.columns[0]!r}; {names} would count all of them"
    )


def _choose_sizes(choices: Choices, groups: Mapping[str, Sequence[Candidate]]) -> None:
    """Choose N and D; compute decides between several ways to read them."""
    open_ones = [name for name in ("N", "D") if len(groups[name]) > 1 or any(way.doubt for way in groups[name])]
    exact = _exact(groups) if open_ones else []
    ways = {name: _distinct(combination[place] for combination, _ in exact) for place, name in enumerate(("N", "D"))}
    for name in ("N", "D"):
        if name not in open_ones:
            if groups[name] and not _is_lone_letter(name, groups):
                choices.taken[name] = groups[name][0]
            elif groups[name]:
                way = groups[name][0]
                choices.ask(name, f"{str(way.source)!r} alone does not say that it is {name}", [way])
        elif len(ways["N"]) == len(ways["D"]) == 1:
            choices.taken[name] = ways[name][0]
            choices.notes.append(_decided(name, ways[name][0], groups[name], exact[0][1]))
        else:
            choices.ask(name, _why_open(name, groups[name]), ways[name] or groups[name])


def _is_lone_letter(name: str, groups: Mapping[str, Sequence[Candidate]]) -> bool:
    """Return whether a quantity is known by a small letter only, n or d, and the other one by no column at all."""
    other = "D" if name == "N" else "N"
    return groups[name][0].rank >= LETTER and not groups[other]


def _why_open(name: str, group: Sequence[Candidate]) -> str:
    columns = list(dict.fromkeys(way.source.columns[0] for way in group))
    if len(columns) == 1:
        return group[0].doubt
    doubt = next((f"; {way.doubt}" for way in group if way.doubt), "")
    return f"the columns {_listed(columns)} can be {name} and differ{doubt}"


def _decided(name: str, way: Candidate, group: Sequence[Candidate], ratio: Agreement) -> str:
    others = [str(other.source) for other in group if other is not way]
    rather = f" rather than {_listed(others)}" if others else ""
    return f"{name} is {str(way.source)!r}{rather}, because then {ratio}"


def _exact(groups: Mapping[str, Sequence[Candidate]]) -> list[tuple[tuple[Candidate, Candidate, Candidate], Agreement]]:
    """Return the combinations of N, D and C with C = 6ND."""
    found = []
    combinations = itertools.product(groups["N"], groups["D"], groups["C"])
    for combination in itertools.islice(combinations, MOST_COMBINATIONS):
        ratio = agreement(*(way.numbers for way in combination))
        if ratio is not None and ratio.exact:
            found.append((combination, ratio))
    return found


def _choose_compute(choices: Choices, group: Sequence[Candidate], *, was_given: bool) -> None:
    """Choose the compute, and say how it compares with 6ND."""
    N, D = choices.taken.get("N"), choices.taken.get("D")
    ratios = [] if N is None or D is None else [(way, agreement(N.numbers, D.numbers, way.numbers)) for way in group]
    # A budget beside N and D may be of money: it is the compute only if it is 6ND.
    ratios = [(way, ratio) for way, ratio in ratios if was_given or way.variant != BUDGET or (ratio and ratio.exact)]
    group = [way for way, _ in ratios] if N is not None and D is not None else group
    known = [(way, ratio) for way, ratio in ratios if ratio is not None]
    if not known:
        _choose_uncompared(choices, group)
        return
    possible = [one for one in known if was_given or (one[1].exact if one[0].doubt else one[1].possible)]
    if len(possible) == 1:
        way, ratio = possible[0]
        choices.taken["C"] = way
        if not ratio.exact:
            choices.notes.append(
                f"{ratio}: C is kept as {str(way.source)!r} gives it, and plans use C = 6ND "
                "unless the setting compute is 'fitted'"
            )
    elif possible:
        names = _listed(str(way.source) for way, _ in possible)
        choices.ask("C", f"{names} can be the compute and differ", [way for way, _ in possible])
    else:
        way, ratio = known[0]
        why = f"with C from {str(way.source)!r}, {ratio}, so that C, N or D holds something else or has another unit"
        choices.ask("C", why, group)


def _choose_uncompared(choices: Choices, group: Sequence[Candidate]) -> None:
    """Choose the compute of a table in which no row has N, D and C."""
    if len(group) == 1 and not group[0].doubt:
        choices.taken["C"] = group[0]
    elif group and not choices.questions.keys() & {"N", "D"}:
        choices.ask("C", _why_open("C", group), group)


def _derive_missing(choices: Choices, groups: Mapping[str, Sequence[Candidate]], products: Sequence[Candidate]) -> None:
    """Let C = 6ND give N or D where no column does, or ask for it."""
    for name, other in (("N", "D"), ("D", "N")):
        if groups[name]:
            continue
        options = list(products) if name == "D" else []
        compute, size = choices.taken.get("C"), choices.taken.get(other)
        if size is not None and "C" in choices.questions:
            continue  # the answer gives it
        if compute is None or size is None:
            choices.ask(name, f"no column is recognised as {name}", options)
            continue
        derived = compute.numbers / (6 * size.numbers)
        ratio = derived / size.numbers if name == "D" else size.numbers / derived
        if not (is_plausible(name, derived) and _is_usual_ratio(ratio)):
            span = quantity_range(name, derived)
            choices.ask(name, f"no column is recognised as {name}, and C/(6{other}) would be {span}", options)
        elif options and all(_contradicts(product, derived) for product in options):
            span, more = quantity_range(name, derived), quantity_range(name, options[0].numbers)
            why = f"C/(6{other}) would be {span}, but {options[0].variant} is {more}"
            choices.ask(name, why, options)
        else:
            choices.notes.append(f"{name} = C/(6{other}), because no column is recognised as {name}")


def _contradicts(product: Candidate, derived: NDArray[np.float64]) -> bool:
    ratio = product.numbers / derived
    ratio = ratio[np.isfinite(ratio)]
    return bool(ratio.size and (ratio.max() > EXACT or ratio.min() < 1 / EXACT))


def _check_data_per_parameter(choices: Choices, given: Mapping[str, object]) -> None:
    """Ask about D if it is no plausible amount of data for models of size N, which a wrong unit or column causes."""
    if "N" not in choices.taken or "D" not in choices.taken or given.keys() & {"N", "D"}:
        return
    N, D = choices.taken["N"], choices.taken["D"]
    ratio = D.numbers / N.numbers
    if not _is_usual_ratio(ratio):
        choices.ask("D", f"{str(N.source)!r} and {str(D.source)!r} would give D/N = {range_text(ratio)}", [D])


def _is_usual_ratio(ratio: NDArray[np.float64]) -> bool:
    """Return whether D/N is what it is in studies of scaling."""
    ratio = ratio[np.isfinite(ratio)]
    least, largest = TOKENS_PER_PARAMETER
    return not ratio.size or bool(least <= np.median(ratio) <= largest)


def _distinct(ways: Iterable[Candidate]) -> list[Candidate]:
    return list({id(way): way for way in ways}.values())


def _listed(names: Iterable[str]) -> str:
    return enumerated([repr(name) for name in dict.fromkeys(names)])
