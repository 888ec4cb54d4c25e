"""Find a Chromium to test with, or install one: ``python tests/browser/find_chromium.py``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIAN_PACKAGES = ("chromium", "fonts-dejavu-core")


def find_chromium() -> str | None:
    """Return the path of the system's browser, or else of Playwright's, or else None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    # Imported here because Playwright starts a driver process, which a browser on PATH does not need.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install_chromium() -> None:
    """Install Debian's package if possible, or else the browser that Playwright downloads."""
    # Debian's first: it works where only package mirrors can be reached, and includes the libraries it needs.
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", *DEBIAN_PACKAGES]):
            if subprocess.run(["apt-get", "-qq", *command], env=environment, check=False).returncode:
                break
    if find_chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> str | None:
    """Print which browser the tests will use, or return the sentence to exit with."""
    if find_chromium() is None:
        print("no Chromium found, installing one", flush=True)
        install_chromium()
    path = find_chromium()
    if path is None:
        return "no Chromium could be installed: install chromium or google-chrome so that it is on PATH, then try again"
    print(f"browser tests use {path}")
    return None


if __name__ == "__main__":
    sys.exit(main())
