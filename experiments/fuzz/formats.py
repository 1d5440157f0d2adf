"""Files as users have them, made up: for each format that is read a small one, with the number of its rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

WORDS = (
    "good",
    "bad",
    "film",
    "a",
    "the",
    "영화",
    "좋다",
    "naïve",
    "x86",
    "don't",
    "3.5",
    "über",
    "的",
    "é",
    "ok",
)
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "E-LOC", "S-ORG", "U-X", "L-PER", "NOUN", "VERB")


@dataclass
class Files:
    """What one input is made of.

    Attributes:
        content: bytes by file name; the first is the one that is damaged.
        named: what is given to the loader: a file's name, or empty for the folder.
        fields: that are asked for.
        options: of the loader; values that begin with `@` are names of files.
        rows: how many examples there must be if nothing is damaged; None where that is not said.
    """

    content: dict[str, bytes]
    named: str
    fields: tuple[str, ...]
    options: dict[str, object] = field(default_factory=dict)
    rows: int | None = None

    def write(self, folder: Path) -> tuple[Path, dict[str, object]]:
        """Write them into an empty folder; gives the path to load and the options."""
        for name, content in self.content.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        options = {
            name: str(folder / value[1:]) if isinstance(value, str) and value.startswith("@") else value
            for name, value in self.options.items()
        }
        return folder / self.named, options


def text(random: Random, most: int = 6) -> str:
    """A few words."""
    return " ".join(random.choice(WORDS) for _ in range(random.randint(1, most)))


def delimited(rows: Sequence[Sequence[object]], delimiter: str = ",") -> bytes:
    """A table as RFC 4180 has it."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def objects(rows: Sequence[object]) -> bytes:
    """JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def table(
    random: Random, name: str, header: Sequence[str], rows: Sequence[Sequence[object]]
) -> dict[str, bytes]:
    """The rows as CSV, TSV or JSON Lines."""
    kind = random.choice(("csv", "tsv", "jsonl"))
    if kind == "jsonl":
        content = objects([dict(zip(header, row, strict=True)) for row in rows])
    elif kind == "tsv":
        content = "".join("\t".join(map(str, row)) + "\n" for row in [header, *rows]).encode()
    else:
        content = delimited([header, *rows])
    return {f"{name}.{kind}": content}


def labelled_texts(random: Random) -> Files:
    """Texts with labels; each text another, so that none is left out."""
    rows = [(f"{text(random)} {n}", random.choice(("pos", "neg"))) for n in range(random.randint(12, 30))]
    content = table(random, "data", ("text", "label"), rows)
    return Files(content, next(iter(content)), ("text", "label"), {}, len(rows))


def tagged_sentences(random: Random) -> Files:
    """Words with tags: columns, CoNLL-U, or JSON Lines with lists."""
    sentences = [
        [(f"{random.choice(WORDS)}{n}", random.choice(TAGS)) for _ in range(random.randint(1, 5))]
        for n in range(random.randint(12, 25))
    ]
    kind = random.choice(("conllu", "txt", "jsonl"))
    if kind == "jsonl":
        content = objects([{"tokens": [w for w, _ in one], "tags": [t for _, t in one]} for one in sentences])
    elif kind == "conllu":
        rest = "\t_\t_\t0\t_\t_\t_\n"
        numbered = [[(n, *word) for n, word in enumerate(one, 1)] for one in sentences]
        blocks = ["".join(f"{n}\t{w}\t_\t{t}{rest}" for n, w, t in one) for one in numbered]
        content = "\n".join(blocks).encode() + b"\n"
    else:
        content = "\n".join("".join(f"{w} {t}\n" for w, t in one) for one in sentences).encode()
    return Files({f"data.{kind}": content}, f"data.{kind}", ("tokens", "tags"), {}, len(sentences))


def pairs(random: Random) -> Files:
    """Sentences with translations: a table, or two files line by line."""
    rows = [(f"{text(random)} {n}", f"{text(random)} {n}") for n in range(random.randint(12, 25))]
    if random.random() < 0.5:
        content = table(random, "data", ("source", "target"), rows)
        return Files(content, next(iter(content)), ("source", "target"), {}, len(rows))
    sides = {side: "".join(f"{row[n]}\n" for row in rows).encode() for n, side in enumerate(("en", "ko"))}
    content = {f"train.{side}": lines for side, lines in sides.items()}
    return Files(content, "", ("source", "target"), {"source": "en", "target": "ko"}, len(rows))


def captions(random: Random) -> Files:
    """Captions of images of which there are features: a table, Flickr8k's lines, or Karpathy's JSON."""
    import numpy as np

    names = [f"{n}.jpg" for n in range(random.randint(6, 12))]
    features = io.BytesIO()
    save = random.choice((np.savez, np.savez_compressed))
    save(features, names=np.array(names), features=np.eye(len(names), 3, dtype="float32"), allow_pickle=False)
    rows = [(name, text(random)) for name in names for _ in range(2)]
    kind = random.choice(("table", "flickr", "karpathy"))
    if kind == "table":
        content = table(random, "data", ("image", "caption"), rows)
    elif kind == "flickr":
        lines = "".join(f"{name}#{n}\t{words}\n" for n, (name, words) in enumerate(rows))
        content = {"data.token.txt": lines.encode()}
    else:
        images = [
            {
                "filename": name,
                "split": "train",
                "sentences": [{"raw": w} for other, w in rows if other == name],
            }
            for name in names
        ]
        content = {"data.json": json.dumps({"images": images}).encode()}
    named = next(iter(content))
    files = {**content, "features.npz": features.getvalue()}
    if random.random() < 0.3:
        files = dict(reversed(files.items()))  # the archive is damaged
    return Files(files, named, ("image", "captions"), {"features": "@features.npz"}, len(names))


def questions(random: Random) -> Files:
    """Questions about images: the list of easy-VQA, or a table."""
    import numpy as np
    from PIL import Image

    images = {}
    for n in range(3):
        buffer = io.BytesIO()
        Image.fromarray(np.full((4, 4, 3), 40 * n, np.uint8)).save(
            buffer, random.choice(("PNG", "BMP", "GIF"))
        )
        images[f"images/{n}.png"] = buffer.getvalue()
    rows = [
        (f"{text(random)} {n}?", random.choice(("yes", "no")), n % 3) for n in range(random.randint(12, 25))
    ]
    if random.random() < 0.5:
        content = {"questions.json": json.dumps(rows).encode()}
        name = ""
    else:
        named = [(f"images/{image}.png", question, answer) for question, answer, image in rows]
        content = table(random, "data", ("image", "question", "answer"), named)
        name = next(iter(content))
    files = {**content, **images}
    if random.random() < 0.2:
        files = dict(reversed(files.items()))  # an image is damaged
    return Files(files, name, ("image", "question", "answer"), {}, len(rows))


def long_text(random: Random) -> Files:
    """One text; its rows are its characters."""
    written = "\n".join(text(random, 12) for _ in range(random.randint(1, 40)))
    return Files({"data.txt": written.encode()}, "data.txt", ("text",))


def series(random: Random) -> Files:
    """Readings at regular steps: wide, or long with the names of series."""
    import datetime

    start, steps = datetime.datetime(2020, 1, 1), random.randint(30, 60)
    step = random.choice(
        (datetime.timedelta(hours=1), datetime.timedelta(days=1), datetime.timedelta(days=7))
    )
    stamps = [(start + n * step).isoformat(sep=random.choice("T ")) for n in range(steps)]
    numbers = [round(random.gauss(10, 3), 3) for _ in range(2 * steps)]
    if random.random() < 0.5:
        rows: list[list[object]] = [[s, *numbers[2 * n : 2 * n + 2]] for n, s in enumerate(stamps)]
        header = ["date", "x", "y"]
    else:
        rows = [[name, s, numbers[n]] for name in "ab" for n, s in enumerate(stamps)]
        header = ["unique_id", "ds", "y"]
    content = table(random, "data", header, rows)
    return Files(content, next(iter(content)), ("series", "start"), {}, 1 if header[0] == "date" else 2)


#: By name. What a task reads when it answers is made by `experiments.fuzz.loaders`.
FORMATS: dict[str, Callable[[Random], Files]] = {
    maker.__name__: maker
    for maker in (labelled_texts, tagged_sentences, pairs, captions, questions, long_text, series)
}
