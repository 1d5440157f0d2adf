from __future__ import annotations

import importlib.util

import pytest

from datasets.errors import UserError
from zoo.generation import bleu
from zoo.generation.bleu import check_tokenizer, note_on_tokenizer, tokenizer_of
from zoo.tasks.captioning import scores as of_captions
from zoo.tasks.translation import scores as of_translations

FOUND = ["红色的猫在外面奔跑着。", "旧的狗在门口等待着。", "新的船从高处落下来了。"]
RIGHT = ["红色的猫正在外面奔跑着。", "旧的狗在大门口等待着。", "新的船从高空落下来了。"]
THAI = ["แมวสีแดงวิ่งอยู่ข้างนอก"]


def test_chinese_is_counted_as_sacrebleu_counts_chinese() -> None:
    assert of_translations.compared(FOUND, RIGHT)["bleu"] == pytest.approx(71.99, abs=0.01)
    assert "tok:zh" in of_translations.signatures(FOUND, RIGHT)["bleu"]
    assert of_translations.compared(FOUND, RIGHT, "13a")["bleu"] == 0
    assert "tok:char" in of_translations.signatures(FOUND, RIGHT, "char")["bleu"]


def test_captions_without_blanks_are_counted_by_the_same_tokens() -> None:
    references = [[text] for text in RIGHT]
    found = of_captions.compared(FOUND, references)
    assert 50 < found["bleu_4"] < 100
    assert found["cider"] > 1
    assert found["exact"] == 0
    assert "tokens of zh parted by blanks" in of_captions.signatures(FOUND, references)["bleu_4"]
    assert of_captions.compared(FOUND, references, "none")["bleu_1"] == 0


@pytest.mark.parametrize(
    ("asked", "references", "name"),
    [
        ("auto", ["a house"], "13a"),
        ("auto", ["빨간 별이 있다"], "13a"),
        ("auto", RIGHT, "zh"),
        ("auto", THAI, "char"),
        ("auto", ["赤い猫が外で走る"], "char"),
        ("auto", [], "13a"),
        ("intl", RIGHT, "intl"),
    ],
)
def test_the_tokeniser_goes_by_the_script(
    asked: str, references: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bleu, "_is_installed", lambda name: False)
    assert tokenizer_of(asked, references) == name


def test_japanese_is_counted_by_words_where_these_can_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert tokenizer_of("auto", ["赤い猫が外で走る"]) == "ja-mecab"


def test_what_a_tokeniser_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="--bleu-tokenize ja-mecab: needs the packages MeCab and ipadic"):
        check_tokenizer("ja-mecab")
    monkeypatch.setattr("sacrebleu.utils.SACREBLEU_DIR", "/nowhere")
    with pytest.raises(UserError, match="--bleu-tokenize flores200: its model is not there; save http"):
        check_tokenizer("flores200")
    check_tokenizer("zh")


def test_another_tokeniser_than_the_usual_one_is_told() -> None:
    assert note_on_tokenizer("13a", "auto") == []
    assert note_on_tokenizer("zh", "auto")[0].endswith(
        "tokeniser zh (--bleu-tokenize), which fits the script"
    )
    assert note_on_tokenizer("zh", "zh")[0].endswith("tokeniser zh (--bleu-tokenize), as given")
