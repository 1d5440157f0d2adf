"""Ways of damaging a file: bytes, lines, columns, encodings, archives, and texts that no one expects."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from random import Random

#: Texts that have broken readers.
TEXTS = (
    "", " ", "\t", "NA", "null", "NaN", "inf", "-inf", "1e999", "9" * 400, "9" * 5000, "１２", "1_000", "0x10", "-0",
    "\x00", "\x85", "\u2028", "\ufeff", "\u200b", "\u202e", "e\u0301", "\u1112\u1161\u11ab", "🏳️‍🌈", "\U0010ffff", "'",
    '"',
    '""', "\\", "\\n", "=1+1", "../../../etc/passwd", "%s", "{}", "<pad>", "2020-02-30", "0000-00-00", "99999999999999",
    "1970-01-01T00:00:00+99:99", "[" * 3000, '{"a":' * 3000, "a" * 100_000, "\r", "\x1a", "\x1f\x8b",
)  # fmt: skip

Mutation = Callable[[bytes, Random], bytes]


def flip_bytes(data: bytes, random: Random) -> bytes:
    """A few bytes are others."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 4)):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def cut_off(data: bytes, random: Random) -> bytes:
    """The end is missing."""
    return data[: random.randrange(len(data) + 1)]


def cut_out(data: bytes, random: Random) -> bytes:
    """A piece is missing."""
    start = random.randrange(len(data) + 1)
    return data[:start] + data[start + random.randint(1, 60) :]


def insert_bytes(data: bytes, random: Random) -> bytes:
    """Random bytes in between."""
    place = random.randrange(len(data) + 1)
    return data[:place] + random.randbytes(random.randint(1, 20)) + data[place:]


def insert_text(data: bytes, random: Random) -> bytes:
    """A text of `TEXTS` in between."""
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice(TEXTS).encode() + data[place:]


def replace_field(data: bytes, random: Random) -> bytes:
    """A field of a line is a text of `TEXTS`."""
    lines = data.split(b"\n")
    number = random.randrange(len(lines))
    mark = random.choice((b",", b"\t", b" ", b'"', b":"))
    parts = lines[number].split(mark)
    parts[random.randrange(len(parts))] = random.choice(TEXTS).encode()
    lines[number] = mark.join(parts)
    return b"\n".join(lines)


def repeat_lines(data: bytes, random: Random) -> bytes:
    """A line stands many times."""
    lines = data.split(b"\n")
    number = random.randrange(len(lines))
    return b"\n".join([*lines[:number], *[lines[number]] * random.randint(2, 50), *lines[number + 1 :]])


def delete_lines(data: bytes, random: Random) -> bytes:
    """Lines are missing."""
    lines = data.split(b"\n")
    return b"\n".join(line for line in lines if random.random() > random.choice((0.02, 0.5, 0.95)))


def shuffle_lines(data: bytes, random: Random) -> bytes:
    """The lines stand in another order, the header too."""
    lines = data.split(b"\n")
    random.shuffle(lines)
    return b"\n".join(lines)


def blank_lines(data: bytes, random: Random) -> bytes:
    """Empty lines, and lines of blanks, in between."""
    return b"\n".join(
        line + random.choice((b"", b"", b"", b"\n", b"\n   ", b"\n\n\n")) for line in data.split(b"\n")
    )


def swap_columns(data: bytes, random: Random) -> bytes:
    """The columns stand the other way round."""
    mark = random.choice((b",", b"\t", b" "))
    return b"\n".join(mark.join(reversed(line.split(mark))) for line in data.split(b"\n"))


def other_delimiter(data: bytes, random: Random) -> bytes:
    """Another character separates the columns."""
    return data.replace(
        random.choice((b",", b"\t", b" ")), random.choice((b";", b"|", b",", b"\t", b"  ", b""))
    )


def other_line_ends(data: bytes, random: Random) -> bytes:
    """Line ends of Windows, of old Macs, or none."""
    return data.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\r", b"\r\r\n", b"\x0b", b"")))


def other_encoding(data: bytes, random: Random) -> bytes:
    """Another encoding, with or without a mark."""
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp949", "utf-8-sig", "utf-7"))
    return data.decode(errors="replace").encode(encoding, errors="replace")


def huge_field(data: bytes, random: Random) -> bytes:
    """A word of a hundred thousand letters, or rarely of eleven million."""
    place = random.randrange(len(data) + 1)
    size = 11_000_000 if random.random() < 0.02 else 100_000
    return data[:place] + b"a" * size + data[place:]


def packed(data: bytes, _random: Random) -> bytes:
    """Packed with gzip, whatever the file is called."""
    return gzip.compress(data, mtime=0)


def packed_and_damaged(data: bytes, random: Random) -> bytes:
    """Packed with gzip, and damaged then."""
    damage = random.choice((flip_bytes, cut_off, cut_out, insert_bytes))
    return damage(packed(data, random), random)


def empty(_data: bytes, _random: Random) -> bytes:
    """Nothing."""
    return b""


def noise(_data: bytes, random: Random) -> bytes:
    """Random bytes."""
    return random.randbytes(random.randint(1, 400))


def deep_json(_data: bytes, random: Random) -> bytes:
    """JSON that is very deep."""
    return random.choice((b"[", b'{"a":', b'[{"images":')) * random.choice((900, 100_000))


MUTATIONS: tuple[Mutation, ...] = (
    flip_bytes, cut_off, cut_out, insert_bytes, insert_text, replace_field, replace_field, repeat_lines, delete_lines,
    shuffle_lines, blank_lines, swap_columns, other_delimiter, other_line_ends, other_encoding, huge_field, packed,
    packed_and_damaged, empty, noise, deep_json,
)  # fmt: skip


def mutated(data: bytes, random: Random) -> tuple[bytes, list[str]]:
    """A file after up to three mutations, and what they were; one in ten stays as it is."""
    if random.random() < 0.1:
        return data, []
    chosen = [random.choice(MUTATIONS) for _ in range(random.choice((1, 1, 2, 3)))]
    for mutation in chosen:
        data = mutation(data, random)
    return data, [mutation.__name__ for mutation in chosen]
