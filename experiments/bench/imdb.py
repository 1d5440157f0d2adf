"""The benchmark of a whole model on film reviews: Keras' own example, from its layers and from ours.

`python -m experiments.bench imdb --help` says what is measured. In the example's two epochs the model learns from all
of train and is scored on test, as there.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import datasets
from datasets.base import Split
from datasets.errors import UserError
from zoo.runtime.platform import configure, device_name
from zoo.runtime.progress import log
from zoo.runtime.results import read_results
from zoo.runtime.rundir import read_json, write_json

if TYPE_CHECKING:
    import keras

    from zoo.data.tokenizer import TextEncoder

WORDS, TOKENS, BATCH, UNITS = 20_000, 200, 32, 64
#: The recurrent model, without what else has a share in an answer, and without what the example does not do either; the
#: last 300 words of a review, which dev finds nearly as good as 400.
ALONE = ("--ngrams", "1", "--base", "none", "--no-tfidf", "--no-trained-baselines", "--max-tokens", "300")


# ------------------------------------------------------------------------------------ the example


def encode(split: Split, encoder: TextEncoder) -> tuple[np.ndarray, np.ndarray]:
    """Token ids `(texts, TOKENS)`, zeros before short texts as in the example, and labels `(texts,)`."""
    tokens = encoder.encode_all(example["text"] for example in split).truncate(TOKENS, "left")
    padded = tokens.pad(np.arange(len(tokens)), TOKENS)
    shifted = np.stack([np.roll(row, TOKENS - n) for row, n in zip(padded, tokens.lengths, strict=True)])
    return shifted, np.array([example["label"] for example in split], "float32")


def learn_encoder(split: Split) -> TextEncoder:
    """The most frequent words of train."""
    from zoo.data.tokenizer import TextEncoder, learn_vocabulary
    from zoo.data.vocabulary import RESERVED

    texts = (example["text"] for example in split)
    vocabulary, _ = learn_vocabulary(
        texts, tokens="words", lowercase=True, size=WORDS - RESERVED, min_count=1
    )
    return TextEncoder(vocabulary, tokens="words", lowercase=True, max_tokens=TOKENS, truncation_side="left")


def example_model(ours: bool) -> keras.Model:
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


def copy_weights(theirs: keras.Model, ours: keras.Model) -> None:
    """Both models list embedding, then forward and backward cell of each layer, then the output layer."""
    for source, target in zip(theirs.trainable_variables, ours.trainable_variables, strict=True):
        target.assign(source)


def spread(values: Sequence[float] | np.ndarray) -> dict[str, float]:
    """Median, lowest and highest."""
    return {"median": float(np.median(values)), "min": float(np.min(values)), "max": float(np.max(values))}


def measure_race(dataset: str) -> dict[str, Any]:
    """The example and `zoo.run sentiment`, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        log("the example's two epochs (some minutes)")
        _run("experiments.bench", "imdb", dataset, "--only", "example", "--out", folder)
        log("zoo.run sentiment, one epoch")
        out = f"{folder}/run"
        began = time.perf_counter()
        _run("zoo.run", "sentiment", "--dataset", dataset, *ALONE, "--epochs", "1", "--out", out)
        seconds = time.perf_counter() - began
        results = read_results(Path(out) / "metrics.json")
        example = read_json(f"{folder}/imdb.json")["example"]
    return {
        "example": example,
        "zoo": {"seconds": seconds, "accuracy": results.scores["test"]["accuracy"], "cell": results.cell},
        "share_of_the_time": seconds / example["seconds"],
    }


def _run(module: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise UserError(f"python -m {module} {' '.join(arguments)} ended with {done.returncode}", 1)


# ------------------------------------------------------------------------------------ the command's part


def measure(dataset: str | None, only: str | None, rounds: int) -> dict[str, Any]:
    """The figures that are asked for; see `experiments.bench`.

    Args:
        dataset: texts with two classes and a test split; None where only steps are measured.
        only: `steps`, `race`, `example`, or None for steps and race.
        rounds: how many steps are timed.
    """
    configure("cpu")
    result: dict[str, Any] = {"device": device_name()}
    if only in (None, "steps"):
        result["steps"] = measure_steps(rounds)
    if dataset and only == "example":
        result["example"] = run_example(dataset)
    if dataset and only in (None, "race"):
        result["race"] = measure_race(dataset)
    return result


def write(result: dict[str, Any], folder: Path) -> str:
    """Write imdb.json and imdb.md; gives the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "imdb.json", result)
    text = markdown(result)
    (folder / "imdb.md").write_text(text, encoding="utf-8")
    return text


def markdown(result: dict[str, Any]) -> str:
    """Two tables, of what was measured."""
    lines = ["# A whole model beside the example of Keras", "", f"{result['device']}.", ""]
    if "steps" in result:
        steps = result["steps"]
        ratio = steps["times_as_fast"]
        lines += [
            "| step of training | milliseconds: median (lowest–highest) | first, seconds |",
            "|---|---|---|",
        ]
        for name, time_ in steps["milliseconds"].items():
            times = f"{time_['median']:.1f} ({time_['min']:.1f}–{time_['max']:.1f})"
            lines.append(f"| {name} | {times} | {steps['first_step_seconds'][name]:.1f} |")
        lines += ["", f"{ratio['median']:.2f} times as fast ({ratio['min']:.2f}–{ratio['max']:.2f}).", ""]
    rows = {**result.get("race", {}), **{key: result[key] for key in ("example",) if key in result}}
    if rows:
        lines += ["| race | seconds | test accuracy |", "|---|---|---|"]
        runs = {name: row for name, row in rows.items() if isinstance(row, dict)}
        lines += [f"| {name} | {row['seconds']:.0f} | {row['accuracy']:.4f} |" for name, row in runs.items()]
    if "race" in result:
        lines += ["", f"Share of the example's time: {result['race']['share_of_the_time']:.2f}."]
    return "\n".join([*lines, ""])
