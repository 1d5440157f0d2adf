"""easy-VQA's `questions.json`: a list of [question, answer, image number]."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from datasets.errors import UserError
from datasets.formats.lines import lines
from datasets.formats.tables import json_fault


def question_items(path: Path, encoding: str) -> Iterator[tuple[str, object, object]]:
    """The words for the place, the question and the image of each item, which may lack the answer.

    Raises:
        UserError: it is no such list.
    """
    for number, item in enumerate(items(path, encoding)):
        place = f"{path} item {number}"
        if not (isinstance(item, list) and len(item) in (2, 3) and isinstance(item[-1], int | str)):
            raise UserError(f"{place}: is not [question, answer, image number]")
        yield place, item[0], item[-1]


def items(path: Path, encoding: str) -> list[object]:
    """The items of the list, whatever they are.

    Raises:
        UserError: the file is no list in JSON.
    """
    try:
        content = json.loads("\n".join(lines(path, encoding)))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: is not JSON ({json_fault(error)})") from None
    if not isinstance(content, list):
        raise UserError(f"{path}: is not a list of [question, answer, image number]")
    return content


def image_name(image: object) -> str:
    """The file of an image: its name, or its number."""
    name = str(image)
    return name if Path(name).suffix else f"{name}.png"
