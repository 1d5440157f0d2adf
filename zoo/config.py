"""One frozen, typed configuration per run: the dataclasses whose fields are the flags of `zoo.run`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datasets import plugins
from datasets.errors import UserError
from datasets.options import option
from zoo.cli import cells
from zoo.layers.engines import ENGINES

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class RecurrentOptions:
    """The recurrent part of the model, whatever the cell."""

    cell: str = option(
        "gru",
        "a cell of the zoo, or package.module:Class for one of your own; lstm(unit_forget_bias=false) is one with "
        "--cell-options",
        metavar="CELL",
    )
    units: int = option(64, "units of each cell", minimum=1, maximum=65_536)
    layers: int = option(1, "stacked layers", minimum=1, maximum=256)
    bidirectional: bool = option(False, "also read from the end to the start")
    dropout: float = option(
        0.2, "fraction dropped before, between and after the recurrent layers", minimum=0, maximum=0.95
    )
    recurrent_dropout: float = option(
        0.0, "fraction of the state dropped inside the recurrence", minimum=0, maximum=0.95
    )
    weight_dropout: float = option(
        0.0,
        "fraction of the recurrent kernel's entries dropped, the same ones for a whole batch (DropConnect)",
        minimum=0,
        maximum=0.95,
    )
    cell_options: tuple[str, ...] = option(
        (), "arguments of the cell's constructor, NAME=VALUE, such as reset_after=false", metavar="NAME=VALUE"
    )
    engine: str = option(
        "auto",
        "how the cell is run over time",
        choices=("auto", *ENGINES),
    )

    def __post_init__(self) -> None:
        """A cell that was renamed is recorded by its name of today, and its options as `cell_options`.

        Raises:
            UserError: for an option of the run among those of the cell.
        """
        cell, own = cells.named(self.cell)
        for text in own:
            name, _, value = text.partition("=")
            if name in ("units", "layers", "engine"):
                raise UserError(f"--cell {self.cell}: {name} is no option of a cell; give --{name} {value}")
        object.__setattr__(self, "cell", plugins.present_name("zoo.cells", cell))
        object.__setattr__(self, "cell_options", (*self.cell_options, *own))


#: Of fewer examples, dev says little of which epoch is best.
FEW_OF_DEV = 20


@dataclass(frozen=True)
class TrainingOptions:
    """How the model is trained."""

    epochs: int = option(10, "passes over the training split, at most", minimum=1, maximum=1_000_000)
    batch_size: int = option(32, "examples per step", minimum=1, maximum=65_536)
    least_steps: int = option(
        50,
        "steps of an epoch, at least: a small training split is read more than once an epoch",
        minimum=1,
        maximum=1_000_000,
        before=1,
    )
    start_from: tuple[str, ...] = option(
        (),
        "a run whose vectors of tokens and recurrent layers this one begins with; a second one for what reads "
        "backwards, or for the decoder",
        metavar="RUN",
    )
    learning_rate: float = option(1e-3, "of the Adam optimiser", minimum=0, maximum=1e38)
    decay: str = option(
        "none", "how the learning rate falls, to 0 after the last epoch", choices=("none", "linear", "cosine")
    )
    warm_up: int = option(0, "steps over which the learning rate rises from 0", minimum=0)
    clip: float = option(1.0, "largest global norm of the gradient; 0 clips nothing", minimum=0)
    average: float = option(
        0.998,
        "decay of the moving average of the weights that is scored and kept; 0 takes the last weights",
        minimum=0,
        maximum=0.99999,
    )
    patience: int = option(2, "epochs without a better score before training stops", minimum=1)
    choose: str = option(
        "dev",
        "what the best epoch is chosen by: the score on dev, or the loss on train; auto takes dev where it has at "
        f"least {FEW_OF_DEV} examples",
        choices=("dev", "train", "auto"),
        before="dev",
    )
    seed: int = option(
        0, "decides initial weights, data order and dropout", minimum=0, maximum=4_294_000_000
    )  # the layers' seeds, some above it, have 32 bits
    precision: str = option(
        "float32", "of the computation", choices=("float32", "mixed_bfloat16", "mixed_float16", "float64")
    )
    device: str = option(
        "auto", "where it runs; auto takes a GPU where there is one", choices=("auto", "cpu", "gpu")
    )
    mirrored: bool = option(False, "share each batch among all devices of its kind (MirroredStrategy)")
    tensorboard: bool = option(False, "also write learning curves for TensorBoard into the run directory")
    checkpoint_seconds: float = option(60.0, "seconds between checkpoints inside an epoch", minimum=0)
    members: int = option(1, "how many trained models this one is the mean of", minimum=1, flag=False)


@dataclass(frozen=True)
class TrainedBaselines:
    """What becomes of baselines that are trained: order-agnostic models, which take about as long as the model.

    Attributes:
        shared: folder in which they are looked up and kept; None: they are trained, and not kept.
        left_out: whether they are neither looked up nor trained.
    """

    shared: Path | None = None
    left_out: bool = False


#: As it comes: they are trained, and not kept.
TRAINED = TrainedBaselines()


@dataclass(frozen=True)
class RunConfig:
    """Everything needed to repeat a run.

    Attributes:
        task: name of the task.
        dataset: `microworld`, a path, or a tensorflow-datasets name.
        data: options of the data source that were given, by name.
        recurrent, training: see there.
        options: the task's own options, an instance of its `options_type`.
        export: whether the run ends with a SavedModel.
    """

    task: str
    dataset: str
    data: Mapping[str, object]
    recurrent: RecurrentOptions
    training: TrainingOptions
    options: DataclassInstance
    export: bool = False
