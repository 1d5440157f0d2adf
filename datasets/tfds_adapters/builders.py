"""tensorflow-datasets by name: finds and prepares them, and fails early and in one line where that cannot be.

The modules beside this one read what the examples hold. `tensorflow_datasets` is imported only when a name is looked
up.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from datasets.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

HELP = "a tensorflow-datasets name such as imdb_reviews or glue/sst2, downloaded once"
VIEWS = "datasets.tfds_adapters"
CONNECT_SECONDS = 5.0
NAME = re.compile(r"(?P<name>[A-Za-z_]\w*)(/(?P<config>[^:/]+))?(/[\d.*]+|:[\d.*]+)?")
RETRIES = 1  # of each download; the default, 10 with growing pauses, keeps a person waiting for minutes


def check_name(spec: str, also: list[str]) -> None:
    """Refuse what is no tensorflow-datasets name, naming the nearest of them and of the names in `also`.

    Only what is found wrong at once is refused here: a set prepared in a `--data-dir` may have any name.
    """
    match = NAME.fullmatch(spec)
    if not match or (match["name"] not in _known() and did_you_mean(spec, also)):
        raise UserError(_unknown(spec, also))


def find_builder(spec: str, data_dir: str | None) -> DatasetBuilder:
    """The `tfds.core.DatasetBuilder` of a name; nothing is downloaded.

    Args:
        spec: `name`, `name/config` or `name:version`.
        data_dir: where prepared sets are; None for tensorflow-datasets' own folder.

    Raises:
        UserError: unknown name, configuration or version.
    """
    tfds = _library()
    if data_dir is not None and not os.path.isdir(data_dir):
        raise UserError(f"--data-dir {data_dir}: no such folder")
    try:
        return tfds.builder(spec, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        raise UserError(_unknown(spec, [])) from None
    except Exception as error:  # a plug-in of someone else's: anything may be raised
        raise UserError(f"'{spec}': {_no_configuration(spec) or _first_line(error)}") from None


def prepare(builder: DatasetBuilder) -> None:
    """Download and prepare a set unless that is done.

    Raises:
        UserError: no network, or a set that tensorflow-datasets cannot prepare by itself.
    """
    with _quiet():
        if builder.is_prepared():
            return
    name = builder.info.full_name
    _probe(name, builder)
    try:
        with _few_retries():
            builder.download_and_prepare()
    except FileExistsError:  # another process has prepared it in the meantime
        if not builder.is_prepared():
            raise UserError(f"'{name}': {builder.data_dir} is in the way; remove it", exit_code=1) from None
    except Exception as error:
        raise UserError(f"'{name}' cannot be prepared: {_first_line(error)}", exit_code=1) from None


def _library() -> ModuleType:
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise UserError(f"tensorflow-datasets cannot be imported ({error}); pip install it") from None
    return tfds


def _known() -> list[str]:
    return _library().list_builders(with_community_datasets=False)


def _unknown(spec: str, also: list[str]) -> str:
    _, slash, rest = spec.partition("/")
    known = [*also, *(name + slash + rest for name in _known())]
    return f"'{spec[:80]}' is neither a file nor a data set's name{did_you_mean(spec, known)}"


def _no_configuration(spec: str) -> str:
    """The configurations that a set has, where `spec` names another; else an empty string."""
    match = NAME.fullmatch(spec)
    if not match or not match["config"]:
        return ""
    try:
        known = list(_library().builder_cls(match["name"]).builder_configs)
    except Exception:  # no such class: there is nothing to list
        return ""
    if match["config"] in known:
        return ""
    listed = ", ".join(known[:12]) or "none"
    return f"no configuration '{match['config']}'; it has {listed}{did_you_mean(match['config'], known)}"


def _probe(name: str, builder: DatasetBuilder) -> None:
    """Refuse a download from a host that cannot be reached, within seconds. With a proxy nothing is tried."""
    url = next(iter(builder.url_infos or ()), "")
    parts = urlsplit(url)
    if not parts.hostname or urllib.request.getproxies():
        return
    port = parts.port or {"http": 80, "ftp": 21}.get(parts.scheme, 443)
    try:
        socket.create_connection((parts.hostname, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise UserError(
            f"'{name}' is not on this machine and {parts.hostname} cannot be reached "
            f"({error.strerror or error}); connect, or give --data-dir with a prepared copy, or a path to files",
            exit_code=1,
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide the library's warning that a set is not prepared."""
    logger = logging.getLogger("absl")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _few_retries() -> Iterator[None]:
    from tensorflow_datasets.core.download import downloader

    before, downloader.MAX_RETRIES = downloader.MAX_RETRIES, RETRIES
    try:
        yield
    finally:
        downloader.MAX_RETRIES = before


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return re.sub(r'^Failed to construct dataset .*?}": ', "", lines[0])[:300]


def fingerprint(builder: DatasetBuilder) -> object:
    """Something that changes when a set is prepared again."""
    info = Path(builder.data_dir) / "dataset_info.json"
    return info.stat().st_mtime_ns if info.is_file() else None
