from __future__ import annotations

import pytest

from datasets.base import Dataset, Info, Split
from datasets.errors import UserError
from zoo.data.token_layers import Tokens
from zoo.tasks.sentiment import tokens as tokens_module
from zoo.tasks.sentiment.task import TASK, Options
from zoo.tasks.sentiment.tokens import TextsInTokens, learn_tokens


def split(texts: list[str]) -> Split:
    return Split(lambda: iter([{"text": text, "label": n % 2} for n, text in enumerate(texts)]), len(texts))


def dataset(train: list[str], dev: list[str]) -> Dataset:
    return Dataset(Info("toy", TASK.fields, ("a", "b")), split(train), split(dev), None)


def learnt(train: list[str], dev: list[str], kind: str = "auto", min_count: int = 0) -> TextsInTokens:
    return learn_tokens(dataset(train, dev), kind, lowercase=True, size=100, min_count=min_count)


@pytest.mark.parametrize(
    ("train", "dev", "kind", "why"),
    [
        (["a good film", "a bad film"], ["a good day"], "words", "for 33.3% of the dev split's words"),
        (["smith", "sato"], ["smit", "sano"], "characters", "for 100.0% of the dev split's words"),
        (["영화가 좋다", "영화는 나쁘다"], ["영화가 영화는 좋다 나쁘다"], "words", "for 0.0%"),
        (["영화가 좋다", "영화는 나쁘다"], ["영화도 영화는 좋다 나쁘다"], "characters", "for 25.0%"),
        (["好看的电影", "不好看"], ["好看的电影"], "characters", "for the script has no blanks"),
    ],
)
def test_the_data_choose_what_a_token_is(train: list[str], dev: list[str], kind: str, why: str) -> None:
    tokens = learnt(train, dev)
    assert tokens.kind == kind
    assert tokens.notes[0].startswith(f"tokens: {kind}, {why}")


@pytest.mark.parametrize("kind", ["words", "characters"])
def test_what_is_asked_for_is_taken(kind: str) -> None:
    tokens = learnt(["smith", "sato"], ["smit"], kind)
    assert tokens.kind == kind
    assert "--tokens" not in " ".join(tokens.notes)


def test_a_token_that_comes_once_is_known_where_texts_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["good good", "bad"]
    assert learnt(texts, texts, "words").vocabulary == ["good", "bad"]
    assert learnt(texts, texts, "words", min_count=2).vocabulary == ["good"]
    monkeypatch.setattr(tokens_module, "MANY_TEXTS", 2)
    assert learnt(texts, texts, "words").vocabulary == ["good"]


def test_sub_words_are_learnt_on_train() -> None:
    tokens = learnt(["good films", "good film", "goods"], ["zzz"], "subwords")
    assert tokens.kind == "subwords"
    assert "▁good" in tokens.vocabulary
    assert not set("z") & set("".join(tokens.vocabulary))
    assert tokens.notes == (
        f"vocabulary: {len(tokens.vocabulary)} tokens learnt on train; 0.0% of its tokens are unknown",
    )
    with pytest.raises(UserError, match="more characters than --vocabulary"):
        learn_tokens(dataset(["abcdef"], []), "subwords", lowercase=True, size=3, min_count=0)


def test_a_run_of_sub_words_gives_its_own() -> None:
    given = Tokens("subwords", True, ("▁good", "▁film", "s"))
    data = dataset(["good films", "zzz"], ["films"])
    for kind in ("auto", "subwords"):
        ready = TASK.prepare_from(data, Options(tokens=kind), 2, given)
        assert ready.learned.encoder.vocabulary == given.vocabulary
        assert TASK.token_layers(ready.learned)[0].tokens == given
        assert ready.train.sequences.values.tolist() == [2, 3, 4, *[1] * 4]
    other = TASK.prepare_from(data, Options(tokens="subwords", lowercase=False), 2, given)
    assert other.learned.encoder.vocabulary != given.vocabulary


@pytest.mark.parametrize("kind", ["auto", "words", "subwords"])
def test_what_was_chosen_goes_through_json(kind: str) -> None:
    options = Options(tokens=kind)
    ready = TASK.prepare(dataset(["smith", "sato"], ["smit"]), options, batch_size=2)
    stored = ready.learned.to_json()
    assert ("tokens" in stored) == (kind == "auto")  # as runs of before, where the option tells
    again = TASK.restore(stored, options)
    assert again.encoder.tokens == ready.learned.encoder.tokens
    assert again.to_json() == stored
