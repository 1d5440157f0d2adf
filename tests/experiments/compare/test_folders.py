from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from datasets.errors import UserError
from experiments.compare.folders import unlocked


def test_a_folder_that_is_held_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".lock").touch()
    with open(tmp_path / ".lock") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="still in use"), unlocked(tmp_path, seconds=0.3):
            pass
    with unlocked(tmp_path, seconds=0.3):
        pass
