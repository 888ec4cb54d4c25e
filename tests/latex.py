"""LaTeX checked without LaTeX, and compiled where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

COMMANDS = {
    *(
        "begin",
        "end",
        "shortstack",
        "centering",
        "caption",
        "label",
        "toprule",
        "midrule",
        "bottomrule",
        "addlinespace",
        "small",
    ),
    *("footnotesize", "scriptsize", "setlength", "tabcolsep", "par", "smallskip", "frac", "left", "right", "times"),
    *("pm", "kappa", "textsuperscript", "textbackslash", "textasciitilde", "textasciicircum", "textless"),
    *("textgreater", "textbar"),
}
PAGE = "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n%s\n\\end{document}\n"


def problems(source: str) -> list[str]:
    """What keeps a fragment from compiling: unknown commands, unescaped characters, braces, rows of other lengths."""
    body = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
    inline = body.replace("\\\\", " ")  # line breaks
    found = [f"command {name}" for name in re.findall(r"\\([a-zA-Z]+)", inline) if name not in COMMANDS]
    bare = re.sub(r"\\[&%$#_{},]", "", inline)
    found += [f"unescaped {one}" for one in "%#" if one in bare]
    found += ["open math"] if bare.count("$") % 2 else []
    outside = re.sub(r"\$[^$]*\$", "", bare)
    outside = re.sub(r"\\(begin|end|label|setlength)\{[^}]*\}(\{[^}]*\})*", "", outside)
    found += [f"{one} outside of math" for one in "_^" if one in outside]
    depth = 0
    for one in bare:
        depth += {"{": 1, "}": -1}.get(one, 0)
        found += ["closed too often"] if depth < 0 else []
    found += ["open braces"] if depth else []
    rows = [line for line in body.splitlines() if line.rstrip().endswith("\\\\")]
    columns = re.search(r"\\begin\{tabular\}\{@\{\}(r+)@\{\}\}", body)
    counts = {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows}
    found += [f"rows of {counts} cells"] if columns is None or counts != {len(columns[1])} else []
    return found


def compiled(source: str, folder: Path) -> str:
    """Return what pdflatex says of errors in a document around a fragment; empty if it compiles or is missing."""
    code, text = _run(source, folder)
    return "" if code == 0 else text[text.find("\n!") :]


def too_wide(source: str, folder: Path) -> list[str]:
    """Return what pdflatex says of lines that are wider than the text of an article; empty if it is missing."""
    return re.findall(r"Overfull \\hbox[^\n]*", _run(source, folder)[1])


def _run(source: str, folder: Path) -> tuple[int, str]:
    if shutil.which("pdflatex") is None:
        return 0, ""
    (folder / "page.tex").write_text(PAGE % source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    return ended.returncode, ended.stdout.decode(errors="replace")
