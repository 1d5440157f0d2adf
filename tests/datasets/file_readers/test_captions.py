from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import datasets
from datasets.base import Dataset
from datasets.formats.images import write_image
from tests.datasets.file_readers.refusals import refusal
from tests.datasets.splits import splits_of

FIELDS = ("image", "captions")


def picture(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8), path)
    return path


def flickr(path: Path, images: int = 9) -> Path:
    """Flickr8k's files: two captions an image; the last image is in no list and not there."""
    text = path / "Flickr8k_text"
    text.mkdir(parents=True)
    names = [f"{n}.jpg" for n in range(images)] + ["lost.jpg.1"]
    lines = [f"{name}#{k}\tA dog {name} {k} .\n" for name in names for k in range(2)]
    (text / "Flickr8k.token.txt").write_text("".join(lines))
    for split, which in (("train", names[:5]), ("dev", names[5:7]), ("test", names[7:9])):
        (text / f"Flickr_8k.{split}Images.txt").write_text("\n".join(which) + "\n")
    for n, name in enumerate(names[:-1]):
        picture(path / "Flicker8k_Dataset" / name, n)
    return path


def features(path: Path, its_names: list[str], shape: tuple[int, ...] = (3,), **arrays: np.ndarray) -> str:
    made = np.arange(len(its_names) * np.prod(shape)).reshape(len(its_names), *shape)
    content = {"names": np.array(its_names), "features": made.astype(np.int8), **arrays}
    np.savez(path, allow_pickle=False, **content)
    return str(path)


def load(path: Path, **options: object) -> Dataset:
    return datasets.load(str(path), FIELDS, options)


def told(path: Path, **options: object) -> str:
    return refusal(FIELDS, path, **options)


def sizes(data: Dataset) -> list[int]:
    return [len(split) for split in splits_of(data)]


def test_files_as_of_flickr8k(tmp_path: Path) -> None:
    data = load(flickr(tmp_path))
    assert sizes(data) == [5, 2, 2]
    first = next(iter(splits_of(data)[2]))
    assert first["captions"] == ("A dog 7.jpg 0 .", "A dog 7.jpg 1 .")
    assert first["image"].read().shape == (4, 4, 3)
    assert data.info.notes == ("1 images with captions are in no list (lost.jpg.1); left out",)
    assert sizes(load(tmp_path / "Flickr8k_text", images=str(tmp_path / "Flicker8k_Dataset"))) == [5, 2, 2]
    token_file = tmp_path / "Flickr8k_text/Flickr8k.token.txt"
    assert sizes(load(token_file, images=str(tmp_path / "Flicker8k_Dataset"))) == [5, 2, 2]
    token_file.with_name("Flickr8k.lemma.token.txt").write_text("7.jpg#0\tdog\n")
    assert next(iter(splits_of(load(tmp_path))[2]))["captions"] == first["captions"]


@pytest.mark.parametrize("as_folder", [True, False])
def test_captions_as_kaggle_has_them(tmp_path: Path, as_folder: bool) -> None:
    for n in range(9):
        picture(tmp_path / "Images" / f"{n}.jpg", n)
    rows = [f'{n}.jpg,"A dog , {n}, {k} ."\n' for n in range(9) for k in range(2)]
    path = tmp_path / "captions.txt"
    path.write_text("image,caption\n" + "".join(rows))
    data = load(tmp_path if as_folder else path)
    assert sum(sizes(data)) == 9
    assert all(example["captions"][0].endswith(", 0 .") for example in data.train)


def test_features_in_place_of_images(tmp_path: Path) -> None:
    flickr(tmp_path)
    names = [f"{n}.jpg" for n in range(9)]
    data = load(
        tmp_path, features=features(tmp_path / "f.npz", names, (2, 2, 3), scale=np.array(0.5, np.float32))
    )
    image = next(iter(data.valid))["image"]
    assert image.name == "5.jpg"
    np.testing.assert_array_equal(image.read(), np.arange(60, 72).reshape(2, 2, 3) * np.float32(0.5))
    vectors = load(tmp_path, features=features(tmp_path / "v.npz", names))
    assert next(iter(vectors.train))["image"].read().tolist() == [0, 1, 2]


def test_an_image_that_is_not_there_is_told_or_left_out(tmp_path: Path) -> None:
    flickr(tmp_path)
    (tmp_path / "Flicker8k_Dataset/6.jpg").unlink()
    assert "line 13: there is no image" in told(tmp_path)
    assert told(tmp_path).endswith("6.jpg; --missing skip leaves such images out")
    data = load(tmp_path, missing="skip")
    assert sizes(data) == [5, 1, 2]
    assert "1 images have captions and are not there (6.jpg); left out" in data.info.notes
    few = features(tmp_path / "f.npz", [f"{n}.jpg" for n in range(8)])
    assert "f.npz has no features of the image 8.jpg" in told(tmp_path, features=few)


def test_karpathys_json(tmp_path: Path) -> None:
    splits = ["train", "restval", "train", "val", "test"]
    images: list[dict[str, object]] = [
        {
            "filename": f"{n}.jpg",
            "split": split,
            "sentences": [{"raw": f"Caption {n}."}, {"raw": " Another. "}],
        }
        for n, split in enumerate(splits)
    ]
    images[0]["filepath"] = "deep"
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({"dataset": "toy", "images": images}))
    for n in range(5):
        picture(tmp_path / "images" / ("deep" if n == 0 else "") / f"{n}.jpg", n)
    for spec in (path, tmp_path):
        data = load(spec)
        assert sizes(data) == [3, 1, 1]
        assert next(iter(data.train))["captions"] == ("Caption 0.", "Another.")
        assert next(iter(data.train))["image"].read().shape == (4, 4, 3)
    changes: list[tuple[dict[str, object], str]] = [
        ({"split": "dev?"}, "image 1: has no usable 'dev?'; is this Karpathy's format?"),
        ({"sentences": []}, "image 1: has no caption"),
        ({"sentences": [{"raw": " "}]}, "image 1: the caption is empty"),
    ]
    for change, said in changes:
        path.write_text(json.dumps({"images": [images[0], images[1] | change, *images[2:]]}))
        assert said in told(path)
    path.write_text("[]")
    assert "has no list 'images'" in told(path)
    path.write_text("{")
    assert "is not JSON" in told(path)


def test_a_table_of_image_and_caption(tmp_path: Path) -> None:
    for n in range(6):
        picture(tmp_path / f"photos/{n}.png", n)
    rows = [f"{n}.png,caption {k} of {n}" for k in range(2) for n in range(6)]
    (tmp_path / "a.csv").write_text("image,caption\n" + "\n".join(rows))
    data = load(tmp_path / "a.csv", images=str(tmp_path / "photos"), valid_fraction=0.2, test_fraction=0.2)
    assert sizes(data) == [4, 1, 1]
    every = [example for split in splits_of(data) for example in split]
    assert len({example["image"].name for example in every}) == 6
    for example in every:
        number = Path(example["image"].name).stem
        assert example["captions"] == (f"caption 0 of {number}", f"caption 1 of {number}")
    (tmp_path / "a.csv").write_text("image,caption\n0.png,")
    assert told(tmp_path / "a.csv").endswith("a.csv line 2: the caption is empty")
    (tmp_path / "a.csv").write_text("image,words\n0.png,a dog")
    assert "no column for the caption among 'image', 'words'" in told(tmp_path / "a.csv")


def test_a_folder_of_images_with_captions_beside(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for n in range(3):
            picture(tmp_path / split / f"{n}.png", 100 * len(split) + n)
            (tmp_path / split / f"{n}.txt").write_text(f"caption of {n}\n\nanother of {n}\n")
    data = load(tmp_path, valid_fraction=0.34)
    assert sizes(data) == [2, 1, 3]
    example = next(iter(splits_of(data)[2]))
    assert example["captions"] == ("caption of 0", "another of 0")
    assert example["image"].read().shape == (4, 4, 3)
    (tmp_path / "test/1.txt").write_text(" \n\n")
    assert "test/1.txt: is empty; write captions of 1.png into it, one a line" in told(tmp_path)
    (tmp_path / "test/1.txt").unlink()
    assert "test/1.png: has no captions; write them into 1.txt, one a line" in told(tmp_path)
    (tmp_path / "nothing").mkdir()
    assert "holds no captioned images in a known layout" in told(tmp_path / "nothing")


def test_copies_of_an_image_are_on_one_side(tmp_path: Path) -> None:
    rows = []
    for n in range(12):
        picture(tmp_path / f"{n}.png", n % 4)
        rows.append(f"{n}.png,caption {n}")
    (tmp_path / "a.csv").write_text("image,caption\n" + "\n".join(rows))
    data = load(tmp_path / "a.csv", valid_fraction=0.5, test_fraction=0)
    sides = [{int(Path(e["image"].name).stem) % 4 for e in split} for split in (data.train, data.valid)]
    assert not sides[0] & sides[1]
    assert len(data.train) == len(data.valid) == 6


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"names": np.array(["a", "a", "b"])}, "a name is there twice"),
        ({"names": np.array(["a", "b"])}, "2 names and 3 rows of features"),
        ({"features": np.zeros((3, 2, 2))}, "features are float64 (3, 2, 2), not numbers"),
        ({"features": np.array([["x"]] * 3)}, "not numbers (images, features)"),
        ({"scale": np.ones(5)}, "scale is float64 (5,); it has to fit features (3,)"),
        ({"scale": np.array("a")}, "scale is <U1 ()"),
    ],
)
def test_features_that_do_not_fit_are_told(tmp_path: Path, arrays: dict, said: str) -> None:
    flickr(tmp_path)
    assert said in told(tmp_path, features=features(tmp_path / "f.npz", ["a", "b", "c"], **arrays))


def test_files_without_features_are_told(tmp_path: Path) -> None:
    flickr(tmp_path)
    np.savez(tmp_path / "a.npz", names=np.array(["a"]))
    assert "a.npz: has no array 'features', but names" in told(tmp_path, features=str(tmp_path / "a.npz"))
    (tmp_path / "b.npz").write_text("no archive")
    assert "b.npz: no features can be read from it" in told(tmp_path, features=str(tmp_path / "b.npz"))
    np.savez(tmp_path / "c.npz", names=np.array(["a", None]), features=np.zeros((2, 2)))
    assert "c.npz: no features can be read from it" in told(tmp_path, features=str(tmp_path / "c.npz"))
    assert "give it or --images, not both" in told(tmp_path, features="a.npz", images="b")


def test_broken_files_of_flickr8k_are_told(tmp_path: Path) -> None:
    token_file = flickr(tmp_path) / "Flickr8k_text/Flickr8k.token.txt"
    lists = tmp_path / "Flickr8k_text/Flickr_8k.devImages.txt"
    lists.write_text("5.jpg\n\n5.jpg\nunknown.jpg\n")
    assert "Flickr_8k.devImages.txt line 4: the image unknown.jpg has no caption" in told(tmp_path)
    good = token_file.read_text()
    token_file.write_text("0.jpg A dog .\n" + good)
    assert "token.txt line 1: is not an image's name, # and a number, a tab and a caption" in told(tmp_path)
    token_file.write_text("0.jpg#0\t \n" + good)
    assert "token.txt line 1: the caption is empty" in told(tmp_path)


@pytest.mark.real
def test_the_real_set(data_dir: Path) -> None:
    path = data_dir / "flickr8k"
    data = load(path, features=str(path / "features_mobilenetv2_grid7x7_pca64_i8.npz"))
    assert sizes(data) == [6000, 1000, 1000]
    first = next(iter(splits_of(data)[2]))
    assert len(first["captions"]) == 5
    assert first["image"].read().shape == (7, 7, 64)
    assert data.info.notes[0].startswith("92 images with captions are in no list")
