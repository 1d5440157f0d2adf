from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import datasets
from datasets.errors import UserError
from experiments.probe import gradients, gradients_of_run
from zoo import reference, stored_run
from zoo.config_file import OwnCode, read_config
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.base import load_task
from zoo.training.context import RunContext


def measured(
    folder: Path, layer: str | None = None, examples: int = 10
) -> tuple[list[tuple[str, np.ndarray]], keras.Model]:
    config = read_config(RunDirectory.open(folder), OwnCode())
    _, model = stored_run.load_run(folder)
    return gradients_of_run.measure(config, model, gradients_of_run.find_layer(model, layer), examples), model


def test_norms_of_a_run_are_those_of_the_reference(sentiment_run: Path) -> None:
    (((name, norms),), model) = measured(sentiment_run, examples=4)
    assert name == "forward"
    config = read_config(RunDirectory.open(sentiment_run), OwnCode())
    task = load_task(config.task)
    context = RunContext.prepare(config, datasets.load(config.dataset, task.fields, config.data))
    batches = context.prepared.valid
    batch = batches.load(batches.plan(None)[-1])
    cell = model.get_layer("recurrent").cells[0][0]
    weights = {key: getattr(cell, key).numpy() for key in ("kernel", "recurrent_kernel", "bias")}
    kernel, bias = (weight.numpy() for weight in model.get_layer("logits").weights)
    table = model.get_layer("embedding").weights[0].numpy()
    tokens = batch.inputs["tokens"][0]
    length, kind = (tokens > 0).sum(), reference.Vanilla()
    inputs = table[tokens[:length]][None]
    last = reference.forward(kind, weights, inputs).final_states[0]
    d_logits = reference.softmax(last @ kernel + bias) - np.eye(2)[batch.targets[:1]]
    for lag in range(1, length):
        states = reference.forward(kind, weights, inputs[:, :-lag]).final_states
        rest = reference.forward(kind, weights, inputs[:, -lag:], initial_states=states)
        d_states = reference.backward(kind, rest, d_final_states=[d_logits @ kernel.T]).initial_states
        assert norms[0, lag] == pytest.approx(np.linalg.norm(d_states[0]), rel=1e-3)


def test_both_directions_of_a_tagger(tagging_run: Path, tmp_path: Path) -> None:
    text = gradients.run(gradients.Options(run=str(tagging_run), examples=5), tmp_path)
    assert "the 2-layer lstm called recurrent, top layer; 5 sequences" in text
    frame = pd.read_csv(tmp_path / "run.csv")
    assert set(frame["direction"]) == {"forward", "backward"}
    assert (frame["norm"] > 0).all()
    assert (tmp_path / "run.png").stat().st_size > 1000


@pytest.mark.slow
def test_another_layer_by_name(tagging_run: Path) -> None:
    norms_by_direction, _ = measured(tagging_run, "character_encoder")
    assert [name for name, _ in norms_by_direction] == ["forward", "backward"]
    with pytest.raises(UserError, match="--layer speling: there are "):
        measured(tagging_run, "speling")


def test_rows_that_fill_a_batch_up_do_not_count() -> None:
    weights = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert gradients_of_run._real_rows(weights).tolist() == [True, False]
    assert gradients_of_run._real_rows(np.array([1.0, 0.0])).tolist() == [True, False]
