"""The one maker of tables in HTML, read by a parser that knows nothing of it."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import chinchilla_nb
from chinchilla_nb.html_table import html_table

ATTACK = "<script>alert(1)</script> & 'co'"


def test_text_reads_back_and_none_of_it_is_markup():
    table = ET.fromstring(html_table([["a", ATTACK], ["b", "2"]], ["name", ATTACK]))
    assert [[cell.text for cell in row] for row in table.iter("tr")] == [["name", ATTACK], ["a", ATTACK], ["b", "2"]]
    assert {element.tag for element in table.iter()} == {"table", "thead", "tbody", "tr", "th", "td"}


def test_names_classes_and_style_stand_where_they_belong():
    rows = [["E", "1.7"], ["A", "400"]]
    text = html_table(rows, named_rows=True, table_class="x", row_classes=["", "y"], cell_style="padding:2px")
    assert text == (
        '<table class="x"><tbody>'
        "<tr><th scope='row' style='padding:2px'>E</th><td style='padding:2px'>1.7</td></tr>"
        "<tr class=\"y\"><th scope='row' style='padding:2px'>A</th><td style='padding:2px'>400</td></tr>"
        "</tbody></table>"
    )


def test_nobody_else_makes_a_table():
    package = Path(chinchilla_nb.__file__).parent
    makers = {
        str(path.relative_to(package)) for path in package.rglob("*.py") if re.search("<t[rdh][ >]", path.read_text())
    }
    # The engine shows a fit by itself, as it imports nothing from outside.
    assert makers == {"html_table.py"}
