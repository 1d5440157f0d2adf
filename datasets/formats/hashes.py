"""A number for a content, by which examples are told apart and put into splits."""

from __future__ import annotations

import hashlib


def content_hash(content: str | bytes) -> int:
    """A number of 64 bits for a text or for bytes (BLAKE2b), the same on every machine and in every process."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
