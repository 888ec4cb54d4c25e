"""Walk through all that the workbench does: ``python tests/browser/walk_rows.py FOLDER [NAME ...]``.

JupyterLab, Notebook and Voila, light and dark, 900, 1,400 and 1,900 pixels wide, on the export of a tracker. Every step
clicks, checks what follows, and saves a screenshot. A name, such as ``notebook-dark-1900``, consists of an application,
a theme and a width; without names all eighteen are walked, which takes about two minutes each.
"""

from __future__ import annotations

import os
import sys

import walk_fits as fits
import walk_plans as plans
import walk_runs as runs
from places import names_of, open_places
from walk import Walk

# Steps use what those before them have left.
STEPS = (
    runs.import_with_questions,
    runs.add_the_rows,
    fits.fit_with_a_loss,
    fits.sensitivity_to_the_loss,
    runs.filter_with_words,
    runs.end_the_filter,
    runs.exclude_an_architecture,
    runs.undo_the_exclusion,
    runs.select_in_the_table,
    runs.select_with_a_box,
    runs.select_with_a_lasso,
    runs.colour_by_a_column,
    runs.show_the_group_again,
    fits.open_a_profile,
    fits.set_a_law_by_hand,
    fits.fix_and_follow,
    fits.fit_from_the_law_by_hand,
    fits.lay_a_published_law_over_the_runs,
    fits.open_diagnostics,
    fits.open_roll_outs,
    fits.compare_and_restore_fits,
    fits.restore_a_fit,
    plans.type_a_budget,
    plans.describe_the_hardware,
    plans.shrink_the_axes,
    plans.draw_the_loss_above_e,
    plans.draw_linear_axes,
    plans.fill_the_panel_with_a_chart,
    plans.shrink_the_chart_again,
    plans.hover_a_run,
    plans.copy_and_save,
    plans.plan_under_a_constraint,
    plans.choose_the_next_runs,
    plans.publish,
    runs.compare_groups,
    plans.compare_three_approaches,
    plans.simulate_from_the_fit,
    plans.open_the_configuration,
    plans.load_the_page_again,
)
WIDTHS = (900, 1400, 1900)
OPEN = """
from pathlib import Path
from chinchilla_nb import Chinchilla, Workbench
Path("project").mkdir(exist_ok=True)
cc = Chinchilla("project", log_level=50)
cc.keep_session()
workbench = Workbench(cc)
workbench
"""


def main(folder: str, *only: str) -> int:
    """Walk through all combinations, or those with the given names; return how many steps failed."""
    os.environ["CHINCHILLA_NB_SCREENSHOTS"] = folder
    failed = 0
    for opened in open_places(only or names_of(WIDTHS), OPEN):
        walk = Walk(opened)
        walk.take(STEPS)
        print(f"{opened.name}: {len(STEPS) - len(walk.failed)} of {len(STEPS)} steps", flush=True)
        failed += len(walk.failed)
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(*sys.argv[1:] or ["screenshots"])))
