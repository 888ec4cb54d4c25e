"""What the page shows while its kernel starts, and if that fails: its first bytes, before those of Voila.

A browser adds what follows to the same page: of a second ``<html>``, ``<head>`` or ``<body>`` it takes the attributes
and the content.
"""

from __future__ import annotations

from chinchilla_nb.serving.kernel_watch import KERNEL_WATCH

__all__ = ["FAILED", "FIRST"]

FIRST = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>chinchilla-nb</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
#cnb-first {{ font: 16px/1.5 system-ui, sans-serif; max-width: 38rem; margin: 15vh auto 0; padding: 0 1rem; }}
#cnb-first p {{ margin: 0 0 .5em; }}
#cnb-first .cnb-first-title {{ font-size: 1.4em; font-weight: 600; }}
#loading {{ display: none !important; }}
@media (prefers-color-scheme: dark) {{ body:has(#cnb-first) {{ color: #e0e0e0; background: #111; }} }}
</style></head>
<body>
<div id="cnb-first" role="status"><p class="cnb-first-title">Opening the workbench …</p>
<p>Its kernel is starting and reads the runs, which takes a few seconds.</p>
<noscript><p>The workbench needs JavaScript, which is switched off in this browser.</p></noscript></div>
<script>{{
  const first = document.getElementById("cnb-first"), begun = Date.now();
  const shown = setInterval(() => {{
    const cells = document.getElementById("rendered_cells");
    if (cells && cells.style.display !== "none") {{ first.remove(); clearInterval(shown); }}
    else if (Date.now() - begun > 30000) {{
      first.children[1].textContent = "This takes longer than usual. The terminal of chinchilla-nb shows errors.";
    }}
  }}, 100);
}}</script>
{KERNEL_WATCH}"""
FAILED = """<script>{
  const first = document.getElementById("cnb-first");
  first.setAttribute("role", "alert");
  first.children[0].textContent = "The workbench could not be opened";
  first.children[1].textContent = "Its kernel did not start. The terminal in which chinchilla-nb runs shows why. "
    + "Reload this page to try again.";
}</script>
"""
"""Follows what is there when the kernel cannot be started."""
