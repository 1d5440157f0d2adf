"""How fast the recurrent layer is, beside Keras' own layers, torch, JAX and the bare matrix products.

Five parts, each with a --help of its own:

    layers    one layer that returns the sequence: three cells, seven shapes, inference and training
    imdb      a whole model on film reviews: one training step, and the way to a test accuracy
    training  what a step of the zoo's trainer is spent on beside the layer: the table of words, the call
    scan      cells that are linear in their state, at 1,000 and 10,000 steps: all at once, and in loops
    series    a table of many series: until training can begin, and the rows beside the model

Contestants take turns, round by round, so that all meet the same moods of the machine, and their answers are compared
before anything is timed. The machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from datasets.errors import UserError
from experiments.bench.shapes import CELLS, ENGINES, QUICK, SHAPES, Shape
from zoo.cli.flags import Parser, main_guard, number

#: Where the committed figures are. A quick look does not overwrite them.
RESULTS = Path(__file__).resolve().parent.parent / "results"
QUICK_RESULTS = Path("runs/bench")
EXAMPLES = """\
examples:
  python -m experiments.bench layers --quick         (1 minute on 2 cores)
  python -m experiments.bench layers                 (15 minutes)
  python -m experiments.bench imdb --quick           (1 minute)
  python -m experiments.bench imdb path/to/imdb      (10 minutes)
  python -m experiments.bench training               (1 minute)
  python -m experiments.bench scan                   (3 minutes)
  python -m experiments.bench series                 (1 minute)
"""
LAYERS = """\
One layer that returns the sequence, in float32. `forward` is inference; `train` is the outputs and the gradients of the
inputs and all weights. Each contestant's time is the median of its rounds; ratios are medians of the ratios within a
round. Peak memory is that of a process of its own. With KERAS_BACKEND=jax the layers of Keras and of this repository
run in JAX; on a GPU, torch does so too.

Writes layers.csv, layers.md and layers.png.
"""
LAYERS_EXAMPLES = """\
examples:
  python -m experiments.bench layers
  python -m experiments.bench layers --cells gru --shapes 8x100x64x64 32x256x256x256 --engines fused hoisted
  KERAS_BACKEND=jax python -m experiments.bench layers --out runs/bench-jax
"""
IMDB = """\
The architecture of https://keras.io/examples/nlp/bidirectional_lstm_imdb/: two bidirectional LSTM(64), 20,000 words,
the last 200 tokens, batches of 32.

    steps   one training step of it, built from Keras' layers and from this repository's; interleaved in one process
    race    the seconds that the example needs for its two epochs, and the seconds that `zoo.run sentiment` needs from
            start to finish; each in a process of its own, one after the other, with the test accuracy of both
    example the example's two epochs alone

Writes imdb.json and imdb.md.
"""
TRAINING = """\
Training steps of the zoo's trainer on three models of texts (embedding, GRU, mean, one logit): 20,000 words in 64
numbers, 64 units in both directions and 200 tokens; the same with one direction and 12 tokens; and 2,000 words in 16
numbers, 16 units in both directions and 20 tokens. Batches of 32. Each step in several ways that take turns: as it is;
with the table of words updated as a whole; without the moving average of the weights; with the table fixed; several
steps in one call. Processor time is what the process used of all cores; unlike wall time it stands other load.

Writes training.csv and training.md.
"""
SCAN = """\
One layer that returns the sequence, in float32: cells that are linear in their state, with all steps at once
(`parallel`), in compiled loops (`hoisted`) and by Keras' associative scan (`doubling`), beside the fused LSTM of as
many units. The contestants take turns; ratios are those within a round.

Writes scan.csv and scan.md.
"""
SERIES = """\
A long table of daily random walks is prepared for training as `zoo.run forecasting` does it: read, digested, its
windows laid, the first batch loaded. Then the rows beside the model (last value, drift, AR, ETS, linear map) are fitted
and scored on dev, and scored on test. Processor time is what the process used of all cores.

Writes series.csv and series.md.
"""


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m experiments.bench", description=__doc__, epilog=EXAMPLES)
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    _layers_arguments(
        parts.add_parser("layers", help="one layer, many shapes", description=LAYERS, epilog=LAYERS_EXAMPLES)
    )
    _imdb_arguments(parts.add_parser("imdb", help="a whole model", description=IMDB))
    training = parts.add_parser("training", help="the rest of a training step", description=TRAINING)
    training.add_argument(
        "--rounds", type=number(int), default=15, metavar="N", help="timed rounds (default: 15)"
    )
    _common_arguments(training, "five rounds")
    scan = parts.add_parser("scan", help="linear recurrences", description=SCAN)
    scan.add_argument(
        "--shapes", nargs="+", metavar="BxTxFxU", help="batch x steps x features x units; default: four"
    )
    scan.add_argument(
        "--rounds", type=number(int), default=11, metavar="N", help="timed rounds (default: 11)"
    )
    scan.add_argument(
        "--note", default="", metavar="TEXT", help="for the report: what else the machine did meanwhile"
    )
    _common_arguments(scan, "200 steps, five rounds")
    series = parts.add_parser("series", help="a table of many series", description=SERIES)
    series.add_argument("--series", type=number(int), default=5000, metavar="N", help="default: 5000")
    series.add_argument("--steps", type=number(int), default=200, metavar="N", help="of each (default: 200)")
    series.set_defaults(rounds=1)
    _common_arguments(series, "500 series")
    return parser


def _layers_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS), help="default: all")
    parser.add_argument(
        "--shapes", nargs="+", metavar="BxTxFxU", help="batch x steps x features x units; default: seven"
    )
    parser.add_argument(
        "--engines", nargs="+", choices=ENGINES, default=["fused"], help="of our layer; default: fused"
    )
    parser.add_argument(
        "--rounds", type=number(int), default=11, metavar="N", help="timed rounds (default: 11)"
    )
    parser.add_argument("--no-memory", action="store_true", help="leave out the peak memory")
    _common_arguments(parser, "two shapes, five rounds, no memory")


def _imdb_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dataset", nargs="?", metavar="DATA", help="texts with two classes and a test split; for the race"
    )
    parser.add_argument("--only", choices=("steps", "race", "example"), help="one of the measurements")
    parser.add_argument(
        "--rounds", type=number(int), default=15, metavar="N", help="timed steps (default: 15)"
    )
    _common_arguments(parser, "--only steps, five rounds")


def _common_arguments(parser: argparse.ArgumentParser, quick: str) -> None:
    parser.add_argument("--quick", action="store_true", help=f"a first look: {quick}")
    parser.add_argument(
        "--out",
        metavar="DIR",
        help=f"where the tables go (default: experiments/results, with --quick {QUICK_RESULTS})",
    )


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, measure, write, print."""
    arguments = parser().parse_args(argv)
    if arguments.rounds < 1:
        raise UserError(f"--rounds must be at least 1, not {arguments.rounds}")
    if arguments.quick:
        arguments.rounds = min(arguments.rounds, 5)
    folder = Path(arguments.out) if arguments.out else QUICK_RESULTS if arguments.quick else RESULTS
    measures = {"layers": _layers, "imdb": _imdb, "training": _training, "scan": _scan, "series": _series}
    measures[arguments.part](arguments, folder)


def _layers(arguments: argparse.Namespace, folder: Path) -> None:
    default = QUICK if arguments.quick else SHAPES
    shapes = [Shape.parse(text) for text in arguments.shapes] if arguments.shapes else list(default)

    from experiments.bench import layers as bench_layers
    from experiments.bench import report as bench_report

    memory = not (arguments.quick or arguments.no_memory)
    times = bench_layers.measure(arguments.cells, shapes, arguments.engines, arguments.rounds, memory)
    print(bench_report.write(times, bench_layers.surroundings(), folder))


def _imdb(arguments: argparse.Namespace, folder: Path) -> None:
    only = "steps" if arguments.quick else arguments.only
    if only != "steps" and not arguments.dataset:
        raise UserError("the race needs DATA, such as a folder of reviews; or say --only steps")

    from experiments.bench import imdb as bench_imdb

    print(bench_imdb.write(bench_imdb.measure(arguments.dataset, only, arguments.rounds), folder))


def _training(arguments: argparse.Namespace, folder: Path) -> None:
    from experiments.bench import training as bench_training

    print(bench_training.write(bench_training.measure(arguments.rounds), folder))


def _scan(arguments: argparse.Namespace, folder: Path) -> None:
    given = tuple(Shape.parse(text) for text in arguments.shapes or ())

    from experiments.bench import scan as bench_scan
    from experiments.bench.layers import surroundings

    shapes = given or (bench_scan.QUICK if arguments.quick else bench_scan.SHAPES)
    times = bench_scan.measure(shapes, arguments.rounds)
    print(bench_scan.write(times, surroundings(), arguments.note, folder))


def _series(arguments: argparse.Namespace, folder: Path) -> None:
    from experiments.bench import series as bench_series

    if min(arguments.series, arguments.steps // 100) < 1:
        raise UserError("--series must be at least 1 and --steps at least 100")
    count = min(arguments.series, 500) if arguments.quick else arguments.series
    times = bench_series.measure(count, arguments.steps)
    print(bench_series.write(times, count, arguments.steps, folder))


if __name__ == "__main__":
    sys.exit(main())
