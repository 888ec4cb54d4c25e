"""The equation of a law as MathML, which browsers draw without scripts, and as LaTeX."""

from __future__ import annotations

import re

from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.notation import Notation

__all__ = ["as_latex", "as_mathml"]

_SIGN = re.compile(r"\s*([=+()\[\],])\s*")


def _split(value: float) -> tuple[str, str]:
    """Return a number of four digits as its mantissa and its power of ten, which is empty for ordinary numbers."""
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return mantissa, str(int(exponent)) if exponent else ""


def _mathml_number(value: float) -> str:
    mantissa, exponent = _split(value)
    number = f"<mn>{mantissa}</mn>"
    if not exponent:
        return number
    return f"<mrow>{number}<mo>\N{MULTIPLICATION SIGN}</mo><msup><mn>10</mn><mn>{exponent}</mn></msup></mrow>"


def _latex_number(value: float) -> str:
    mantissa, exponent = _split(value)
    return rf"{mantissa} \times 10^{{{exponent}}}" if exponent else mantissa


_MATHML = Notation(
    number=_mathml_number,
    exponent=lambda value: f"<mn>{value:.4g}</mn>",
    variable=lambda letter: f"<mi>{letter}</mi>",
    power=lambda base, exponent: f"<msup><mrow>{base}</mrow>{exponent}</msup>",
    ratio=lambda numerator, denominator: f"<mfrac><mrow>{numerator}</mrow><mrow>{denominator}</mrow></mfrac>",
)
_LATEX = Notation(
    number=_latex_number,
    exponent=lambda value: f"{value:.4g}",
    variable=str,
    power=lambda base, exponent: f"{base}^{{{exponent}}}",
    ratio=lambda numerator, denominator: rf"\frac{{{numerator}}}{{{denominator}}}",
)


def as_latex(law: Law) -> str:
    """Return the equation of a law as LaTeX for math mode."""
    equation = re.sub(r"[(\[]", r"\\left\g<0>", law.equation(_LATEX))
    return re.sub(r"[)\]]", r"\\right\g<0>", equation)


def as_mathml(law: Law) -> str:
    """Return the equation of a law as MathML."""
    # Laws write signs and brackets as plain text, which in MathML stands in elements of its own.
    equation = _SIGN.sub(r"<mo>\1</mo>", law.equation(_MATHML))
    # Those around the arguments of L must not grow with the fractions.
    left, equals, right = equation.partition("<mo>=</mo>")
    equation = re.sub(r"<mo>([()])</mo>", r'<mo stretchy="false">\1</mo>', left) + equals + right
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow>{equation}</mrow></math>'
