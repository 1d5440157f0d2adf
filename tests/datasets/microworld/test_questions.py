from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from random import Random

import pytest

import datasets
from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.microworld.korean import COLOURS as KOREAN_COLOURS
from datasets.microworld.korean import SHAPES as KOREAN_SHAPES
from datasets.microworld.question_templates import KINDS, KOREAN_ANSWERS, Known
from datasets.microworld.world import COLOURS, SHAPES, Scene, Thing, relations
from tests.conftest import RunPython
from tests.datasets.splits import splits_of

FIELDS = ("image", "question", "answer")
SMALL = {
    "examples": 300,
    "valid_examples": 50,
    "test_examples": 100,
    "things": 4,
    "shapes": 6,
    "colours": 6,
    "kinds": tuple(KINDS),
}
LANGUAGES = pytest.mark.parametrize("language", ["en", "ko"])


def load(**options: object) -> Dataset:
    return datasets.load("microworld", FIELDS, SMALL | options)


def asked(split: Split | None) -> list[tuple[str, str, int, str]]:
    return [(e["image"].name, e["question"], e["answer"], e["kind"]) for e in split or ()]


# ---- a reader of the questions, who sees the scene


def names(question: str, words: dict[str, str]) -> list[str]:
    """The English names of the words of a kind that are in a question, in their order."""
    found = [(match.start(), name) for name, word in words.items() for match in re.finditer(word, question)]
    return [name for _, name in sorted(found)]


def read(question: str, scene: Scene, language: str) -> str:
    """The true answer, by the words of the question alone and the things of the scene."""
    korean = language == "ko"
    colours = names(question, KOREAN_COLOURS if korean else dict(zip(COLOURS, COLOURS, strict=True)))
    shape_words = (
        {n: rf"(?:^|(?<= )){w}" for n, w in KOREAN_SHAPES.items()} if korean else {s: s for s in SHAPES}
    )
    shapes = names(question, shape_words)
    looks = {(thing.colour, thing.shape): thing for thing in scene.things}
    if (len(colours), len(shapes)) in ((2, 0), (0, 2)):
        pair = colours or shapes
        if "없고" in question:
            pair = pair[::-1]
        there = {name for look in looks for name in look}
        assert len(there & {*pair}) == 1
        return "yes" if pair[0] in there else "no"
    if len(colours) == 2:
        one, other = (looks[look] for look in zip(colours, shapes, strict=True))
        if korean and not re.search(r"(네모|세모|십자가|하트)는 |(원|별)은 ", question):
            one, other = other, one  # `파란 별 위에 빨간 원이 있나요?`
        places = {"left of": "왼쪽", "right of": "오른쪽", "above": "위에", "below": "아래에"}
        where = [p for p, word in places.items() if (word if korean else p) in question]
        return "yes" if where[0] in relations(one, other) else "no"
    if any(word in question for word in ("How many", "몇 개")):
        wanted = [t for t in scene.things if t.colour in colours or t.shape in shapes]
        return ("none", "one", "two", "three")[len(wanted)]
    if colours and shapes:
        if any(word in question for word in ("left", "왼쪽")):
            return "right" if looks[colours[0], shapes[0]].column >= 2 else "left"
        if any(word in question for word in ("top", "위쪽")):
            return "bottom" if looks[colours[0], shapes[0]].row >= 2 else "top"
        return "yes" if (colours[0], shapes[0]) in looks else "no"
    (thing,) = [t for t in scene.things if t.colour in colours or t.shape in shapes]
    return thing.shape if colours else thing.colour


@LANGUAGES
def test_a_reader_of_the_questions_who_sees_the_scene_reaches_the_ceiling(language: str) -> None:
    data = load(language=language, noise=0.0)
    for example in [*data.train, *splits_of(data)[2]]:
        answer = read(example["question"], example["image"].scene, language)
        said = KOREAN_ANSWERS[answer] if language == "ko" else answer
        assert data.info.labels[example["answer"]] == said, (example["question"], example["image"].scene)
    assert {kind for *_, kind in asked(data.train)} == set(KINDS)
    assert data.info.ceiling == {"accuracy": 1.0}


def test_noise_makes_that_share_of_answers_wrong_but_likely() -> None:
    clean, noisy = load(noise=0.0), load(noise=0.1)
    for one, other in [(clean.train, noisy.train), (clean.test, noisy.test)]:
        pairs = list(zip(asked(one), asked(other), strict=True))
        assert all(a[:2] == b[:2] for a, b in pairs)
        assert sum(a[2] != b[2] for a, b in pairs) == round(0.1 * len(pairs))
        kinds: dict[str, set[int]] = defaultdict(set)
        for _, _, answer, kind in asked(one):
            kinds[kind].add(answer)
        assert all(answer in kinds[kind] for _, _, answer, kind in asked(other))
    assert noisy.info.ceiling["accuracy"] == pytest.approx(0.9, abs=1e-3)


@LANGUAGES
def test_the_question_alone_says_little(language: str) -> None:
    """Of every question that is often asked no answer is much more frequent than of its kind at all."""
    data = load(examples=6000, language=language, noise=0.0, shapes=3, colours=3, things=2)
    counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    kinds: dict[str, Counter[int]] = defaultdict(Counter)
    for _, question, answer, kind in asked(data.train):
        counts[kind, question][answer] += 1
        kinds[kind][answer] += 1
    for kind in ("exists", "side", "contrast", "relation", "colour", "shape"):
        assert max(kinds[kind].values()) / kinds[kind].total() < {"colour": 0.37, "shape": 0.37}.get(
            kind, 0.53
        )
    for (kind, question), found in counts.items():
        if found.total() > 250 and kind != "count":
            fair = max(kinds[kind].values()) / kinds[kind].total()
            assert max(found.values()) / found.total() < fair + 5 * (0.25 / found.total()) ** 0.5, question


@LANGUAGES
def test_the_words_of_a_contrast_without_their_order_say_nothing(language: str) -> None:
    settings = {"examples": 2000, "things": 2, "shapes": 3, "colours": 3}
    data = load(language=language, noise=0.0, kinds=("exists", "contrast"), **settings)
    answers: dict[str, Counter[int]] = defaultdict(Counter)
    for _, question, answer, kind in asked(data.train):
        if kind == "contrast":
            answers[" ".join(sorted(question.lower().strip("?").split()))][answer] += 1
    often = [found for found in answers.values() if found.total() > 250]
    assert often
    for found in often:
        assert max(found.values()) / found.total() < 0.5 + 5 * (0.25 / found.total()) ** 0.5


def test_the_note_says_what_can_be_told_without_the_picture() -> None:
    data = load(noise=0.0)
    kinds: dict[tuple[str, bool], Counter[int]] = defaultdict(Counter)
    for _, question, answer, kind in asked(data.test):
        kinds[kind, kind == "side" and "left" in question][answer] += 1
    share = sum(max(found.values()) for found in kinds.values()) / len(splits_of(data)[2])
    assert data.info.notes == (
        f"without the picture at most about {share:.3f} of the test answers can be told",
    )


def test_the_same_in_every_process_and_another_seed_gives_others(run_python: RunPython) -> None:
    code = (
        "import datasets;"
        "d = datasets.load('microworld', ('image', 'question', 'answer'), {'examples': 20, 'test_examples': 20});"
        "print([(e['question'], e['answer'], e['image'].read().sum()) for e in [*d.train, *d.test]])"
    )
    said = {run_python("-c", code, env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")}
    assert len(said) == 1
    assert len(said.pop()) > 1000
    assert asked(load().train) == asked(load().train) != asked(load(data_seed=1).train)


def test_the_test_split_depends_on_nothing_else() -> None:
    assert asked(load(test_things=3).test) == asked(load(examples=20, things=9, test_things=3).test)


def test_no_question_comes_twice_of_a_picture_and_pictures_have_one_size() -> None:
    data = load(questions=8, side=32)
    pairs = [(name, question) for name, question, *_ in asked(data.train)]
    assert len(set(pairs)) == len(pairs) == 8 * 300
    assert all(example["image"].read().shape == (32, 32, 3) for example in splits_of(data)[2])
    assert {len(example["image"].scene.things) for example in data.train} == {1, 2, 3, 4}


def test_only_these_kinds_are_asked() -> None:
    assert {kind for *_, kind in asked(load(kinds=("exists", "side")).train)} == {"exists", "side"}


def test_settings_limit_shapes_and_colours() -> None:
    data = load(shapes=3, colours=4)
    things = [thing for example in data.train for thing in example["image"].scene.things]
    assert {thing.shape for thing in things} == set(SHAPES[:3])
    assert {thing.colour for thing in things} == set(COLOURS[:4])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("examples", 1, "--examples 1: at least 2 are needed"),
        ("questions", 0, "--questions 0: must be from 1 to 20"),
        ("things", 10, "--things 10: must be from 1 to 9"),
        ("test_things", -1, "--test-things -1: must be from 1 to 9"),
        ("shapes", 7, "--shapes 7: must be from 3 to 6"),
        ("colours", 2, "--colours 2: must be from 3 to 6"),
        (
            "kinds",
            ("exists", "size"),
            "--kinds size: choose from exists, colour, shape, count, side, contrast, relation",
        ),
        ("kinds", ("colour",), "--kinds colour: take exists too"),
        ("side", 50, "--side 50: must be a multiple of 4 from 32 to 256"),
        ("side", 16, "--side 16: must be a multiple of 4 from 32 to 256"),
        ("noise", 0.6, "--noise 0.6: must be from 0 to 0.5"),
        ("language", "fr", "--language: unknown language 'fr'; choose one of: en, ko"),
    ],
)
def test_refused_settings(name: str, value: object, said: str) -> None:
    with pytest.raises(UserError) as caught:
        load(**{name: value})
    assert str(caught.value) == said


def test_a_picture_in_which_everything_alike_is_there_is_asked_for_other_things() -> None:
    scene = Scene(
        tuple(
            Thing(shape, colour, "small", 0, 0)
            for shape, colour in itertools.product(SHAPES[:2], COLOURS[:2])
        )
    )
    known = Known(SHAPES[:2], COLOURS[:2])
    found = [KINDS["exists"](Random(seed), scene, known) for seed in range(20)]
    assert {None if one is None else one.answer for one in found} == {None, "yes"}
