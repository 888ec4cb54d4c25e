"""Doors of the laws beside the fit: set by hand, published, and laid over the runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from doors import Door
from result_doors import FIT, FORECAST
from runs import LAW

import chinchilla_nb
from chinchilla_nb import Chinchilla, LawByHand, NamedLaw

NAMES = "law|name|fixed|held|parameter|E|A|B"


def law_doors(cc: Chinchilla) -> Iterator[Door]:
    """Yield the doors of laws beside the fit; the project must have been fitted."""
    by_hand = LawByHand.of(FIT.problem, LAW)
    given: dict[str, Any] = {"problem": FIT.problem, "law": LAW}
    words = {"problem": "problem|law", "law": NAMES}
    yield Door("LawByHand.of", LawByHand.of, given, words)
    yield Door("LawByHand.near", LawByHand.near, given, words)
    yield Door("LawByHand.fixing", LawByHand.fixing, {**given, "names": ["alpha"]}, {**words, "names": NAMES})
    yield Door("LawByHand.range_of", by_hand.range_of, {"name": "alpha"}, {"name": NAMES})
    yield Door("LawByHand.position", by_hand.position, {"name": "alpha"}, {"name": NAMES})
    yield Door("LawByHand.moved", by_hand.moved, {"name": "alpha", "position": 0.3}, {"name": NAMES})
    yield Door("LawByHand.with_values", by_hand.with_values, {"values": {"alpha": 0.3}}, {"values": f"values|{NAMES}"})
    yield Door("LawByHand.followed", by_hand.followed, {"held": ["alpha"]}, {"held": NAMES})
    yield Door("NamedLaw", NamedLaw, {"name": "a law", "law": LAW, "source": "", "by_hand": False})
    yield Door("law_errors", chinchilla_nb.law_errors, {"law": LAW, "runs": FIT.runs}, {"runs": "runs|N and D"})
    set_by_hand = {"follow": True, "fixed": ["beta"], "alpha": 0.3}
    yield Door("Chinchilla.law_by_hand", cc.law_by_hand, set_by_hand, {"fixed": "fixed|a fit", "alpha": "alpha|A"})
    yield Door("Chinchilla.overlay", lambda law: cc.overlay(law), {"law": FORECAST}, {"law": NAMES})
