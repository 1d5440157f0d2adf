"""Tokenisers and scores keep what readers of a script tell apart."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
import tensorflow as tf

from zoo.data import characters, subwords, tokenizer
from zoo.data.scripts import in_hangul, separated, unspaced_script, words
from zoo.tasks.captioning.scores import compared, plain
from zoo.tasks.translation.scores import most_similar

#: Two words that differ in one sign; words of scripts with blanks between words.
SPACED = {
    "Devanagari": ("लड़की", "लड़का"),
    "Bengali": ("কলি", "কলা"),
    "Tamil": ("படி", "படு"),
    "Arabic with points": ("كَتَبَ", "كُتِبَ"),
    "Hebrew with points": ("שָׁלוֹם", "שִׁלּוּם"),
    "Korean": ("방", "밤"),
    "Cyrillic": ("мой", "мои"),
    "Greek": ("νόμος", "νομός"),
    "Turkish": ("kırık", "kirik"),
    "Ethiopic": ("ቤት", "ቢት"),
    "Latin": ("résumé", "resume"),
    "Latin with marks that do not compose": ("m̃a", "ma"),
    "Persian with a zero-width non-joiner": ("می‌خواهم", "می‌خواهی"),
    "Sinhala with a zero-width joiner": ("ක්‍රම", "ක්‍රමි"),
}
#: And of scripts without.
UNSPACED = {
    "Thai": ("นาที", "นาทิ"),
    "Khmer": ("គោ", "គេ"),
    "Lao": ("ປີ", "ປິ"),
    "Myanmar": ("မိ", "မီ"),
    "Japanese": ("はか", "ばか"),
    "Chinese": ("红色", "绿色"),
}
EVERY = SPACED | UNSPACED


@pytest.mark.parametrize("script", EVERY)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_that_differ_in_a_sign_stay_different(script: str, form: Literal["NFC", "NFD"]) -> None:
    first, second = (unicodedata.normalize(form, word) for word in EVERY[script])
    assert plain(first) != plain(second)
    assert compared([first], [[second]])["exact"] == 0
    assert compared([first, "x"], [[second], ["x"]])["bleu_1"] < 100
    assert plain(unicodedata.normalize("NFC", first)) == plain(unicodedata.normalize("NFD", first))
    assert words(first) != words(second)
    assert "".join(words(first)) == first


@pytest.mark.parametrize("script", EVERY)
def test_tokenisers_keep_words_whole(script: str) -> None:
    encoder = characters.WordEncoder(["a"], ["a"], max_characters=20, split="words")
    for word in EVERY[script]:
        sentence = tf.constant([f"a {word}."])
        # Lower case would take the dot off a Turkish İ; it is not what is tested here.
        for found in (
            tokenizer.split_words(sentence, lowercase=False)[0],
            encoder.split(sentence)[0],
            subwords.split_words(sentence)[0],
        ):
            tokens = [token.decode().removeprefix(subwords.MARK) for token in found.numpy()]
            assert tokens == ["a", word, "."]


@pytest.mark.parametrize("script", SPACED)
def test_scripts_with_blanks_are_parted_at_blanks(script: str) -> None:
    sentence = " ".join(SPACED[script])
    assert unspaced_script([sentence]) is None
    assert separated(sentence) == sentence.split()


@pytest.mark.parametrize("script", UNSPACED)
def test_scripts_without_blanks_are_parted_at_characters(script: str) -> None:
    assert unspaced_script(UNSPACED[script]) == {"Japanese": "kana", "Chinese": "han"}.get(script, "other")
    (word, _) = UNSPACED[script]
    parts = separated(f"a{word}1")
    assert "".join(parts) == f"a{word}1"
    assert len(parts) == 2 + sum(unicodedata.category(character)[0] != "M" for character in word)
    assert all(unicodedata.category(part[0])[0] != "M" for part in parts)


def test_korean_is_told_by_a_quarter_of_its_letters() -> None:
    assert in_hangul(["BTS 신곡 좋다", "ok"])
    assert not in_hangul(["the song 밤편지 is good"])
    assert not in_hangul(["", "1 2"])


def test_a_little_of_another_script_changes_nothing() -> None:
    assert unspaced_script(["the sign 红 means red, as every reader of it knows"]) is None
    assert unspaced_script(["用 Python 写程序的人"]) == "han"
    assert unspaced_script(["漢字とかな"]) == "kana"
    assert unspaced_script(["", "123"]) is None


def test_emoji_count_as_words_of_captions() -> None:
    family = "👨\u200d👩\u200d👧"
    assert plain(f"a {family}!") == f"a {family}"
    assert plain("👍🏽") != plain("👍🏿")
    assert plain("a \u200c b") == "a b"


def test_the_most_similar_source_of_a_script_without_blanks() -> None:
    train = [{"source": "猫在外面", "target": "cat"}, {"source": "狗在门口", "target": "dog"}]
    assert most_similar(train, ["旧的狗在门口等", "红色的猫在外面"]) == ["dog", "cat"]
