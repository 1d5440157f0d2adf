from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import UserError
from datasets.formats.images import Features, read_image
from datasets.formats.tables import Format
from datasets.input_kinds.images import KIND

FORM = Format()


def test_images_of_a_list_or_a_table(tmp_path: Path) -> None:
    (tmp_path / "images.txt").write_text("a b.png\n\n  sub/c.jpg \n")
    (tmp_path / "images.csv").write_text("caption,file_name\nx,c.jpg\ny,d.jpg\n")
    (tmp_path / "empty.csv").write_text("caption,photo\nx,c.jpg\ny,\n")
    assert list(KIND.read(tmp_path / "images.txt", None, FORM)) == [
        str(tmp_path / "a b.png"),
        str(tmp_path / "sub/c.jpg"),
    ]
    assert [Path(name).name for name in KIND.read(tmp_path / "images.csv", None, FORM)] == ["c.jpg", "d.jpg"]
    with pytest.raises(UserError, match=r"empty\.csv line 3: the image is not the name of a file"):
        list(KIND.read(tmp_path / "empty.csv", "photo", FORM))


def test_an_example_becomes_a_file_of_the_same_features(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    (path,) = KIND.examples([{"image": Features("a", values, 1)}], tmp_path)
    with np.load(path) as stored:
        assert stored["names"].tolist() == ["a"]
        np.testing.assert_array_equal(stored["features"], values[1:])


def test_an_example_becomes_a_file_of_the_same_pixels(tmp_path: Path) -> None:
    class Picture:
        def read(self) -> np.ndarray:
            return np.arange(24, dtype=np.uint8).reshape(2, 4, 3)

    assert KIND.examples([{"image": Picture()}], tmp_path) == [str(tmp_path / "0.png")]
    np.testing.assert_array_equal(read_image(tmp_path / "0.png"), Picture().read())
