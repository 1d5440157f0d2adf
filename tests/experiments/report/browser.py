"""A headless Chromium, where there is one: what a page looks like to it after its script has run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def dump(page: Path, folder: Path, *flags: str) -> tuple[str, str]:
    """The page's document after its script, and what Chromium wrote to standard error (console included)."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            f"--user-data-dir={folder}", "--enable-logging=stderr", "--v=0", *flags, "--dump-dom", page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr
