"""What is said of a user's file that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

import datasets
from datasets.errors import UserError


def refusal(fields: tuple[str, ...], path: Path, **options: object) -> str:
    """The one line of the error."""
    with pytest.raises(UserError) as caught:
        datasets.load(str(path), fields, options)
    assert "\n" not in str(caught.value)
    return str(caught.value)
