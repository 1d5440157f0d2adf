"""What the options of users' files have in common: the encoding, how tables are read, shares for missing splits."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.formats.lines import check_encoding
from datasets.formats.tables import DELIMITERS, Format
from datasets.options import check_fractions, option


def share_for_dev(what: str, default: float = 0.1) -> float:
    """The option of the share for a dev split; `what` is shared, such as `texts`."""
    return option(default, f"share of the {what} for a dev split without a file")


def share_for_test(what: str, default: float = 0.1) -> float:
    """The option of the share for a test split; `what` is shared, such as `texts`."""
    return option(default, f"share of the {what} for a test split without a file; 0: none")


@dataclass(frozen=True)
class FileOptions:
    """Options of files of any kind."""

    encoding: str = option("utf-8", "text encoding of the files, e.g. cp949")
    valid_fraction: float = share_for_dev("examples")
    test_fraction: float = share_for_test("examples")

    def __post_init__(self) -> None:
        """Refuse fractions that leave nothing, and unknown encodings."""
        check_fractions(self.valid_fraction, self.test_fraction)
        check_encoding(self.encoding)


@dataclass(frozen=True)
class TableOptions(FileOptions):
    """Options of tables."""

    header: str = option("yes", "whether the first row names the columns", ("yes", "no"))
    delimiter: str = option(
        "auto", "what separates the columns; auto goes by the file's name", ("auto", *DELIMITERS)
    )

    @property
    def format(self) -> Format:
        """How to read a table."""
        return Format.of(self.encoding, self.delimiter, self.header)
