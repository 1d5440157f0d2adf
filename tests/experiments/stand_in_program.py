"""A program in place of Python, for tests of what is asked of a process and how its end is told."""

from __future__ import annotations

from pathlib import Path


def stand_in_program(folder: Path, script: str) -> str:
    """The path of a program in the folder that runs the lines of a shell script."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)
