from __future__ import annotations

import math

from experiments.report.metrics import number, share, signed


def test_numbers_keep_four_digits() -> None:
    shown = [number(value) for value in (0.88096, 0.0132994, 1234.56, 123456.7, 0.0, 2.25531)]
    assert shown == ["0.8810", "0.01330", "1,235", "123,457", "0.0000", "2.2553"]
    assert [number(value) for value in (9.99996, 99.996, 99.99, 999.97)] == [
        "10.00",
        "100.0",
        "99.99",
        "1,000",
    ]
    assert number(math.nan) == number(None) == "–"


def test_differences_have_a_sign() -> None:
    assert [signed(value) for value in (0.01, -0.01, 0.0, 0.00012, math.nan)] == [
        "+0.0100", "−0.0100", "0", "+0.00012", "–",
    ]  # fmt: skip


def test_small_probabilities() -> None:
    assert [share(value) for value in (0.0004, 0.04, math.nan)] == ["< 0.001", "0.040", "–"]
