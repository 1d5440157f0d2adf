from __future__ import annotations

import cProfile
import pstats
import re
from collections import Counter
from statistics import fmean, pstdev
from types import ModuleType

import pytest

import datasets
from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.microworld import english, korean
from datasets.microworld.reviews import LANGUAGES, Options
from tests.conftest import RunPython

ALONE = {"plain": 0.0, "negation": 0.0, "contrast": 0.0, "turn": 0.0}


def load(**options: object) -> Dataset:
    return datasets.load("microworld", ("text", "label"), options)


def splits(dataset: Dataset) -> list[Split]:
    assert dataset.test is not None
    return [dataset.train, dataset.valid, dataset.test]


def texts(split: Split) -> list[str]:
    return [example["text"] for example in split]


def bag(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(re.findall(r"[\w']+", text.lower())).items()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_comes_twice_and_half_are_good(language: str) -> None:
    dataset = load(language=language, noise=0.0)
    every = [text for split in splits(dataset) for text in texts(split)]
    assert len(every) == len(set(every)) == 8000
    for split in splits(dataset):
        assert sum(example["label"] for example in split) == len(split) // 2


def test_the_default_is_short_texts() -> None:
    lengths = sorted(len(text.split()) for text in texts(load().train))
    assert lengths[0] >= 8
    assert lengths[-1] <= 60
    assert 20 <= lengths[len(lengths) // 2] <= 35


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_in_every_process(language: str, run_python: RunPython) -> None:
    code = (
        "import datasets, hashlib, sys;"
        "d = datasets.load('microworld', ('text', 'label'), {'language': sys.argv[1], 'data_seed': 7});"
        "print(hashlib.sha256(repr([list(s) for s in (d.train, d.valid, d.test)]).encode()).hexdigest())"
    )
    said = {run_python("-c", code, language, env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")}
    assert len(said) == 1
    assert len(said.pop()) == 65


def test_another_seed_gives_other_reviews() -> None:
    one, other = (set(texts(load(data_seed=seed).train)) for seed in (0, 1))
    assert len(one & other) < 0.05 * len(one)


def test_the_test_split_does_not_depend_on_the_others() -> None:
    one = load(examples=100, valid_examples=10, distance=3, test_distance=20)
    other = load(examples=2000, valid_examples=300, distance=30, test_distance=20)
    assert texts(splits(one)[2]) == texts(splits(other)[2])


def test_noise_flips_exactly_its_share() -> None:
    clean, noisy = load(noise=0.0), load(noise=0.07)
    for one, other in zip(splits(clean), splits(noisy), strict=True):
        assert texts(one) == texts(other)
        flipped = sum(a["label"] != b["label"] for a, b in zip(one, other, strict=True))
        assert flipped == round(0.07 * len(one))


def test_the_ceiling_is_that_of_the_test_split() -> None:
    assert load(noise=0.0).info.ceiling == {"accuracy": 1.0}
    assert load(noise=0.05).info.ceiling == {"accuracy": 0.95}
    assert load(noise=0.1, test_examples=3).info.ceiling == {"accuracy": 1.0}
    assert load(noise=0.1, test_examples=8).info.ceiling == {"accuracy": 1 - 1 / 8}


@pytest.mark.parametrize("kind", ["plain", "negation", "contrast", "turn"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_of_the_grammar_reaches_the_ceiling(language: str, kind: str) -> None:
    dataset = load(language=language, noise=0.0, **(ALONE | {kind: 1.0}), examples=600, distance=15)
    for example in dataset.train:
        assert read(language, kind, example["text"]) == example["label"], example["text"]


def read(language: str, kind: str, text: str) -> bool:
    """The polarity of a review by its grammar, undone with regular expressions."""
    module = LANGUAGES[language]
    if kind != "turn":
        patterns = {"plain": module.PLAIN, "negation": module.NEGATION, "contrast": module.CONTRAST}[kind]
        found = {good for pattern in patterns for good in _matches(language, pattern, text, "y")}
        assert len(found) == 1
        return found.pop()
    trusted = {
        now == trust
        for trust, distrust in module.TRUST
        for now in (trust, distrust)
        if _cue(module, text, now)
    }
    verdict = {good for pattern in module.VERDICTS for good in _matches(language, pattern, text, "x")}
    assert len(trusted) == len(verdict) == 1
    return trusted == verdict


def _cue(module: ModuleType, text: str, now: str) -> bool:
    others = "|".join(word for pair in module.TRUST for word in pair)
    return any(
        re.search(
            _escape(pattern).replace("<who>", r"\w+").replace("<x>", f"(?:{others})").replace("<y>", now),
            text,
        )
        for pattern in module.CUES
    )


def _escape(pattern: str) -> str:
    """A pattern as a regular expression with `<name>` for each place."""
    return re.sub(r"\\\{(\w+)\\\}", r"<\1>", re.escape(pattern))


def _matches(language: str, pattern: str, text: str, place: str) -> list[bool]:
    """Whether the adjective in this place is good, for each way in which the pattern is in the text."""
    pattern = pattern.replace("{adjective}", "{x}")
    found = []
    for good, adjectives in zip((True, False), LANGUAGES[language].ADJECTIVES, strict=True):
        stems = "|".join(adjectives if language == "en" else (stem for stem, _ in adjectives))
        before = stems if language == "en" else "|".join(form for _, form in adjectives)
        expression = (
            _escape(pattern).replace(f"<{place}>", f"(?:{stems})").replace(f"<{place}n>", f"(?:{before})")
        )
        if re.search("(?:^| )" + re.sub(r"<\w+>", r"[^ .,]+", expression), text):
            found.append(good)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["negation", "contrast", "turn"])
def test_words_without_order_say_nothing(language: str, kind: str) -> None:
    """Of every bag of opinion words that comes often, about half of the reviews are good."""
    dataset = load(language=language, noise=0.0, examples=8000, **(ALONE | {kind: 1.0}), distance=0)
    good, count = Counter[str](), Counter[str]()
    for example in dataset.train:
        for word in dict(bag(example["text"])):
            count[word] += 1
            good[word] += example["label"]
    frequent = [word for word in count if count[word] > 200]
    assert len(frequent) > 30
    for word in frequent:
        # Five standard deviations of a fair coin.
        assert abs(good[word] / count[word] - 0.5) < 5 * 0.5 / count[word] ** 0.5, word


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_linear_model_of_the_words_stays_at_its_ceiling(language: str) -> None:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    dataset = load(language=language, noise=0.0)
    model = make_pipeline(CountVectorizer(token_pattern=r"[\w']+"), LogisticRegression(C=0.1))
    model.fit(texts(dataset.train), [example["label"] for example in dataset.train])
    assert dataset.test is not None
    score = model.score(texts(dataset.test), [example["label"] for example in dataset.test])
    assert 0.59 < score < 0.66  # a quarter of the reviews is plain: 0.25 + 0.75 / 2
    assert dataset.info.notes == ("without word order 0.625 of the test labels can be told on average",)


@pytest.mark.parametrize("distance", [0, 5, 12, 60])
@pytest.mark.parametrize("language", LANGUAGES)
def test_distance_is_the_mean_number_of_words_from_cue_to_verdict(language: str, distance: int) -> None:
    dataset = load(
        language=language, distance=distance, test_distance=distance + 30, **(ALONE | {"turn": 1.0})
    )
    for split, wanted in [
        (dataset.train, distance),
        (dataset.valid, distance),
        (dataset.test, distance + 30),
    ]:
        assert split is not None
        distances = [_distance(language, text) for text in texts(split)]
        assert fmean(distances) == pytest.approx(wanted, abs=4 * pstdev(distances) / len(distances) ** 0.5)


def _distance(language: str, text: str) -> int:
    sentences = re.split(r"(?<=\.) ", text)
    patterns = {"en": r"\bmy (?:%s)\b", "ko": r"(?:%s) (?:판단|말|눈)"}
    people = patterns[language] % "|".join(LANGUAGES[language].PEOPLE)
    cue, verdict = (n for n, sentence in enumerate(sentences) if re.search(people, sentence, re.IGNORECASE))
    return sum(len(sentence.split()) for sentence in sentences[cue + 1 : verdict])


def test_weights_are_the_shares_of_the_constructions() -> None:
    dataset = load(examples=4000, plain=0.0, contrast=0.0, negation=1.0, turn=3.0)
    turns = sum(any(f"y {person}" in text for person in english.PEOPLE) for text in texts(dataset.train))
    assert turns / 4000 == pytest.approx(0.75, abs=0.03)


def test_language() -> None:
    assert all(re.search(r"[가-힣]", text) for text in texts(load(language="ko", examples=50).train))
    assert not any(re.search(r"[가-힣]", text) for text in texts(load(language="en", examples=50).train))
    assert any(korean.ASPECTS[0] in text for text in texts(load(language="ko", examples=50).train))


def calls(size: int) -> float:
    """How many calls of functions a review takes: the work that it is, the same on every machine."""
    profile = cProfile.Profile()
    profile.runcall(load, examples=size, valid_examples=2, test_examples=2)
    return pstats.Stats(profile).total_calls / size  # type: ignore[attr-defined]


def test_a_review_is_as_much_work_among_many_as_among_few() -> None:
    few, many = calls(1000), calls(8000)
    assert many < 1.1 * few
    assert many < 500  # with twice as many, 20,000 reviews still take less than ten seconds


def test_more_than_the_grammar_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENINGS", "CLOSINGS"):
        monkeypatch.setattr(korean, name, ("",))
    for name in ("PEOPLE", "CUES", "VERDICTS", "TRUST"):
        monkeypatch.setattr(korean, name, getattr(korean, name)[:1])
    with pytest.raises(
        UserError, match=r"^--examples: these settings leave room for about 3\d different reviews"
    ):
        load(
            examples=100,
            valid_examples=2,
            test_examples=2,
            distance=0,
            language="ko",
            **(ALONE | {"turn": 1.0}),
        )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("examples", 1, "--examples 1: at least 2 are needed"),
        ("test_examples", -5, "--test-examples -5: at least 2 are needed"),
        ("distance", -1, "--distance -1: must be from 0 to 2000"),
        ("test_distance", 2001, "--test-distance 2001: must be from 0 to 2000"),
        ("noise", 0.6, "--noise 0.6: must be from 0 to 0.5"),
        ("noise", float("nan"), "--noise: nan is not a finite number"),
        ("turn", -1.0, "--turn -1.0: a weight is a number from 0"),
        ("turn", float("inf"), "--turn: inf is not a finite number"),
        ("language", "fr", "--language: unknown language 'fr'; choose one of: en, ko"),
    ],
)
def test_refused_settings(name: str, value: object, said: str) -> None:
    with pytest.raises(UserError) as caught:
        load(**{name: value})
    assert str(caught.value) == said


def test_no_weight_at_all() -> None:
    with pytest.raises(UserError, match="one of the weights must be above 0"):
        Options(**ALONE)  # type: ignore[arg-type]
