"""Exponents are written as symbols in texts for people, and code stays code."""

from __future__ import annotations

import pytest

from chinchilla_nb.engine.laws.families import FAMILIES
from chinchilla_nb.engine.laws.symbols import in_symbols
from chinchilla_nb.engine.sentences import sentence


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
def test_every_exponent_has_the_symbol_of_its_law(family):
    for parameter in family.parameters:
        assert (
            in_symbols(f"widen the bounds of {parameter.name}, or not")
            == f"widen the bounds of {parameter.symbol}, or not"
        )
        assert in_symbols(parameter.name) == parameter.symbol


@pytest.mark.parametrize(
    "text", ["bounds['alpha'] = 1", 'the column "beta"', "alphabet", "my_alpha", "alpha2", "betas"]
)
def test_what_is_code_or_another_word_stays(text):
    assert in_symbols(text) == text


def test_a_sentence_does_not_make_another_symbol_of_the_first_one():
    assert sentence(in_symbols("alpha = 0.3 is uncertain")) == "α = 0.3 is uncertain."
    assert sentence("a run lies far off") == "A run lies far off."
