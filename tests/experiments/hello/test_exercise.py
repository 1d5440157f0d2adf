from __future__ import annotations

import math
import unicodedata

import numpy as np
import pytest

from datasets.errors import UserError
from experiments.hello import __main__ as hello
from experiments.hello import picture as hello_picture

DEFAULTS = hello.Options()


def ignore(step, loss, logits):
    pass


def trained(text="hello", seed=0, length=3, hidden=3, steps=300):
    task = hello.exercise(text, length)
    weights = hello.first_weights(len(task.letters), hidden, seed)
    return task, hello.train(weights, task, steps, DEFAULTS.learning_rate, ignore)


# ---- the exercise


def test_the_sizes_are_those_of_the_lecture():
    task = hello.exercise(DEFAULTS.text, DEFAULTS.length)
    assert task.letters == ["h", "e", "l", "o"]
    assert (DEFAULTS.hidden, DEFAULTS.length) == (3, 3)
    assert task.one_hot.shape == (2, 3, 4)


def test_windows_and_the_letters_that_come_next():
    task = hello.exercise("hello", 3)
    assert hello.windows(task.inputs, task) == ["hel", "ell"]
    assert hello.windows(task.targets, task) == ["ell", "llo"]
    np.testing.assert_array_equal(task.one_hot.argmax(axis=-1), task.inputs)
    assert set(task.one_hot.ravel()) == {0.0, 1.0}


def test_a_syllable_is_one_letter_however_it_was_typed():
    task = hello.exercise(unicodedata.normalize("NFD", "안녕하세요"), 3)
    assert task.letters == list("안녕하세요")


@pytest.mark.parametrize(
    ("text", "length", "message"),
    [
        ("", 3, "nothing to predict"),
        ("aaaa", 3, "two different letters or more"),
        ("hello", 5, "--length 5 needs a text of 6 letters or more, 'hello' has 5"),
        ("ab" * 101, 3, "--text has 202 letters; at most 200"),
        ("ab\udcff", 1, "not valid Unicode"),
    ],
)
def test_a_text_that_makes_no_exercise_is_refused(text, length, message):
    with pytest.raises(UserError, match=message):
        hello.exercise(text, length)


def test_a_text_that_is_just_long_enough():
    assert hello.exercise("ab", 1).inputs.tolist() == [[0]]


def test_lowest_loss():
    # After the three l of hel|ell comes l, l, o: half of the six letters have the entropy of (2/3, 1/3).
    entropy = 2 / 3 * math.log(3 / 2) + 1 / 3 * math.log(3)
    task = hello.exercise("hello", 3)
    assert hello.lowest_loss(task, memory=False) == pytest.approx(entropy / 2)
    assert hello.lowest_loss(task, memory=True) == 0.0
    # In windows of one letter there is nothing to remember: after b comes c, or d.
    assert hello.lowest_loss(hello.exercise("abcbd", 1), memory=True) == pytest.approx(math.log(2) / 2)


# ---- the network


def test_gradients_are_those_of_finite_differences():
    task = hello.exercise("hello", 3)
    weights = hello.first_weights(4, 3, seed=1)
    _, gradients, _ = hello.loss_and_gradients(weights, task)
    assert set(gradients) == set(weights)
    for name, weight in weights.items():
        for index in np.ndindex(*weight.shape):
            kept, losses = weight[index], []
            for step in (1e-5, -1e-5):
                weight[index] = kept + step
                losses.append(hello.loss_and_gradients(weights, task)[0])
            weight[index] = kept
            assert gradients[name][index] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-9), name


def test_one_step_goes_against_the_gradient():
    task = hello.exercise("hello", 3)
    weights = hello.first_weights(4, 3, seed=0)
    _, gradients, _ = hello.loss_and_gradients(weights, task)
    after = hello.train(weights, task, 1, 0.5, ignore)
    for name in weights:
        np.testing.assert_allclose(after[name], weights[name] - 0.5 * gradients[name], rtol=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_it_learns_what_no_model_without_memory_can(seed):
    task, weights = trained(seed=seed)
    loss, _, logits = hello.loss_and_gradients(weights, task)
    assert loss < hello.lowest_loss(task, memory=False) / 3
    np.testing.assert_array_equal(logits.argmax(axis=-1), task.targets)
    assert hello.spell(weights, task) == "hello"


def test_spelling_feeds_on_its_own_letters():
    # Biases alone decide: whatever comes, the answer is the last letter.
    task = hello.exercise("hello", 3)
    weights = {name: np.zeros_like(weight) for name, weight in hello.first_weights(4, 3, 0).items()}
    weights["output_bias"][3] = 1.0
    assert hello.spell(weights, task) == "hoooo"


def test_a_seed_gives_the_same_weights():
    first, second, other = (hello.first_weights(4, 3, seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first["kernel"], second["kernel"])
    assert not np.allclose(first["kernel"], other["kernel"])


def test_overflow_is_told_in_one_line():
    task = hello.exercise("hello", 3)
    with pytest.raises(UserError, match="overflowed at step 2; make --learning-rate smaller") as caught:
        hello.train(hello.first_weights(4, 3, 0), task, 10, 1e308, ignore)
    assert caught.value.exit_code == 1


# ---- the command


def test_what_cannot_be_printed_is_shown_as_its_code():
    assert hello.shown("a b\n한\u200d") == "a␣b<U+000A>한<U+200D>"


def run(capsys, *arguments):
    code = hello.main([*arguments, "--no-tensorflow"])
    return code, *capsys.readouterr()


def test_the_command(capsys, tmp_path, repository):
    picture = tmp_path / "new" / "hello.png"
    code, out, err = run(capsys, "--picture", str(picture))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "“hello”: k = 4 letters (h e l o), d = 3 hidden units"
    assert "  hel → ell" in lines
    assert "      0    1.5332     1 of 6   hhh lhe" in lines
    assert "6 of 6   ell llo" in next(line for line in lines if line.startswith("    300"))
    assert "Alone from “h” it writes: hello" in lines
    assert lines[-1] == f"Picture: {picture}"
    assert picture.read_bytes().startswith(b"\x89PNG")
    documented = (repository / "docs" / "hello.md").read_text(encoding="utf-8")
    assert out[: out.index("Picture:")] in documented


@pytest.mark.parametrize(
    "arguments",
    [
        ["--text", "가나가다"],
        ["--text", "a b\n$_c{}\\😀", "--length", "1", "--steps", "0"],
        ["--text", "ab", "--length", "1", "--hidden", "40", "--steps", "1"],
        ["--text", "the quick brown fox jumps over the lazy dog", "--length", "30", "--steps", "2"],
    ],
)
def test_texts_of_every_kind(arguments, capsys, tmp_path):
    # A letter without a glyph, or one that matplotlib takes for mathematics, would warn or raise.
    code, _, err = run(capsys, *arguments, "--picture", str(tmp_path / "a.png"))
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "aa"], "error: --text 'aa' leaves nothing to predict"),
        (["--length", "0"], "error: --length: 0 is too small"),
        (["--hidden", "0"], "error: --hidden: 0 is too small"),
        (["--learning-rate", "nan"], "error: --learning-rate: nan is not a finite number"),
        (["--learning-rate=-1"], "error: --learning-rate: -1.0 is too small"),
        (["--seed", "-1"], "error: --seed: -1 is too small"),
        (["--hiden", "3"], "error: unknown option --hiden; did you mean --hidden?"),
        (["--picture", "hello.jpg"], "error: --picture hello.jpg must end in .png"),
        (["--picture", "/dev/null/hello.png"], "error: --picture /dev/null/hello.png cannot be written"),
    ],
)
def test_bad_input_is_answered_in_one_line_before_any_work(arguments, message, capsys):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1


def test_a_folder_is_no_picture(capsys, tmp_path):
    folder = tmp_path / "a.png"
    folder.mkdir()
    code, _, err = run(capsys, "--picture", str(folder))
    assert (code, err) == (2, f"error: --picture {folder} is a folder; name a file in it\n")


def test_a_picture_that_cannot_be_written_after_all_is_told_in_one_line(capsys, tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(hello_picture, "draw", refuse)
    code, _, err = run(capsys, "--picture", str(tmp_path / "a.png"))
    assert (code, err) == (
        1,
        f"error: --picture {tmp_path / 'a.png'} cannot be written: Input/output error\n",
    )


def test_help_waits_for_no_library(run_python):
    script = (
        "import sys\nfrom experiments.hello import main\n"
        "try:\n    main(['--help'])\n"
        "finally:\n    print([name for name in ('tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    finished = run_python("-c", script)
    assert finished.returncode == 0
    assert "python -m experiments.hello --text 안녕하세요" in finished.stdout
    assert finished.stdout.splitlines()[-1] == "[]"


def test_a_terminal_without_hangul(run_python, tmp_path):
    arguments = [
        "--text",
        "안녕하세요",
        "--steps",
        "1",
        "--no-tensorflow",
        "--picture",
        str(tmp_path / "a.png"),
    ]
    finished = run_python("-m", "experiments.hello", *arguments, env={"PYTHONIOENCODING": "ascii"})
    assert (finished.returncode, finished.stderr) == (0, "")
    assert r"\uc548\ub155\ud558 \u2192 \ub155\ud558\uc138" in finished.stdout


# ---- against TensorFlow


def test_gradients_equal_those_of_tensorflow(run_python, tmp_path):
    arguments = [
        "--text",
        "가나가다나",
        "--length",
        "4",
        "--hidden",
        "5",
        "--picture",
        str(tmp_path / "a.png"),
    ]
    finished = run_python("-m", "experiments.hello", *arguments)
    assert (finished.returncode, finished.stderr) == (0, "")
    table = finished.stdout.split("largest difference\n")[1].splitlines()
    rows = {line.split()[0]: [float(cell) for cell in line.split()[-2:]] for line in table[1:6]}
    assert set(rows) == {"kernel", "recurrent_kernel", "bias", "output_kernel", "output_bias"}
    assert max(max(row) for row in rows.values()) < 1e-14
    assert table[6] == "  They are equal: no difference is above 1e-10."


@pytest.mark.parametrize("name", ["kernel", "recurrent_kernel", "bias", "output_kernel", "output_bias"])
@pytest.mark.parametrize("difference", [2e-10, math.nan])
def test_a_difference_in_any_weight_ends_with_an_error(name, difference, monkeypatch, capsys):
    def slightly_off(weights, task):
        gradients = hello.loss_and_gradients(weights, task)[1]
        gradients[name].flat[-1] += difference
        return gradients

    monkeypatch.setattr("zoo.runtime.platform.configure", lambda device: None)
    monkeypatch.setattr(hello, "tensorflow_gradients", slightly_off)
    task = hello.exercise("hello", 3)
    with pytest.raises(UserError, match="the gradients differ by") as caught:
        hello.compare_with_tensorflow({"before training": hello.first_weights(4, 3, 0)}, task)
    assert caught.value.exit_code == 1


def test_without_tensorflow_installed(monkeypatch, capsys):
    def missing(device):
        raise ModuleNotFoundError("No module named 'tensorflow'")

    monkeypatch.setattr("zoo.runtime.platform.configure", missing)
    with pytest.raises(UserError, match="leave the comparison out with --no-tensorflow"):
        hello.compare_with_tensorflow({}, hello.exercise("hello", 3))


# ---- letters in the picture


@pytest.fixture
def dejavu():
    return next(font for font in hello_picture.installed_fonts() if font[0] == "DejaVu Sans")


def test_letters_that_no_font_has_are_drawn_as_codes(monkeypatch, dejavu, tmp_path):
    monkeypatch.setattr(hello_picture, "installed_fonts", lambda: [dejavu])
    task, weights = trained("안녕하a ", length=2, steps=1)
    tape = hello.forward(hello.CELL, hello.recurrent(weights), task.one_hot)
    probabilities = np.full((*task.targets.shape, len(task.letters)), 0.2)
    codes = hello_picture.draw(task, [1.0, 0.5], probabilities, tape.outputs, 0.1, tmp_path / "a.png")
    assert codes == {"안": "U+C548", "녕": "U+B155", "하": "U+D558"}


def test_a_font_that_has_the_letters_is_used(monkeypatch, dejavu):
    known = {"DejaVu.ttf": set(map(ord, "ab␣\xa0")), "Latin.ttf": {ord("a")}, "Hangul.ttf": {ord("한")}}
    fonts = [("DejaVu Sans", "DejaVu.ttf"), ("Latin", "Latin.ttf"), ("Hangul", "Hangul.ttf")]
    monkeypatch.setattr(hello_picture, "installed_fonts", lambda: fonts)
    monkeypatch.setattr(hello_picture, "characters_of", known.__getitem__)
    families, labels = hello_picture.choose_fonts(["a", "한", " ", "글", "\n", "\xa0"])
    assert families == ["DejaVu Sans", "Hangul"]
    # A hard space has a glyph in most fonts, with nothing in it.
    codes = {"글": "U+AE00", "\n": "U+000A", "\xa0": "U+00A0"}
    assert labels == {"a": "a", "한": "한", " ": "␣", **codes}


def test_no_more_fonts_are_opened_than_needed(monkeypatch):
    monkeypatch.setattr(hello_picture, "installed_fonts", lambda: [("DejaVu Sans", "1"), ("Other", "2")])
    monkeypatch.setattr(hello_picture, "characters_of", {"1": {ord("a")}}.__getitem__)
    assert hello_picture.choose_fonts(["a"]) == (["DejaVu Sans"], {"a": "a"})


def test_the_chosen_fonts_are_those_of_the_picture(monkeypatch, tmp_path):
    task, weights = trained(steps=1)
    tape = hello.forward(hello.CELL, hello.recurrent(weights), task.one_hot)
    pictures = []
    for family in ("DejaVu Sans", "DejaVu Serif"):
        monkeypatch.setattr(
            hello_picture,
            "choose_fonts",
            lambda _, family=family: ([family], {letter: letter for letter in "helo"}),
        )
        hello_picture.draw(task, [1.0], np.full((2, 3, 4), 0.25), tape.outputs, 0.1, tmp_path / "a.png")
        pictures.append((tmp_path / "a.png").read_bytes())
    assert pictures[0] != pictures[1]


def test_characters_of_a_font(dejavu, tmp_path):
    assert ord("a") in hello_picture.characters_of(dejavu[1])
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    assert hello_picture.characters_of(str(broken)) == set()
