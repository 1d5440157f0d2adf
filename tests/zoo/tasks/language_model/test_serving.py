"""A trained language model as a SavedModel: the same answers as the live one, as a whole or piece by piece."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.answers import differing
from tests.zoo.elsewhere import Elsewhere
from tests.zoo.layers.test_stateful import TwoStates
from tests.zoo.running import every_cell
from tests.zoo.tasks.language_model.models import TEXT, build, prepared
from zoo import serving
from zoo.factory import RecurrentFactory, RecurrentOptions
from zoo.tasks.language_model.options import AnswerOptions
from zoo.tasks.language_model.task import TASK
from zoo.tasks.language_model.tokens import REPLACEMENT

PROMPTS = ["Ann", "", "고양이", "😀 zzz, a\n", "B" * 30]


@pytest.fixture(scope="module")
def server():
    ready = prepared()
    return TASK.serve(build(ready, "lstm", layers=2), ready.learned)


def generate(functions, texts, *, length=12, temperature=1.0, top_k=0, top_p=1.0, seed=0):
    numbers = {
        "length": tf.constant(length), "temperature": tf.constant(temperature), "top_k": tf.constant(top_k),
        "top_p": tf.constant(top_p), "seed": tf.constant(seed),
    }  # fmt: skip
    return functions["generate"](text=tf.constant(texts, tf.string), **numbers)


def exported(server, folder):
    """Signatures that were saved and loaded again."""
    serving.save(server, folder)
    return tf.saved_model.load(str(folder)).signatures


def answers_of(functions, state) -> list:
    """What each function, of the live model or of a loaded one, answers to the prompts, beginning with this state."""
    prompts = tf.constant(PROMPTS)
    loaded = hasattr(functions["step"], "structured_input_signature")
    step = functions["step"](text=prompts, **state) if loaded else functions["step"](prompts, *state.values())
    score = functions["score"](text=prompts) if loaded else functions["score"](prompts)
    return [score, generate(functions, PROMPTS), step, functions["vocabulary"]()]


def differences(server, folder) -> list:
    """Where an export differs from the live model: its signatures, its first states, or its answers."""
    functions, signatures = server.functions, exported(server, folder)
    wrong = sorted(set(functions) ^ set(signatures))
    live = functions["init_state"](tf.constant(5))
    wrong += differing(signatures["init_state"](batch_size=tf.constant(5)), live)
    for found, expected in zip(answers_of(signatures, live), answers_of(functions, live), strict=True):
        wrong += differing(found, expected)
    return wrong


@every_cell()
def test_every_cell_is_exported_and_agrees_with_the_live_model(cell, tmp_path):
    ready = prepared()
    assert differences(TASK.serve(build(ready, cell), ready.learned), tmp_path / "export") == []


def test_a_cell_of_ones_own_with_states_of_its_own_is_exported(tmp_path):
    ready = prepared()
    factory = RecurrentFactory(TwoStates, RecurrentOptions(units=3, layers=2, dropout=0.0))
    server = TASK.serve(TASK.build(ready, factory, ready.learned.options), ready.learned)
    assert set(server.functions) == {
        "serving_default",
        "generate",
        "score",
        "init_state",
        "step",
        "vocabulary",
    }
    assert differences(server, tmp_path / "export") == []


def test_it_loads_with_plain_tensorflow(server: serving.Server, elsewhere: Elsewhere, tmp_path: Path) -> None:
    serving.save(server, tmp_path / "export")
    script = (
        "import tensorflow as tf\n"
        f"model = tf.saved_model.load({str(tmp_path / 'export')!r})\n"
        "answer = model.signatures['serving_default'](text=tf.constant(['Ann', '고양이']))\n"
        "print([len(text.decode()) for text in answer['continuation'].numpy()], answer['nats'].shape)\n"
    )
    assert elsewhere.run(script).strip() == "[200, 200] (2, 200)"


def test_pieces_one_after_the_other_are_the_whole(server):
    whole = server.functions["score"](tf.constant([TEXT, TEXT[:20]]))
    state = server.functions["init_state"](tf.constant(2))
    pieces = [(TEXT[:7], TEXT[:20]), ("", ""), (TEXT[7:8], ""), (TEXT[8:], "")]
    nats = np.zeros(2)
    for texts in pieces:
        answer = server.functions["step"](tf.constant(texts), *state.values())
        nats += answer["total_nats"].numpy()
        state = {name: answer[name] for name in state}
    np.testing.assert_allclose(nats, whole["total_nats"], rtol=1e-5)
    np.testing.assert_allclose(tf.reduce_sum(tf.exp(state["expects"]), axis=1), [1, 1], rtol=1e-5)


def test_greedy_generation_is_what_the_steps_find_most_likely(server):
    written = generate(server.functions, ["Ann"], temperature=0.0, length=6)
    vocabulary = [token.decode() for token in server.functions["vocabulary"]()["tokens"].numpy()]
    assert vocabulary[0] == REPLACEMENT
    state = server.functions["init_state"](tf.constant(1))
    text, expected = "Ann", []
    for _ in range(6):
        answer = server.functions["step"](tf.constant([text]), *state.values())
        state = {name: answer[name] for name in state}
        likely = np.asarray(state["expects"])[0, 1:]
        text = vocabulary[1 + likely.argmax()]
        expected.append((text, -likely.max()))
    assert written["continuation"].numpy()[0].decode() == "".join(token for token, _ in expected)
    np.testing.assert_allclose(written["nats"][0], [nats for _, nats in expected], rtol=1e-4)


def test_the_nats_of_a_continuation_are_those_of_its_text(server):
    written = generate(server.functions, ["Ann "], temperature=0.7, top_p=0.9, seed=3)
    text = "Ann " + written["continuation"].numpy()[0].decode()
    scored = server.functions["score"](tf.constant([text]))
    np.testing.assert_allclose(written["nats"][0], scored["nats"][0, 4:], rtol=1e-3, atol=1e-5)


def test_scores_of_a_text_that_is_unknown_or_empty(server):
    answer = server.functions["score"](tf.constant(["", "ż", "Ann"]))
    assert answer["length"].numpy().tolist() == [0, 1, 3]
    assert answer["total_nats"].numpy()[0] == 0
    assert answer["perplexity"].numpy()[0] == 1
    assert answer["tokens"].numpy()[1].tolist()[0].decode() == REPLACEMENT
    assert (answer["tokens"].numpy() == b"").sum() == 3 + 2
    total, perplexity = answer["total_nats"].numpy()[2], answer["perplexity"].numpy()[2]
    assert perplexity == pytest.approx(np.exp(total / 3), rel=1e-5)


def test_an_answer_does_not_depend_on_its_batch(server):
    together = generate(server.functions, PROMPTS, seed=5)
    scores = server.functions["score"](tf.constant(PROMPTS))
    for row, prompt in enumerate(PROMPTS):
        alone = generate(server.functions, [prompt], seed=5)
        assert alone["continuation"].numpy()[0] == together["continuation"].numpy()[row]
        score = server.functions["score"](tf.constant([prompt]))
        np.testing.assert_allclose(score["total_nats"][0], scores["total_nats"][row], rtol=1e-5, atol=1e-6)


def test_seeds_decide_and_longer_answers_begin_alike(server):
    texts = [
        generate(server.functions, ["Ann"], seed=seed, length=40)["continuation"].numpy()[0]
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]
    short = generate(server.functions, ["Ann"], seed=1, length=9)["continuation"].numpy()[0]
    assert len(short.decode()) == 9
    assert texts[0].startswith(short)


def test_nothing_unknown_is_written(server):
    text = (
        generate(server.functions, ["Ann"], length=300, temperature=50.0)["continuation"].numpy()[0].decode()
    )
    assert len(text) == 300
    assert set(text) <= set(TEXT)


def test_nothing_in_gives_nothing_out(server):
    empty = tf.constant([], tf.string)
    assert generate(server.functions, [])["continuation"].shape == (0,)
    assert server.functions["score"](empty)["total_nats"].shape == (0,)
    state = server.functions["init_state"](tf.constant(0))
    assert server.functions["step"](empty, *state.values())["expects"].shape[0] == 0
    answer = generate(server.functions, ["Ann", "Bob"], length=0)
    assert answer["continuation"].numpy().tolist() == [b"", b""]
    assert answer["nats"].shape == (2, 0)


def test_examples_of_a_data_set_are_answered_when_they_are_given_as_a_user_gives_them(server, tmp_path):
    given = TASK.input_kind.examples([{"text": TEXT}, {"text": "Ann"}], tmp_path)
    assert [row["prompt"] for row in TASK.answer(server, given, AnswerOptions())] == given
