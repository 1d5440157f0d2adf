"""Types of what Keras takes and gives, for the signatures of cells and layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from zoo.tensors import Tensor

if TYPE_CHECKING:
    import keras

#: What `get_config` gives and `from_config` takes: constructor arguments as JSON can hold them.
Config: TypeAlias = dict[str, Any]

Activation: TypeAlias = Callable[[Tensor], Tensor]
Initializer: TypeAlias = "keras.initializers.Initializer | str"
Regularizer: TypeAlias = "keras.regularizers.Regularizer | str | None"


class LayerArguments(TypedDict, total=False):
    """Constructor arguments of every layer: `def __init__(self, …, **layer_arguments: Unpack[LayerArguments])`."""

    name: str
    dtype: str | keras.DTypePolicy
    trainable: bool
    autocast: bool
    activity_regularizer: Regularizer
