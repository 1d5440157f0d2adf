"""A kind of input: how raw inputs of a trained model come from a command line, a file or a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from datasets.base import Example
from datasets.formats.tables import Format

if TYPE_CHECKING:
    import numpy as np

#: The flag of `zoo.predict` that names the column of a file.
COLUMN = "--column"
#: The flag of `zoo.predict` that names the column of the images, where questions are asked about them.
IMAGE_COLUMN = "--image-column"
Raw = TypeVar("Raw")
Items = TypeVar("Items", tuple[str, ...], "np.ndarray")


@dataclass(frozen=True)
class InputKind(Generic[Raw]):
    """What a task reads, such as texts or images, and gives to its `answer`. A task names its kind as `input_kind`.

    Attributes:
        name: what messages call it.
        parse: arguments of the command line as raw inputs. Raises UserError where they are none.
        read: the raw inputs of a file. Its arguments are the file; the name or position of the column, or None to find
            it; and how to read a table. Raises UserError for whatever is wrong with the file.
        example: an example of a data set as the raw input that a user would give, for measuring how long answers take.
            Its second argument is a path without suffix for a file that has to be written, such as an image.
        prefixes: for probes that ask after every token, the input up to each of them; None where an input has no order.
            Its arguments are the input; the tokens that the model reads; and whether they are the last of the input
            (of one that is too long, a model reads only the first or only the last tokens).
        formats: what `--format` may say of a file of this kind.
        has_images: whether `--image-column` names a column beside that of the inputs.
    """

    name: str
    parse: Callable[[Sequence[str]], list[Raw]]
    read: Callable[[Path, str | None, Format], Iterator[Raw]]
    example: Callable[[Example, Path], Raw]
    prefixes: Callable[[Raw, Sequence[str], bool], list[Raw]] | None = None
    formats: tuple[str, ...] = ()
    has_images: bool = False

    def examples(self, examples: Iterable[Example], folder: Path) -> list[Raw]:
        """Examples of a data set as raw inputs; files that these need are written into the folder."""
        return [self.example(example, folder / str(number)) for number, example in enumerate(examples)]


def up_to_each(sequence: Items, count: int, from_end: bool) -> list[Items]:
    """The sequence up to each of its first `count` items: 1 item, 2 items, …; or up to each of its last ones."""
    first = len(sequence) - count if from_end else 0
    return [sequence[: first + number + 1] for number in range(count)]
