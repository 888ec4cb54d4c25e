"""Text and tables as LaTeX that compiles with pdflatex and the package booktabs, whatever the text holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from types import MappingProxyType

from chinchilla_nb.quantity import RAISED_CHARACTERS

__all__ = ["latex_table", "latex_text"]

_ESCAPED = MappingProxyType(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': "''",
        "[": "{[}",  # at the beginning of a row it would be taken for an argument of the row before
        "]": "{]}",
        "\N{MULTIPLICATION SIGN}": r"$\times$",
        "\N{PLUS-MINUS SIGN}": r"$\pm$",
        "\N{MINUS SIGN}": r"$-$",
        "\N{EN DASH}": "--",
        "\N{THIN SPACE}": r"\,",
        "\N{NO-BREAK SPACE}": "~",
        "\N{GREEK SMALL LETTER KAPPA}": r"$\kappa$",
    }
)
_RAISED = re.compile(f"[{RAISED_CHARACTERS}]+")
_LOWERED = str.maketrans(RAISED_CHARACTERS, "-0123456789")
_ACCENTS = frozenset(
    "\N{COMBINING GRAVE ACCENT}\N{COMBINING ACUTE ACCENT}\N{COMBINING CIRCUMFLEX ACCENT}\N{COMBINING TILDE}"
    "\N{COMBINING DIAERESIS}\N{COMBINING CARON}\N{COMBINING CEDILLA}\N{COMBINING RING ABOVE}"
)
"""Accents that the default fonts of LaTeX put on any letter."""
_LETTERS = frozenset("ßæœøåÆŒØÅłŁ")
"""Letters that they have besides."""
NEW_LINE = r"\\"
TEXT_WIDTH = 345.0
"""Width of the text of a page in points: that of the class article at 10 points."""
GAP = 6.0
"""Points between columns: twice the `\\tabcolsep` of the table."""
_WIDTHS = MappingProxyType(
    {**dict.fromkeys(".,:;'|il\N{THIN SPACE}", 2.5), **dict.fromkeys("MmWw\N{MULTIPLICATION SIGN}", 8.0)}
    | dict.fromkeys(RAISED_CHARACTERS, 3.8)
)
"""Widths of characters in points at 8 points, rounded up: those of Computer Modern, in `\\footnotesize`."""
DIGIT, CAPITAL = 4.3, 6.5
"""Widths of a digit or another letter, and of a capital."""
SMALLER = 0.95
"""Widths in `\\scriptsize`, relative to these."""


def latex_text(text: str) -> str:
    """Return text for a LaTeX document; a character that LaTeX does not know is written by its number."""
    parts, end = [], 0
    for raised in _RAISED.finditer(text):
        parts += [_written(text[end : raised.start()]), rf"\textsuperscript{{{raised[0].translate(_LOWERED)}}}"]
        end = raised.end()
    return "".join([*parts, _written(text[end:])])


def latex_table(
    rows: Iterable[Sequence[str]], head: Sequence[str], *, caption: str, label: str, notes: Iterable[str] = ()
) -> str:
    """Return a table as LaTeX, with the rules of booktabs.

    Parameters
    ----------
    rows : iterable of sequence of str
        Plain text, which is escaped here. The second line of a cell, an interval, is set smaller below the first, and
        on two lines where the table would be wider than `TEXT_WIDTH`.
    head : sequence of str
        Names of the columns, set on two lines, since they are longer than numbers.
    caption : str
        LaTeX, such as text from `latex_text` with a formula.
    label : str
        Plain text by which the document refers to the table.
    notes : iterable of str
        Plain text, a paragraph each below the table.
    """
    rows = [list(row) for row in rows]
    is_wide = _table_width(rows, head) > TEXT_WIDTH
    lines = [
        "% needs \\usepackage{booktabs}",
        r"\begin{table}",
        r"  \centering\footnotesize\setlength{\tabcolsep}{3pt}",
        f"  \\caption{{{caption}}}",
        f"  \\label{{{re.sub('[^A-Za-z0-9:_-]', '-', label)}}}",
        rf"  \begin{{tabular}}{{@{{}}{'r' * len(head)}@{{}}}}",
        r"    \toprule",
        f"    {' & '.join(map(_stacked, head))} \\\\",
        r"    \midrule",
    ]
    for row in rows:
        split = [cell.partition("\n") for cell in row]
        lines.append(f"    {_row([first for first, _, _ in split])}")
        if any(second for _, _, second in split):
            below = [_interval(second, is_wide) if second else "" for _, _, second in split]
            lines += [f"    {' & '.join(below)} \\\\", r"    \addlinespace"]
    if lines[-1].strip() == r"\addlinespace":
        lines.pop()
    lines += [r"    \bottomrule", r"  \end{tabular}"]
    lines += [rf"  \par\smallskip{{\footnotesize {latex_text(note)}}}" for note in notes]
    return "\n".join([*lines, r"\end{table}", ""])


def _row(cells: Iterable[str]) -> str:
    return f"{' & '.join(map(latex_text, cells))} \\\\"


def _interval(text: str, is_wide: bool) -> str:
    """Return an interval in small type, its ends below each other in a wide table."""
    low, dash, high = text.partition("\N{EN DASH}")
    if not (is_wide and dash):
        return rf"{{\scriptsize {latex_text(text)}}}"
    lines = (f"{low.rstrip()}\N{THIN SPACE}{dash}", high.lstrip())
    return _above_each_other(rf"{{\scriptsize {latex_text(line)}}}" for line in lines)


def _stacked(name: str) -> str:
    """Return the name of a column on two lines of about the same length."""
    lines = _halves(name)
    return latex_text(name) if len(lines) < 2 else _above_each_other(map(latex_text, lines))


def _above_each_other(lines: Iterable[str]) -> str:
    return rf"\shortstack[r]{{{NEW_LINE.join(lines)}}}"


def _halves(name: str) -> tuple[str, ...]:
    words = name.split()
    if len(words) < 2:
        return (name,)
    halves = [(" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words))]
    return min(halves, key=lambda half: max(map(len, half)))


def _table_width(rows: Sequence[Sequence[str]], head: Sequence[str]) -> float:
    """Return the width of a table in points, with intervals on one line, or slightly more than that."""
    columns = []
    for name, *cells in zip(head, *rows, strict=True):
        split = [cell.partition("\n") for cell in cells]
        widths = [_width(first) for first, _, _ in split] + [SMALLER * _width(below) for _, _, below in split]
        columns.append(max(*map(_width, _halves(name)), *widths, 0.0))
    return sum(columns) + GAP * (len(columns) - 1)


def _width(text: str) -> float:
    return sum(_WIDTHS.get(one, CAPITAL if one.isupper() else DIGIT) for one in text)


def _written(text: str) -> str:
    return "".join(map(_character, text))


def _character(one: str) -> str:
    if one in _ESCAPED:
        return _ESCAPED[one]
    if one.isspace():
        return " "  # a line of its own would end a paragraph, which a caption must not
    letter, *accents = list(unicodedata.normalize("NFD", one))
    if one in _LETTERS or (letter.isascii() and letter.isprintable() and _ACCENTS.issuperset(accents)):
        return one
    return f"{{[}}U+{ord(one):04X}{{]}}"
