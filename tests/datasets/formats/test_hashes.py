from __future__ import annotations

from datasets.formats.hashes import content_hash


def test_content_hash_is_the_same_on_every_machine() -> None:
    # From `printf %s TEXT | b2sum --length 64`.
    assert content_hash("") == int.from_bytes(bytes.fromhex("e4a6a0577479b2b4"), "little")
    assert content_hash("가") == int.from_bytes(bytes.fromhex("4c07d58c85a8a169"), "little")
    assert content_hash("가".encode()) == content_hash("가")
