from __future__ import annotations

import pytest
import sacrebleu

from zoo.tasks.translation.scores import compared, most_similar, signatures

REFERENCES = ["the cat sat on the mat .", "a dog runs through the deep snow", "two men talk"]
TRANSLATIONS = ["the cat sat on a mat .", "a dog runs through deep snow", "two men talk"]


def test_bleu_and_chrf_are_those_of_sacrebleu():
    found = compared(TRANSLATIONS, REFERENCES)
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(TRANSLATIONS, [REFERENCES]).score)
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(TRANSLATIONS, [REFERENCES]).score)
    assert found["exact"] == pytest.approx(1 / 3)
    assert 0 < found["bleu"] < 100
    assert compared(REFERENCES, REFERENCES) == {
        "bleu": pytest.approx(100),
        "chrf": pytest.approx(100),
        "exact": 1,
    }


def test_empty_translations_are_bad_ones():
    assert compared(["", "", ""], REFERENCES) == {"bleu": 0, "chrf": 0, "exact": 0}


def test_the_signatures_say_how_it_was_counted():
    found = signatures(TRANSLATIONS, REFERENCES)
    assert "tok:13a" in found["bleu"]
    assert f"version:{sacrebleu.__version__}" in found["chrf"]


def test_the_most_similar_training_pair():
    train = [
        {"source": "der Hund läuft schnell", "target": "fast dog"},
        {"source": "die Katze schläft", "target": "sleeping cat"},
        {"source": "ein Hund", "target": "a dog"},
    ]
    found = most_similar(iter(train), ["Die Katze schläft gern", "der Hund läuft", "ein Hund", "?"])
    assert found[:3] == ["sleeping cat", "fast dog", "a dog"]
    assert len(found) == 4
    assert most_similar([{"source": "?", "target": "x"}], ["a", "b"]) == ["x", "x"]
    assert most_similar(train, []) == []
