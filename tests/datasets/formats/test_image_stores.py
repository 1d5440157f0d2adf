"""Features of images in one archive: what is read, and what a damaged one is answered with."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.errors import UserError
from datasets.formats.image_stores import FeatureStore


def archive(**arrays: np.ndarray) -> bytes:
    """A compressed archive of these arrays beside those of two images."""
    buffer = io.BytesIO()
    features = np.arange(6, dtype=np.float32).reshape(2, 3)
    every = {"names": np.array(["a", "b"]), "features": features, **arrays}
    np.savez_compressed(buffer, allow_pickle=False, **every)
    return buffer.getvalue()


def read(content: bytes, folder: Path) -> FeatureStore:
    path = folder / "features.npz"
    path.write_bytes(content)
    return FeatureStore(path)


def set_in_headers(content: bytes, local: int, central: int, value: int) -> bytes:
    """The archive with a number of 16 bits set in both headers of each file."""
    data = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        place = data.find(mark)
        while place >= 0:
            data[place + offset : place + offset + 2] = value.to_bytes(2, "little")
            place = data.find(mark, place + 4)
    return bytes(data)


def with_damaged_stream(content: bytes) -> bytes:
    """One byte of the packed features is another."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        start = file.getinfo("features.npy").header_offset
    data = bytearray(content)
    lengths = (
        int.from_bytes(data[start + 26 : start + 28], "little"),
        int.from_bytes(data[start + 28 : start + 30], "little"),
    )
    place = start + 30 + sum(lengths)
    data[place : place + 4] = b"\xff\xff\xff\xff"
    return bytes(data)


DAMAGED = {
    "a damaged stream": with_damaged_stream(archive()),
    "an unknown version": set_in_headers(archive(), 4, 6, 99),
    "encrypted": set_in_headers(archive(), 6, 8, 1),
    "an unknown packing": set_in_headers(archive(), 8, 10, 97),
    "cut off": archive()[:-30],
    "empty": b"",
    "one array": b"\x93NUMPY\x01\x00",
    "no archive": b"PK\x03\x04",
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_archive_is_told_in_one_line(kind: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"features\.npz: no features can be read from it \(.+\)"):
        read(DAMAGED[kind], tmp_path)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_byte_changes_the_answer_is_features_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(archive())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UserError):
        store = read(bytes(content), tmp_path_factory.getbasetemp())
        assert np.isfinite(store.array).all()


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        (
            {"features": np.array([[1.0, 2], [np.nan, 1]])},
            "the features of b have a value that is not a finite",
        ),
        (
            {"features": np.array([[1.0, -np.inf], [2, 1]])},
            "the features of a have a value that is not a finite",
        ),
        (
            {"features": np.array([[1.0, 2], [1e300, 1]])},
            "the features of b have a value that is not a finite",
        ),
        ({"scale": np.array([1.0, np.inf, 1])}, "the scale has a value that is not a finite number"),
        ({"names": np.array([1, 2])}, "names are int64"),
        ({"names": np.array([["a", "b"]])}, "not texts"),
    ],
)
def test_what_no_model_can_read_is_refused(arrays: dict[str, np.ndarray], told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told):
        read(archive(**arrays), tmp_path)


def test_features_of_all_kinds_of_numbers_are_read(tmp_path: Path) -> None:
    for kind in (np.float16, np.float64, np.int8, np.uint8):
        store = read(archive(features=np.ones((2, 3), kind)), tmp_path)
        image = store.find("b")
        assert image is not None
        np.testing.assert_array_equal(image.read(), np.ones(3, np.float32))
