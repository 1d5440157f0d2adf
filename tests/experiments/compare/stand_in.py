"""Stands in for `zoo.run` where tests look at how runs are scheduled: no model, the same folder and signals.

A run takes three steps, and goes on for as long as the file `ZOO_TEST_HELD` is there. It records when it was begun,
gone on with, stopped and ended: a line each in the file `ZOO_TEST_EVENTS`. Seeds above 90 fail. A run of seed 80 kills
its worker, which no real run means to do, but some manage.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from zoo.config_file import to_dict
from zoo.run import config_of, task_parser
from zoo.runtime.rundir import RunDirectory, read_json, write_json


def record(event: str, folder: Path) -> None:
    """Add an event of the run to the file of events."""
    with open(os.environ["ZOO_TEST_EVENTS"], "a") as file:
        file.write(f"{event} {folder.name} {os.getpid()} {os.environ['OMP_NUM_THREADS']}\n")


def main(argv: list[str]) -> int:
    """Sleep in steps; a signal is answered between two, after the state is written."""
    if argv[0] == "--resume":
        directory = RunDirectory.open(argv[1])
        config = directory.load_config()["config"]
    else:
        arguments = task_parser(argv[0]).parse_args(argv[1:])
        directory = RunDirectory.create(arguments.out)
        config = json.loads(json.dumps(to_dict(config_of(argv[0], arguments))))
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: stopped.append(number))
    with directory.lock():
        return work(directory, config, stopped)


def work(directory: RunDirectory, config: dict[str, Any], stopped: list[int]) -> int:
    seed, cell = config["training"]["seed"], config["recurrent"]["cell"]
    state = directory.checkpoint_path / "state.json"
    step = read_json(state)["step"] if state.exists() else 0
    record("gone-on-with" if step else "begun", directory.path)
    directory.save_config({"config": config})
    directory.checkpoint_path.mkdir(exist_ok=True)
    held = Path(os.environ["ZOO_TEST_HELD"])
    if seed > 90:
        print("first words\nlast words", file=sys.stderr)
        return 1
    if seed == 80:
        time.sleep(0.3)  # Dask restarts no worker that dies before it has said that it started
        psutil.Process(os.getppid()).parent().kill()  # the supervisor's parent
        while not stopped:
            time.sleep(0.05)
        return 128 + stopped[0]
    while step < 3 or held.exists():
        time.sleep(0.05)
        step += 1
        if stopped:
            write_json(state, {"step": step})
            record("stopped", directory.path)
            return 128 + stopped[0]
    scores = {"accuracy": 0.5 + seed / 100 + len(cell) / 1000, "loss": 1.0}
    write_json(
        directory.metrics_path,
        {
            "task": config["task"], "cell": cell, "dataset": "microworld", "synthetic": True, "seed": seed,
            "headline": ["accuracy", "loss"], "ceiling": {}, "dev": scores, "test": scores,
            "baselines": {"majority": {"dev": {"accuracy": 0.5}, "test": {"accuracy": 0.5}}}, "details": {},
            "parameters": 1000, "epochs": 1, "best_epoch": 1, "seconds": {"train": 0.1, "total": 0.2},
            "peak_memory_bytes": 1 << 20, "engine": "loop", "engine_why": "", "device": "CPU", "notes": [],
        },
    )  # fmt: skip
    (directory.path / "history.csv").write_text("epoch,loss,dev_accuracy\n1,1.0,0.5\n")
    record("ended", directory.path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
