"""A script for pages of ``chinchilla-nb`` and Voila that says within seconds that the kernel or the server is lost.

Without it, the panels would look alive. JupyterLab and Notebook tell the panels themselves; see
``widgets/base/lost_kernel.css``.
"""

from __future__ import annotations

__all__ = ["KERNEL_WATCH"]

KERNEL_WATCH = """<style>
.cnb-lost-note { position: fixed; z-index: 10000; top: 0; left: 0; right: 0; display: flex; flex-wrap: wrap; gap: 12px;
  align-items: center; justify-content: center; padding: 10px 16px; font: 15px/1.4 system-ui, sans-serif;
  color: #fff; background: #b3261e; }
.cnb-lost-note button { font: inherit; font-weight: 600; padding: 3px 14px; border: 1px solid #fff; border-radius: 4px;
  color: #fff; background: none; cursor: pointer; }
.cnb-lost-note button:focus-visible { outline: 2px solid #fff; outline-offset: 2px; }
body.cnb-lost .cnb { filter: grayscale(1); opacity: .5; pointer-events: none; }
</style>
<script>(() => {
  if (window.cnbKernelWatch) return;
  const KERNEL = "The kernel behind this page has ended, so nothing on it responds. Reload the page to start another.";
  const SERVER = "The server of this page does not answer, so nothing on it responds. If it has ended, start it again, "
    + "and open the address that it prints.";
  const LOGIN = "This page is no longer logged in. Open the address that the server printed when it started.";
  let failures = 0;
  const note = document.createElement("div"), text = document.createElement("span");
  const reload = document.createElement("button");
  note.className = "cnb-lost-note";
  note.setAttribute("role", "alert");
  reload.textContent = "Reload";
  reload.onclick = () => location.reload();
  note.append(text, reload);
  const say = (what) => {
    document.body.classList.toggle("cnb-lost", Boolean(what));
    if (!what) { note.remove(); return; }
    if (text.textContent !== what || !note.isConnected) { text.textContent = what; document.body.append(note); }
  };
  const look = async () => {
    const config = document.getElementById("jupyter-config-data");
    const {baseUrl, kernelId} = JSON.parse(config?.textContent ?? "{}");
    if (!kernelId) return;
    let status = 0;
    try {
      const options = {cache: "no-store", signal: AbortSignal.timeout(5000)};
      status = (await fetch(`${baseUrl}api/kernels/${kernelId}`, options)).status;
    } catch { /* No answer: a status of 0. */ }
    failures = status === 0 || status >= 500 ? failures + 1 : 0;
    // A server that starts the kernel anew tells only the panels, which are not in the new one.
    const isLeft = document.querySelector(".cnb.jupyter-widgets-disconnected");
    if (status === 404 || (status === 200 && isLeft)) { clearInterval(window.cnbKernelWatch); say(KERNEL); }
    else if (status === 401 || status === 403) say(LOGIN);
    else if (!failures) say("");
    else if (failures > 1) say(SERVER);
  };
  window.cnbKernelWatch = setInterval(look, 2000);
})()</script>
"""
"""Asks twice before it says that the server does not answer, because a connection can break for a moment. An ended
kernel does not come back, so that the asking ends, too."""
