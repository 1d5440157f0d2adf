from __future__ import annotations

from datasets.errors import UserError, did_you_mean, listed, unknown


def test_a_message_is_one_line() -> None:
    assert str(UserError("two\n  lines")) == "two lines"


def test_the_nearest_name_ignores_case_and_gives_up_on_the_unlike() -> None:
    assert did_you_mean("imdb", ["IMDB", "glue"]) == "; did you mean IMDB?"
    assert did_you_mean("IMDB", ["imdb", "glue"]) == "; did you mean imdb?"
    assert did_you_mean("zzz", ["IMDB", "glue"]) == ""
    assert did_you_mean("zzz", ["IMDB", "glue"], "see --help") == "; see --help"


def test_an_unknown_name_gets_the_nearest_or_all() -> None:
    assert str(unknown("cell", "grru", ["lstm", "gru"])) == "unknown cell 'grru'; did you mean gru?"
    assert str(unknown("cell", "x", ["lstm", "gru"])) == "unknown cell 'x'; choose one of: gru, lstm"


def test_long_lists_are_cut_short() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([*"abcdefgh"]) == "a, b, c, d, e and 3 more"
    assert listed([str(n) for n in range(2000)], 2) == "0, 1 and 1,998 more"
