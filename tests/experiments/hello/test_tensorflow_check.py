from __future__ import annotations

import math
from pathlib import Path

import pytest

from datasets.errors import UserError
from experiments.hello import __main__ as command
from experiments.hello import tensorflow_check
from experiments.hello.exercise import Exercise, make_exercise
from experiments.hello.network import Weights, first_weights, loss_and_gradients


def test_gradients_equal_those_of_tensorflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The command hides GPUs from TensorFlow; after the test they are there again.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    arguments = [
        "--text",
        "가나가다나",
        "--length",
        "4",
        "--hidden",
        "5",
        "--picture",
        str(tmp_path / "a.png"),
    ]
    code = command.main(arguments)
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    table = out.split("largest difference\n")[1].splitlines()
    rows = {line.split()[0]: [float(cell) for cell in line.split()[-2:]] for line in table[1:6]}
    assert set(rows) == {"kernel", "recurrent_kernel", "bias", "output_kernel", "output_bias"}
    assert max(max(row) for row in rows.values()) < 1e-14
    assert table[6] == "  They are equal: no difference is above 1e-10."


@pytest.mark.parametrize("name", ["kernel", "recurrent_kernel", "bias", "output_kernel", "output_bias"])
@pytest.mark.parametrize("difference", [2e-10, math.nan])
def test_a_difference_in_any_weight_ends_with_an_error(
    name: str, difference: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slightly_off(weights: Weights, task: Exercise) -> Weights:
        gradients = loss_and_gradients(weights, task)[1]
        gradients[name].flat[-1] += difference
        return gradients

    monkeypatch.setattr("zoo.runtime.platform.configure", lambda _: None)
    monkeypatch.setattr(tensorflow_check, "tensorflow_gradients", slightly_off)
    task = make_exercise("hello", 3)
    with pytest.raises(UserError, match="the gradients differ by") as caught:
        tensorflow_check.compare_with_tensorflow({"before training": first_weights(4, 3, 0)}, task)
    assert caught.value.exit_code == 1


def test_without_tensorflow_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError("No module named 'tensorflow'")

    monkeypatch.setattr("zoo.runtime.platform.configure", missing)
    with pytest.raises(UserError, match="leave the comparison out with --no-tensorflow"):
        tensorflow_check.compare_with_tensorflow({}, make_exercise("hello", 3))
