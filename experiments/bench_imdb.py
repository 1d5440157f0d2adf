"""How fast a whole model trains on IMDB reviews: the architecture of Keras' own example, from its layers and from ours.

Two measurements, each beside its peer:

    steps   one training step of the example's model (two bidirectional LSTM(64), 20,000 words, the last 200 tokens,
            batches of 32), built from Keras' layers and from this repository's; interleaved in one process
    race    the seconds that the example needs for its two epochs, and the seconds that `zoo.run sentiment` needs from
            start to finish; each in a process of its own, one after the other, with the test accuracy of both

The example is https://keras.io/examples/nlp/bidirectional_lstm_imdb/; here it learns from all of train and is scored on
test, as there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

import datasets
from datasets.base import Split
from datasets.errors import UserError
from zoo.flags import Parser, main_guard
from zoo.platform import configure, device_name
from zoo.progress import say
from zoo.rundir import read_json, write_json

WORDS, TOKENS, BATCH, UNITS = 20_000, 200, 32, 64
EXAMPLES = """\
examples:
  python -m experiments.bench_imdb ../shared/data/imdb              (about 10 minutes on 2 cores)
  python -m experiments.bench_imdb ../shared/data/imdb --only steps (about 1 minute)
"""


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m experiments.bench_imdb", description=__doc__, epilog=EXAMPLES)
    parser.add_argument(
        "dataset", metavar="DATA", help="texts with two classes and a test split, such as IMDB"
    )
    parser.add_argument("--only", choices=("steps", "race", "example"), help="one of the measurements")
    parser.add_argument(
        "--runs", type=int, default=15, metavar="N", help="steps timed of each model (default: 15)"
    )
    parser.add_argument("--out", metavar="FILE", help="also write the figures as JSON")
    return parser


# ------------------------------------------------------------------------------------ the example


def encode(split: Split, encoder: Any) -> tuple[np.ndarray, np.ndarray]:
    """Token numbers `(texts, TOKENS)`, zeros before short texts as in the example, and labels `(texts,)`."""
    tokens = encoder.encode_all(example["text"] for example in split).cut(TOKENS, "end")
    padded = tokens.pad(np.arange(len(tokens)), TOKENS)
    shifted = np.stack([np.roll(row, TOKENS - n) for row, n in zip(padded, tokens.lengths, strict=True)])
    return shifted, np.array([example["label"] for example in split], "float32")


def learn_encoder(split: Split) -> Any:
    """The most frequent words of train."""
    from zoo.text import RESERVED, TextEncoder, learn_vocabulary

    texts = (example["text"] for example in split)
    vocabulary, _ = learn_vocabulary(
        texts, tokens="words", lowercase=True, size=WORDS - RESERVED, min_count=1
    )
    return TextEncoder(vocabulary, tokens="words", lowercase=True, max_tokens=TOKENS, keep="end")


def example_model(ours: bool) -> Any:
    """The example's model from Keras' layers, or with this repository's recurrent layer in their place."""
    import keras

    from zoo.cells.lstm import LSTMCell
    from zoo.layers.recurrent import Recurrent

    tokens = keras.Input((TOKENS,), dtype="int32")
    x = keras.layers.Embedding(WORDS, 128)(tokens)
    if ours:
        x = Recurrent(LSTMCell(UNITS), layers=2, bidirectional=True, return_sequences=False)(x)
    else:
        x = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True))(x)
        x = keras.layers.Bidirectional(keras.layers.LSTM(UNITS))(x)
    model = keras.Model(tokens, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def run_example(dataset: str) -> dict[str, float]:
    """Train the example for its two epochs; test accuracy and the seconds of training alone."""
    import keras

    data = datasets.load(dataset, ("text", "label"))
    if data.test is None:
        raise UserError(f"{dataset} has no test split")
    encoder = learn_encoder(data.train)
    parts = [encode(split, encoder) for split in (data.train, data.valid)]
    train = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    keras.utils.set_random_seed(0)
    model = example_model(ours=False)
    began = time.perf_counter()
    model.fit(*train, batch_size=BATCH, epochs=2, verbose=2)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "accuracy": float(model.evaluate(*encode(data.test, encoder), verbose=0)[1])}


# ------------------------------------------------------------------------------------ the measurements


def measure_steps(runs: int) -> dict[str, Any]:
    """Milliseconds of a training step of both models, interleaved; the same random batch for both."""
    models = {"keras": example_model(ours=False), "zoo": example_model(ours=True)}
    copy_weights(models["keras"], models["zoo"])
    random = np.random.default_rng(0)
    tokens = random.integers(1, WORDS, (BATCH, TOKENS)).astype("int32")
    labels = random.integers(0, 2, BATCH).astype("float32")
    before = {name: model.predict_on_batch(tokens) for name, model in models.items()}
    difference = float(abs(before["keras"] - before["zoo"]).max())
    if difference > 1e-5:
        raise AssertionError(f"the two models differ by {difference}")
    compile_seconds = {}
    for name, model in models.items():
        began = time.perf_counter()
        model.train_on_batch(tokens, labels)
        compile_seconds[name] = time.perf_counter() - began
    times: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(runs):
        for name, model in models.items():
            began = time.perf_counter()
            model.train_on_batch(tokens, labels)
            times[name].append(1000 * (time.perf_counter() - began))
    ratios = np.array(times["keras"]) / np.array(times["zoo"])
    return {
        "milliseconds": {name: spread(values) for name, values in times.items()},
        "times_as_fast": spread(ratios),
        "first_step_seconds": compile_seconds,
        "largest_difference": difference,
        "runs": runs,
    }


def copy_weights(theirs: Any, ours: Any) -> None:
    """Both models list embedding, then forward and backward cell of each layer, then the output layer."""
    for source, target in zip(theirs.trainable_variables, ours.trainable_variables, strict=True):
        target.assign(source)


def spread(values: Any) -> dict[str, float]:
    """Median, lowest and highest."""
    return {"median": float(np.median(values)), "min": float(np.min(values)), "max": float(np.max(values))}


def measure_race(dataset: str) -> dict[str, Any]:
    """The example and `zoo.run sentiment`, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        say("the example's two epochs (some minutes)")
        said = f"{folder}/example.json"
        _run("experiments.bench_imdb", dataset, "--only", "example", "--out", said)
        say("zoo.run sentiment, one epoch")
        out = f"{folder}/run"
        began = time.perf_counter()
        _run("zoo.run", "sentiment", "--dataset", dataset, "--epochs", "1", "--out", out)
        seconds = time.perf_counter() - began
        metrics = read_json(f"{out}/metrics.json")
        example = read_json(said)
    return {
        "example": example,
        "zoo": {"seconds": seconds, "accuracy": metrics["test"]["accuracy"], "cell": metrics["cell"]},
        "share_of_the_time": seconds / example["seconds"],
    }


def _run(module: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise UserError(f"python -m {module} {' '.join(arguments)} ended with {done.returncode}", 1)


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, measure, print."""
    arguments = parser().parse_args(argv)
    configure("cpu")
    if arguments.only == "example":
        result: dict[str, Any] = run_example(arguments.dataset)
    else:
        result = {"device": device_name()}
        if arguments.only != "race":
            result["steps"] = measure_steps(arguments.runs)
        if arguments.only != "steps":
            result["race"] = measure_race(arguments.dataset)
    if arguments.out:
        write_json(arguments.out, result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    sys.exit(main())
