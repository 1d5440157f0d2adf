"""Tests of `datasets/tfds_adapters/classification.py` on sets prepared here and the library's mock data."""

from __future__ import annotations

from pathlib import Path

import pytest

import datasets
from datasets.base import Dataset, Split
from datasets.errors import UserError
from tests.conftest import RunPython

FIELDS = ("text", "label")
PREPARE = Path(__file__).parent / "prepare_sets.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_python: RunPython) -> Path:
    """A folder of prepared sets, made in a process of its own, which alone knows their classes."""
    folder = tmp_path_factory.mktemp("prepared")
    done = run_python(str(PREPARE), str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def load(spec: str, folder: Path, **options: object) -> Dataset:
    return datasets.load(spec, FIELDS, {"data_dir": str(folder), **options})


def own(folder: Path, config: str, **options: object) -> Dataset:
    return load(f"labelled_texts/{config}", folder, **({"text_feature": "sentence"} | options))


def refused(spec: str, folder: Path, **options: object) -> str:
    with pytest.raises(UserError) as caught:
        load(spec, folder, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def texts(split: Split | None) -> list[str]:
    assert split is not None
    return [example["text"] for example in split]


def test_official_splits(folder: Path) -> None:
    dataset = own(folder, "shown")
    assert dataset.info.labels == ("zero", "one")
    assert dataset.info.source == "https://example.org/texts"
    assert (dataset.info.licence, dataset.info.citation) == ("a licence", "a citation")
    assert dataset.info.notes == ("tensorflow-datasets labelled_texts/shown/1.0.0",)
    assert sorted(texts(dataset.train)) == sorted(f"train 문장 {number}" for number in range(40))
    assert sorted(texts(dataset.valid)) == sorted(f"dev 문장 {number}" for number in range(10))
    assert sorted(texts(dataset.test)) == sorted(f"test 문장 {number}" for number in range(10))
    assert all(example["label"] == int(example["text"].split()[2]) % 2 for example in dataset.train)


def test_each_pass_has_the_same_order(folder: Path) -> None:
    dataset = own(folder, "shown")
    assert list(dataset.train) == list(dataset.train)
    assert list(own(folder, "shown").train) == list(dataset.train)


def test_hidden_test_labels_make_validation_the_test_split(folder: Path) -> None:
    dataset = own(folder, "hidden")
    assert sorted(texts(dataset.test)) == sorted(f"dev 문장 {number}" for number in range(10))
    assert (len(dataset.train), len(dataset.valid)) == (36, 4)
    assert dataset.info.notes[1:] == (
        "the official test split hides its labels and was left out",
        "the official validation split serves as the test split",
        "valid: 4 examples taken out of train by the hash of their text",
    )


def test_splits_are_taken_out_of_train_where_none_is_official(folder: Path) -> None:
    dataset = own(folder, "train_only")
    assert (len(dataset.train), len(dataset.valid), len(texts(dataset.test))) == (32, 4, 4)
    dataset = own(folder, "train_only", hub_valid_fraction=0.25, hub_test_fraction=0.0)
    assert (len(dataset.train), len(dataset.valid), dataset.test) == (30, 10, None)


def test_text_that_is_no_text(folder: Path) -> None:
    said = refused("labelled_texts/bytes", folder, text_feature="sentence")
    assert said.startswith("labelled_texts/bytes/1.0.0 ")
    assert said.endswith(": the text is not UTF-8")


def test_no_train_split(folder: Path) -> None:
    said = refused("labelled_texts/no_train", folder, text_feature="sentence")
    assert said == "'labelled_texts/no_train': has no train split; it has extra, test, validation"


def test_features_by_name(folder: Path) -> None:
    dataset = own(folder, "shown", label_feature="feeling", text_feature="source")
    assert sorted(texts(dataset.test)) == sorted(f"test source {number}" for number in range(10))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"text_feature": "sentense"},
            "--text-feature sentense: 'labelled_texts/shown' has no such string feature; "
            "it has 'sentence', 'source'; did you mean sentence?",
        ),
        (
            {"label_feature": "idx"},
            "--label-feature idx: 'labelled_texts/shown' has no such class feature; it has 'feeling'",
        ),
        ({"hub_valid_fraction": 0.0}, "--hub-valid-fraction 0.0: must be between 0 and 1"),
        ({"hub_test_fraction": -1.0}, "--hub-test-fraction -1.0: must be from 0 to below 1"),
        (
            {"hub_test_fraction": 0.95},
            "--hub-test-fraction 0.95: with --hub-valid-fraction leaves nothing to train on",
        ),
    ],
)
def test_refused_options(folder: Path, options: dict[str, object], said: str) -> None:
    assert refused("labelled_texts/shown", folder, **options) == said


def test_usual_names_find_the_text(folder: Path) -> None:
    assert len(load("labelled_texts/shown", folder).train) == 40


def test_several_texts_need_a_choice(tmp_path: Path) -> None:
    assert refused("glue/mrpc", tmp_path) == (
        "'glue/mrpc': several features may be the text: 'sentence1', 'sentence2'; name one with --text-feature"
    )


@pytest.mark.parametrize(
    ("spec", "kind"),
    [("mnist", "a text"), ("civil_comments", "a class label"), ("wikipedia", "a class label")],
)
def test_sets_that_are_no_labelled_texts(spec: str, kind: str, tmp_path: Path) -> None:
    assert refused(spec, tmp_path) == (
        f"'{spec}': has no feature that is {kind}, so it is no text-classification set"
    )


@pytest.mark.parametrize(
    ("spec", "labels"),
    [("imdb_reviews", ("neg", "pos")), ("ag_news_subset", ("World", "Sports", "Business", "Sci/Tech"))],
)
def test_mock_data_of_known_sets(folder: Path, spec: str, labels: tuple[str, ...]) -> None:
    import tensorflow_datasets as tfds

    with tfds.testing.mock_data(num_examples=30, data_dir=str(folder)):
        dataset = load(spec, folder)
        assert dataset.info.labels == labels
        splits = [list(dataset.train), list(dataset.valid), list(dataset.test or ())]
    assert [len(split) for split in splits] == [24, 3, 3]
    assert all(isinstance(example["text"], str) for split in splits for example in split)
    assert {example["label"] for split in splits for example in split} <= set(range(len(labels)))


def test_a_set_that_is_prepared_again_is_not_mixed_with_the_old(folder: Path) -> None:
    dataset = own(folder, "train_only")
    info = folder / "labelled_texts" / "train_only" / "1.0.0" / "dataset_info.json"
    info.write_text(info.read_text() + "\n")
    with pytest.raises(UserError, match="has changed since it was loaded"):
        list(dataset.train)


def test_no_network_is_told_in_one_line_after_one_look(tmp_path: Path, run_python: RunPython) -> None:
    """In a process that finds no host, with a folder in which nothing is prepared.

    The library's own way looks again and again, with pauses that add up to minutes.
    """
    code = (
        "import datasets, socket, sys, time\n"
        "hosts, pauses = [], []\n"
        "def lost(host, *_, **__):\n"
        "    hosts.append(host)\n"
        "    raise socket.gaierror(-2, 'Name or service not known')\n"
        "socket.getaddrinfo, time.sleep = lost, pauses.append\n"
        "try: datasets.load('imdb_reviews', ('text', 'label'), {'data_dir': sys.argv[1]})\n"
        "except datasets.UserError as error: print(error)\n"
        "print(hosts, pauses)\n"
    )
    proxies = {"HTTP_PROXY": "", "HTTPS_PROXY": "", "http_proxy": "", "https_proxy": "", "ALL_PROXY": ""}
    done = run_python("-c", code, str(tmp_path), env=proxies)
    assert done.stdout == (
        "'imdb_reviews/plain_text/1.0.0' is not on this machine and ai.stanford.edu cannot be reached "
        "(Name or service not known); connect, or give --data-dir with a prepared copy, or a path to files\n"
        "['ai.stanford.edu'] []\n"
    )
    assert done.stderr == ""
