from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.errors import UserError
from datasets.formats.images import Features, ImageFile, image_hash, is_image, read_image, write_image

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)


def test_pixels_come_back(tmp_path: Path) -> None:
    write_image(PIXELS, tmp_path / "a.png")
    image = ImageFile(tmp_path / "a.png")
    assert image.name == str(tmp_path / "a.png")
    assert image.read().dtype == np.uint8
    np.testing.assert_array_equal(image.read(), PIXELS)


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "I;16", "LA"])
def test_every_kind_becomes_red_green_and_blue(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(np.full((4, 6), 51, np.uint8))
    image = Image.fromarray(np.full((4, 6), 51 * 257, np.uint16)) if mode == "I;16" else grey.convert(mode)
    image.save(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"))
    pixels = read_image(next(tmp_path.iterdir()))
    assert pixels.shape == (4, 6, 3)
    if mode != "1":
        assert set(pixels.ravel()) == {51}


def test_a_grey_map_of_16_bits_is_as_bright_as_one_of_8(tmp_path: Path) -> None:
    (tmp_path / "a.pgm").write_bytes(b"P5 2 1 65535\n" + np.array([51 * 257, 200 * 257], ">u2").tobytes())
    assert read_image(tmp_path / "a.pgm")[..., 0].tolist() == [[51, 200]]


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    clear = np.zeros((1, 2, 4), np.uint8)
    clear[0, 1] = (10, 20, 30, 255)
    Image.fromarray(clear).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").tolist() == [[[255, 255, 255], [10, 20, 30]]]


def test_images_are_turned_as_the_camera_says(tmp_path: Path) -> None:
    image = Image.fromarray(PIXELS)
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), np.rot90(PIXELS, -1))


def test_copies_have_the_same_hash(tmp_path: Path) -> None:
    write_image(PIXELS, tmp_path / "a.png")
    write_image(PIXELS, tmp_path / "b.png")
    write_image(255 - PIXELS, tmp_path / "c.png")
    assert image_hash(tmp_path / "a.png") == image_hash(tmp_path / "b.png") != image_hash(tmp_path / "c.png")


@pytest.mark.parametrize(
    ("values", "kind", "good"),
    [
        ([0, 255], np.int32, True),
        ([0.0, 254.5], np.float32, True),
        ([0, 0], np.float32, True),
        ([0, 65535], np.int32, False),
        ([-1, 3], np.int32, False),
        ([0.0, 1.0], np.float32, False),
        ([0.0, np.nan], np.float32, False),
    ],
)
def test_pixels_of_32_bits_are_those_of_8_or_refused(
    tmp_path: Path, values: list[float], kind: type, good: bool
) -> None:
    path = tmp_path / "deep.tif"
    Image.fromarray(np.array([values], kind)).save(path)
    if good:
        assert read_image(path)[0, :, 0].tolist() == [int(value) for value in values]
        return
    with pytest.raises(UserError, match=r"deep\.tif: .*not 0 to 255; save it with 8 or 16 bits"):
        read_image(path)


def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    write_image(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:3000])
    readers: list[tuple[str, Callable[[Path], object]]] = [
        ("text.png", read_image),
        ("text.png", image_hash),
        ("empty.png", image_hash),
        ("cut.png", read_image),
    ]
    for name, read in readers:
        with pytest.raises(UserError, match=rf"{name}: is no image that can be read \(") as problem:
            read(tmp_path / name)
        assert "\n" not in str(problem.value)
    for _, read in readers:
        with pytest.raises(UserError, match=r"none\.png: there is no such image"):
            read(tmp_path / "none.png")


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image(PIXELS, tmp_path / "a.png")
    monkeypatch.setattr("datasets.formats.images.MOST_PIXELS", 34)
    with pytest.raises(UserError, match="7 x 5 pixels are too many"):
        read_image(tmp_path / "a.png")


def test_features_are_scaled_when_they_are_read() -> None:
    array = np.arange(6, dtype=np.int8).reshape(2, 3)
    assert Features("a", array, 1, np.array(0.5, np.float32)).read().tolist() == [1.5, 2.0, 2.5]
    assert Features("a", array, 0).read().dtype == np.float32


def test_names_of_images() -> None:
    assert is_image(Path("a.JPG"))
    assert not is_image(Path("a.txt"))
