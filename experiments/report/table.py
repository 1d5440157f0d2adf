"""Finished runs as one Markdown table: the mean over seeds of each cell and of each baseline.

It reads `metrics.json` of run directories and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets.errors import UserError
from zoo.cli.flags import Parser, main_guard
from zoo.runtime.results import read_results
from zoo.runtime.rundir import RunDirectory

EXAMPLES = """\
examples:
  python -m experiments.table runs/imdb-*
"""


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m experiments.table", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="finished run directories of one task")
    parser.add_argument(
        "--split", default="test", choices=("dev", "test"), help="which scores (default: test)"
    )
    return parser


def rows(paths: list[str], split: str) -> list[dict[str, Any]]:
    """A row for each run, and one for each of its baselines.

    Raises:
        UserError: if a run is not finished, has no such split, belongs to another task than the first, or does not
            differ from another one of its cell and data by the seed, and by the seed alone.
    """
    rows_so_far: list[dict[str, Any]] = []
    configured: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    seeds: dict[tuple[str, str, int], str] = {}
    for path in paths:
        directory = RunDirectory.open(path)
        results = read_results(directory.metrics_path)
        kind = results.cell, results.dataset
        config = _options(directory.load_config()["config"])
        first, other = configured.setdefault(kind, (path, config))
        if other != config:
            raise UserError(
                f"{path} and {first} differ in their options, so they have no mean; leave one out"
            )
        twin = seeds.setdefault((*kind, results.seed), path)
        if twin != path:
            raise UserError(f"{path} and {twin} are of the same cell, data and seed; leave one out")
        if split not in results.scores:
            raise UserError(f"{path} has no {split} scores")
        if rows_so_far and results.task != rows_so_far[0]["task"]:
            raise UserError(f"{path} is a run of {results.task}, the first one of {rows_so_far[0]['task']}")
        common = {
            "task": results.task, "dataset": results.dataset, "synthetic": results.synthetic, "seed": results.seed,
        }  # fmt: skip
        cost = {"seconds": results.seconds["total"], "parameters": results.parameters}
        own = results.scores[split]
        scores = {name: own[name] for name in results.headline if name in own}
        rows_so_far.append({**common, "model": results.cell, **scores, **cost, "engine": results.engine})
        for name, splits in results.baselines.items():
            of_baseline = {key: splits[split][key] for key in scores if key in splits.get(split, {})}
            rows_so_far.append({**common, "model": name, **of_baseline})
    return rows_so_far


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    """The options that change what is learned, without the seed."""
    training = {name: value for name, value in config.get("training", {}).items() if name != "seed"}
    return {name: value for name, value in config.items() if name != "export"} | {"training": training}


def table(scores: list[dict[str, Any]], split: str) -> str:
    """Markdown: means over the seeds, the lowest and highest of the first metric, and how many seeds there are."""
    import pandas as pd

    frame = pd.DataFrame(scores).drop_duplicates(["model", "seed", "dataset"])
    facts = ("task", "dataset", "synthetic", "seed", "model", "seconds", "parameters", "engine")
    metrics = [name for name in frame.columns if name not in facts]
    header = [
        "data",
        "model",
        "seeds",
        *(f"{split} {name}" for name in metrics),
        "lowest–highest",
        "seconds",
        "parameters",
    ]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for (data, model), group in frame.groupby(["dataset", "model"], sort=False):
        first = group[metrics[0]]
        cells = [
            f"{data}{' (synthetic)' if group['synthetic'].iloc[0] else ''}",
            str(model),
            str(len(group)),
            *("–" if pd.isna(group[name]).any() else f"{group[name].mean():.4f}" for name in metrics),
            f"{first.min():.4f}–{first.max():.4f}",
            "–" if group["seconds"].isna().any() else f"{group['seconds'].mean():.0f}",
            "–" if group["parameters"].isna().any() else f"{group['parameters'].iloc[0]:,.0f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, read, print."""
    arguments = parser().parse_args(argv)
    print(table(rows(arguments.runs, arguments.split), arguments.split))
