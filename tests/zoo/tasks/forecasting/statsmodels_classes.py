"""Classes of statsmodels, which tests compare with."""

from __future__ import annotations

import importlib
import warnings
from typing import Any


def from_statsmodels(module: str, name: str) -> Any:
    """A class of statsmodels, whose modules use what newer versions of pandas warn of when they are imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(f"statsmodels.{module}"), name)
