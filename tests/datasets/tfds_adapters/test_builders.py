"""Tests of `datasets/tfds_adapters/builders.py`: no prepared set, no network, and TensorFlow is not imported."""

from __future__ import annotations

import logging
import socket
import sys
import types
from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.tfds_adapters import builders as hub


class Builder:
    """As much of a `tfds.core.DatasetBuilder` as `prepare` asks for."""

    data_dir = "/some/folder"
    info = types.SimpleNamespace(full_name="some/1.0.0")

    def __init__(self, prepared: bool = False, error: Exception | None = None, url: str = "") -> None:
        self.url_infos = {url: None} if url else {}
        self.prepared, self.error, self.calls = prepared, error, 0

    def is_prepared(self) -> bool:
        return self.prepared

    def download_and_prepare(self) -> None:
        from tensorflow_datasets.core.download import downloader

        self.calls += 1
        self.retries = downloader.MAX_RETRIES
        if self.error:
            raise self.error
        self.prepared = True


def refused(builder: Builder) -> str:
    with pytest.raises(UserError) as caught:
        hub.prepare(builder)
    assert caught.value.exit_code == 1
    return str(caught.value)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.getproxies", dict)


def test_what_is_prepared_is_left_alone() -> None:
    builder = Builder(prepared=True, url="http://no.such.host.invalid/x")
    hub.prepare(builder)
    assert builder.calls == 0


def test_downloads_are_tried_few_times_and_the_library_is_left_as_it_was() -> None:
    from tensorflow_datasets.core.download import downloader

    before = downloader.MAX_RETRIES
    assert hub.RETRIES < 3
    for builder in (Builder(), Builder(error=ValueError("x"))):
        if builder.error:
            refused(builder)
        else:
            hub.prepare(builder)
        assert builder.retries == hub.RETRIES
        assert before == downloader.MAX_RETRIES


def test_no_network_is_found_out_before_the_download(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[tuple[str, int], float]] = []

    def no_network(address: tuple[str, int], timeout: float) -> None:
        asked.append((address, timeout))
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", no_network)
    builder = Builder(url="http://a.host/data.tar.gz")
    assert refused(builder) == (
        "'some/1.0.0' is not on this machine and a.host cannot be reached (Name or service not known); "
        "connect, or give --data-dir with a prepared copy, or a path to files"
    )
    assert builder.calls == 0
    assert asked == [(("a.host", 80), hub.CONNECT_SECONDS)]
    for url, port in [("https://b.host/x", 443), ("http://b.host:8080/x", 8080), ("ftp://b.host/x", 21)]:
        refused(Builder(url=url))
        assert asked[-1][0] == ("b.host", port)


def test_a_proxy_is_asked_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"http": "http://proxy"})
    monkeypatch.setattr(socket, "create_connection", None)  # calling it would fail
    builder = Builder(url="http://a.host/data.tar.gz")
    hub.prepare(builder)
    assert builder.calls == 1


def test_what_cannot_be_prepared_is_told_in_its_first_line() -> None:
    said = refused(Builder(error=AssertionError("\n  Manual directory is empty.\nCreate it.\n")))
    assert said == "'some/1.0.0' cannot be prepared: Manual directory is empty."
    assert refused(Builder(error=RuntimeError())) == "'some/1.0.0' cannot be prepared: RuntimeError"


def test_another_process_that_prepares_the_same() -> None:
    class Raced(Builder):
        def download_and_prepare(self) -> None:
            self.prepared = True
            raise FileExistsError

    hub.prepare(Raced())
    assert refused(Builder(error=FileExistsError())) == "'some/1.0.0': /some/folder is in the way; remove it"


def test_no_warning_that_a_set_is_not_prepared(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise OSError(-2, "Name or service not known")

    logger = logging.getLogger("absl")
    before = logger.level
    builder = hub.find_builder("imdb_reviews", str(tmp_path))
    monkeypatch.setattr(socket, "create_connection", lost)
    with pytest.raises(UserError, match="cannot be reached"), caplog.at_level(logging.WARNING):
        hub.prepare(builder)
    assert "dataset_info.json" not in caplog.text
    assert logger.level == before


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            "imdb_review",
            "'imdb_review' is neither a file nor a data set's name; did you mean imdb_reviews?",
        ),
        (
            "glue/sst3",
            "'glue/sst3': no configuration 'sst3'; it has cola, sst2, mrpc, qqp, stsb, mnli, mnli_mismatched, "
            "mnli_matched, qnli, rte, wnli, ax; did you mean sst2?",
        ),
        (
            "imdb_reviews:9.9.9",
            "'imdb_reviews:9.9.9': Dataset imdb_reviews cannot be loaded at version 9.9.9",
        ),
    ],
)
def test_unknown_builders(spec: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        hub.find_builder(spec, str(tmp_path))
    assert str(caught.value).startswith(said)


def test_data_dir_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^--data-dir .*/none: no such folder$"):
        hub.find_builder("imdb_reviews", str(tmp_path / "none"))


def test_known_names_pass_and_names_like_others_are_refused() -> None:
    hub.check_name("imdb_reviews", also=["microworld"])
    hub.check_name("glue/sst2:2.0.0", also=["microworld"])
    hub.check_name("prepared_by_myself", also=["microworld"])
    for name in ("microwrld", "a b", "../x", "huggingface:imdb", "x:y", ""):
        with pytest.raises(UserError, match="is neither a file nor a data set's name"):
            hub.check_name(name, also=["microworld"])


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(UserError, match=r"^tensorflow-datasets cannot be imported .*; pip install it$"):
        hub.find_builder("imdb_reviews", None)
