from __future__ import annotations

import pytest

from datasets.errors import UserError
from datasets.formats.name_patterns import Condition, NamePattern


@pytest.mark.parametrize(
    ("pattern", "name", "parts"),
    [
        (
            "{label}_{speaker}_{take}.wav",
            "a/7_jackson_32.wav",
            {"label": "7", "speaker": "jackson", "take": "32"},
        ),
        ("{label}_{take}", "7_32.flac", {"label": "7", "take": "32"}),
        ("{label}_{take}.wav", "7_32.flac", None),
        ("{speaker}/{label}.wav", "ann/yes.wav", {"speaker": "ann", "label": "yes"}),
        ("{speaker}/{label}.wav", "yes.wav", None),
        ("{label}-{rest}", "a-b-c.wav", {"label": "a", "rest": "b-c"}),
    ],
)
def test_the_parts_of_a_name(pattern: str, name: str, parts: dict[str, str] | None) -> None:
    assert NamePattern(pattern).parts_of(name) == parts


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{speaker}.wav", "has no {label}"),
        ("{label}_{label}", "has a part twice"),
        ("{label}{take}", "nothing between them"),
        ("{label}_{}", "has a brace that belongs to no part"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        NamePattern(pattern)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("take=0-4", "4", True),
        ("take=0-4", "04", True),
        ("take=0-4", "5", False),
        ("take=0-4,9", "9", True),
        ("take=0-4", "x", False),
        ("take=ann,bob", "bob", True),
        ("take=ann", "anna", False),
    ],
)
def test_conditions_name_values_and_ranges(text: str, value: str, holds: bool) -> None:
    assert Condition.of(text, "--test-where").holds({"take": value}, "--test-where") is holds


def test_a_condition_of_another_form_or_of_no_part_is_refused() -> None:
    with pytest.raises(UserError, match=r"--test-where take: write PART=VALUES"):
        Condition.of("take", "--test-where")
    with pytest.raises(UserError, match="did you mean take"):
        Condition.of("takes=1", "--test-where").holds({"take": "1", "label": "a"}, "--test-where")
