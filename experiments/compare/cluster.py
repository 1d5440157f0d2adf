"""The workers: a cluster on this machine, or one that runs already."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import UserError

if TYPE_CHECKING:
    from distributed import Client

NVIDIA = Path("/proc/driver/nvidia/gpus")
#: How long a scheduler is waited for.
CONNECT_SECONDS = 10.0


def gpus_here() -> list[str]:
    """The NVIDIA GPUs of this machine that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    present = [str(number) for number in range(len(list(NVIDIA.iterdir())))] if NVIDIA.is_dir() else []
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is None or not present:
        return present
    names = [name.strip() for name in allowed.split(",")]
    known = itertools.takewhile(lambda name: name in present or name.startswith(("GPU-", "MIG-")), names)
    return list(dict.fromkeys(known))


@contextmanager
def local_client(workers: int, gpus: Sequence[str] = ()) -> Iterator[Client]:
    """A client of a new cluster on this machine, which ends with it.

    Args:
        workers: processes, each of which does one run at a time.
        gpus: the first workers offer one of these each.
    """
    from distributed import Client, Nanny, Scheduler, SpecCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    common = {
        "nthreads": 1, "memory_limit": 0, "dashboard": False, "preload": ["experiments.compare.preload"],
        "silence_logs": logging.CRITICAL,
    }  # fmt: skip
    spec: dict[int, dict[str, object]] = {
        number: {"cls": Nanny, "options": {**common, **_gpu_of(number, gpus)}} for number in range(workers)
    }
    scheduler = {
        "cls": Scheduler,
        "options": {"host": "127.0.0.1", "port": 0, "dashboard": False, "dashboard_address": "127.0.0.1:0"},
    }
    with (
        SpecCluster(workers=spec, scheduler=scheduler, silence_logs=logging.CRITICAL) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _gpu_of(number: int, gpus: Sequence[str]) -> dict[str, dict[str, object]]:
    """Options of a worker that offers a GPU; none where there are fewer GPUs than workers."""
    if number >= len(gpus):
        return {}
    return {"resources": {"GPU": 1}, "env": {"CUDA_VISIBLE_DEVICES": gpus[number]}}


@contextmanager
def remote_client(address: str) -> Iterator[Client]:
    """A client of a scheduler that runs already.

    Raises:
        UserError: if there is none at the address.
    """
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as problem:
        raise UserError(f"--scheduler {address}: nothing answers there ({problem})", 1) from None
    with client:
        yield client


def workers_of(client: Client) -> dict[str, dict[str, Any]]:
    """What the scheduler knows about each worker, by the worker's address."""
    return client.scheduler_info(n_workers=-1)["workers"]


def workers_on_host(client: Client) -> dict[str, int]:
    """By a worker's address, how many workers share its machine."""
    hosts = {address: facts["host"] for address, facts in workers_of(client).items()}
    return {address: list(hosts.values()).count(host) for address, host in hosts.items()}


def has_gpus(client: Client) -> bool:
    """Whether some worker offers a GPU."""
    return any(facts["resources"].get("GPU") for facts in workers_of(client).values())


def check_gpus(client: Client, wanted: bool) -> None:
    """Refuse runs that would wait for ever.

    Raises:
        UserError: if a GPU is wanted and no worker offers one.
    """
    if wanted and not has_gpus(client):
        raise UserError(
            "--devices gpu: no worker offers a GPU; start one with: dask worker ADDRESS --resources GPU=1"
        )
