"""Texts: one an argument, a line of a `.txt` file, or a row of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.characters import composed, encodable
from datasets.formats.columns import TARGET_NAMES, TEXT_NAMES, usual_name
from datasets.formats.label_lines import has_labels, is_of_fasttext, labelled_lines
from datasets.formats.lines import lines, whole_text
from datasets.formats.tables import DELIMITERS, Format, Table, is_table, suffix
from datasets.input_kinds.as_trained import Column, finder_of, form_of_table, opened
from datasets.input_kinds.base import InputKind

#: Characters of an example; a language model's are long, and its prompts short.
MOST_CHARACTERS = 2000


def parse(arguments: Sequence[str]) -> list[str]:
    """Arguments of the command line as texts; bytes that are not UTF-8 become U+FFFD, as in training."""
    encoded = [argument.encode("utf-8", "surrogateescape") for argument in arguments]
    return [composed(text.decode("utf-8", "replace")) for text in encoded]


@dataclass(frozen=True)
class TextReader:
    """Reads texts from files, as training reads them.

    Attributes:
        usual: usual names of the column of the texts.
        option: the option of the training data that names this column.
        place: its position in training data without a header where none was named.
        any_name: whether training also reads plain files whose name has another ending, such as `train.de`.
    """

    usual: frozenset[str] = TEXT_NAMES
    option: str = "text_column"
    place: int | None = None
    any_name: bool = False

    def __call__(self, path: Path, column: str | None, form: Format) -> Iterator[str]:
        """The texts of a table (CSV, TSV, JSON Lines), or of a `.txt` file with one text a line; each may be `.gz`.

        A folder gives each `.txt` file in it as one text, in the order of their names.

        Args:
            path: the file.
            column: name or position of the text column; None finds it as in training, by its usual names, or takes the
                only one.
            form: how to read a table.

        Raises:
            UserError: no such file or column, bytes that are not in the encoding, a row that does not parse.
        """
        if path.is_dir():
            yield from (composed(whole_text(file, form.as_trained(file).encoding)) for file in _files(path))
            return
        if column is None and not self.any_name and _has_labels(path, form):
            form.remarks.append(
                f"{path}: the labels before the texts are left out; --format text reads whole lines"
            )
            encoding = form.as_trained(path).encoding
            yield from (composed(text) for _, _, text in labelled_lines(path, encoding))
            return
        column_of_texts = self._column(column, form)
        form_of_file = self._form_of_table(path, column, form, column_of_texts)
        if form_of_file is None:
            self._remark_on_language(path, form)
            if form.kind is None and suffix(path) == ".txt" and _had_a_file_a_text(form):
                form.remarks.append(
                    f"{path} has a text a line, and the training data had a file a text; give a folder to have each "
                    "file in it read as one"
                )
            for line in lines(path, form.as_trained(path).encoding):
                yield composed(line.removesuffix("\r"))
            return
        table, (position,) = opened(path, form_of_file, partial(_position, column_of_texts))
        if suffix(path) == ".txt" and column is None and form.delimiter is None:
            form.remarks.append(
                f"{path} is a table of which the column '{table.columns[position]}' is read; "
                "--format text reads a text a line"
            )
        for line_number, (text,) in table.rows([position]):
            place = f"{path} line {line_number}"
            if not isinstance(text, str):
                raise UserError(f"{place}: the text is {text!r}, not a string")
            yield composed(encodable(place, text))

    def _column(self, column: str | None, form: Format) -> Column:
        """The column of the texts. Where pairs were learnt the other way round, it is that of the targets."""
        if self.option == "source_column" and form.trained.get("reverse"):
            return Column("text", TARGET_NAMES, column, option="target_column", place=1)
        return Column("text", self.usual, column, option=self.option, place=self.place)

    def _remark_on_language(self, path: Path, form: Format) -> None:
        """Tell of a file that is called after the language that is translated into."""
        target = form.trained.get("source" if form.trained.get("reverse") else "target")
        if self.any_name and target and suffix(path) == f".{str(target).lower().lstrip('.')}":
            form.remarks.append(f"{path} is called after the language that the model translates into")

    def _form_of_table(self, path: Path, column: str | None, form: Format, wanted: Column) -> Format | None:
        """How to read the file as a table; None where it has a text a line."""
        if self.any_name and not is_table(path) and column is None and form.delimiter is None:
            return None
        return form_of_table(path, column, form, finder_of(wanted))


def _has_labels(path: Path, form: Format) -> bool:
    """Whether the lines of a file begin with labels: as fastText writes them, or as in the training data.

    What the first words of lines are cannot be seen from the lines alone, where training had none before its texts.
    """
    if form.kind is not None or form.delimiter is not None:
        return False
    encoding = form.as_trained(path).encoding
    if not has_labels(path, encoding):
        return False
    return is_of_fasttext(next(lines(path, encoding))) or _had_labels(form, encoding)


def _had_labels(form: Format, encoding: str) -> bool:
    """Whether the training data, where they still are, have labels before their texts."""
    dataset = Path(form.trained.get("dataset", "")).expanduser()
    files = sorted(dataset.iterdir()) if dataset.is_dir() else [dataset]
    return any(path.is_file() and has_labels(path, encoding) for path in files)


def _had_a_file_a_text(form: Format) -> bool:
    """Whether the training data, where they still are, are folders of text files, one a class."""
    folder = Path(form.trained.get("dataset", "")).expanduser()
    if not folder.name or not folder.is_dir():
        return False
    inside = [*folder.glob("*"), *folder.glob("train/*")]
    has_tables = any(is_table(path) and path.is_file() for path in inside)
    return not has_tables and any(next(path.glob("*.txt"), None) for path in inside if path.is_dir())


def _files(folder: Path) -> list[Path]:
    """The text files in a folder.

    Raises:
        UserError: there is none.
    """
    files = sorted(path for path in folder.iterdir() if suffix(path) == ".txt")
    if not files:
        raise UserError(f"{folder}: has no .txt files; give a file, or a folder of texts")
    return files


def _position(column: Column, table: Table, trained: Mapping[str, object]) -> list[int]:
    """The column of the texts.

    The first row of a table with one column may be its name or the first text: the user is asked, it is not guessed.
    """
    if column.given is not None or column.option in trained or len(table.columns) != 1:
        return [column.find(table, trained)]
    only = table.columns[0]
    if table.named and not table.is_json and usual_name(only) not in column.usual:
        raise UserError(
            f"{table.path}: is the first row, {only[:40]!r}, the name of its only column? "
            f"give --column 0 if it is, --header no if it is a text{_other_delimiter(only, column.usual)}"
        )
    return [0]


def _other_delimiter(first: str, usual: frozenset[str]) -> str:
    """What to give where the first row of a table of one column may name several that are separated otherwise."""
    fitting = (
        delimiter
        for delimiter, mark in DELIMITERS.items()
        if mark in first and usual & {usual_name(name) for name in first.split(mark)}
    )
    return next((f", --delimiter {delimiter} if it names several columns" for delimiter in fitting), "")


def example(example: Example, _: Path) -> str:
    """The text of an example, or the sentence that is to be translated, as a prompt of some length."""
    text: str = example["text"] if "text" in example else example["source"]
    return text[:MOST_CHARACTERS]


def prefixes(text: str, tokens: Sequence[str], from_end: bool) -> list[str]:
    """The text up to each token's end; up to each word's where the tokens are not found in the text."""
    folded = text.casefold()
    ends = _ends_from_last(folded, tokens) if from_end else _ends(folded, tokens)
    if ends is None or len(folded) != len(text):
        words = text.split()
        return [" ".join(words[: n + 1]) for n in range(len(words))]
    return [text[:end] for end in ends]


def _ends(text: str, tokens: Sequence[str]) -> list[int] | None:
    """Where each token ends, the first one that fits after the other; None where one is not found."""
    ends = [0]
    for token in tokens:
        start = text.find(token.casefold(), ends[-1])
        if start < 0:
            return None
        ends.append(start + len(token))
    return ends[1:]


def _ends_from_last(text: str, tokens: Sequence[str]) -> list[int] | None:
    """The same, looked for from the end of the text."""
    ends: list[int] = []
    start = len(text)
    for token in reversed(tokens):
        start = text.rfind(token.casefold(), 0, start)
        if start < 0:
            return None
        ends.append(start + len(token))
    return ends[::-1]


read = TextReader()
KIND = InputKind("text", parse, read, example, prefixes, ("text",))
