"""What `zoo.keras_private` takes from Keras still is as it was; each failure says what to do."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from zoo import keras_private


def test_dropout_masks_are_drawn_by_keras_for_cells_of_this_class() -> None:
    advice = (
        "keras.layers.RNN draws masks for another class of cells now: look in its `call` which cells it asks for a"
        " dropout mask, and import that class in zoo/keras_private.py"
    )
    assert issubclass(keras.layers.LSTMCell, keras_private.DropoutRNNCell), advice
    drawn = []

    class Cell(keras_private.DropoutRNNCell, keras.layers.Layer):
        state_size = output_size = 2
        dropout = recurrent_dropout = 0.0

        def get_initial_state(self, batch_size: int | None = None) -> list[object]:
            return [keras.ops.zeros((batch_size, 2))]

        def get_dropout_mask(self, step_input: object) -> None:
            drawn.append(step_input)

        def call(self, _inputs: object, states: list[object]) -> tuple[object, list[object]]:
            return states[0], states

    keras.layers.RNN(Cell())(keras.ops.ones((1, 3, 2)), training=True)
    assert len(drawn) == 1, advice


def test_a_model_lists_the_layers_inside_its_layers() -> None:
    inner = keras.layers.Dense(2)
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.Sequential([inner])(inputs))
    assert any(layer is inner for layer in keras_private.all_layers(model)), (
        "Model._flatten_layers does not give inner layers any more: walk over `layers` of each layer instead"
    )


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a SavedModel is TensorFlow's")
def test_an_export_is_seen_from_inside_the_model(tmp_path: Path) -> None:
    seen = []

    class Watching(keras.layers.Layer):
        def call(self, inputs: object) -> object:
            seen.append(keras_private.exporting())
            return inputs

    model = keras.Sequential([keras.Input((2,)), Watching()])
    model(keras.ops.ones((1, 2)))
    assert not any(seen)
    model.export(tmp_path / "model", verbose=False)
    assert seen[-1], (
        "model.export does not call the model from a module keras.src.export… any more: print the stack in"
        " zoo.keras_private.exporting and look for what an export has on it that another call has not"
    )


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_a_built_in_layer_around_a_cell_has_what_its_constructor_sets(name: str) -> None:
    built_in = getattr(keras.layers, name)(3)
    layer_class: type = type(built_in)
    around = keras_private.built_in_layer(layer_class)(built_in.cell)
    assert layer_class in type(around).__mro__
    assert around.cell is built_in.cell
    assert set(vars(built_in)) <= set(vars(around)), (
        f"the constructor of keras.layers.{name} sets more than it did: set it in zoo.keras_private.built_in_layer too"
    )
    assert getattr(around, "use_cudnn", None) == getattr(built_in, "use_cudnn", "auto")
