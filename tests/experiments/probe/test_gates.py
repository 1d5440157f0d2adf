from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.errors import UserError
from experiments.probe import gates
from experiments.probe.pictures import drawable
from tests.experiments.probe import own_cell
from zoo import stored_run
from zoo.config_file import to_dict
from zoo.run import config_of, task_parser
from zoo.runtime import fonts
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.base import load_task

TEXT = "The film, was GOOD 좋다"
SENTENCE = "the red circle is small"


def test_states_and_answers_over_a_text(sentiment_run: Path, tmp_path: Path) -> None:
    text = gates.run(gates.Options(run=str(sentiment_run), text=TEXT), tmp_path)
    frame = pd.read_csv(tmp_path / "gates.csv")
    assert set(frame["name"]) == {"state h"}  # a vanilla cell has no gates
    assert frame["token"].unique().tolist() == ["the", "film", ",", "was", "good", "좋다"]
    answers = pd.read_csv(tmp_path / "prefixes.csv")
    assert answers["text"].tolist() == ["The", "The film", "The film,", "The film, was", TEXT[:-3], TEXT]
    prepared, model = stored_run.load_run(sentiment_run)
    task = load_task("sentiment")
    (whole,) = task.answer(task.serve(model, prepared), [TEXT], task.answer_options())
    assert answers["p(pos)"].iloc[-1] == pytest.approx(whole["p(pos)"], abs=1e-6)
    last = frame[frame["position"] == 6].sort_values("unit")["value"]
    kernel, bias = (weight.numpy() for weight in model.get_layer("logits").weights)
    logits = last.to_numpy() @ kernel + bias  # the last state is what the model decides by
    shares = np.exp(logits) / np.exp(logits).sum()
    assert shares.max() == pytest.approx(whole["score"], abs=1e-4)
    assert "| 6 | 좋다 |" in text
    assert (tmp_path / "gates.png").stat().st_size > 1000


@pytest.mark.slow
def test_gates_of_a_tagger_in_both_directions(tagging_run: Path, tmp_path: Path) -> None:
    gates.run(gates.Options(run=str(tagging_run), text=SENTENCE), tmp_path)
    frame = pd.read_csv(tmp_path / "gates.csv")
    assert set(frame["direction"]) == {"forward", "backward"}
    wanted = {"input gate i", "forget gate f", "candidate g", "output gate o", "state h", "state c"}
    assert set(frame["name"]) == wanted
    table = frame.pivot_table(index=["direction", "position", "unit"], columns="name", values="value")
    memory = table["state c"].unstack("position")
    for direction, first, then in (("forward", 1, 2), ("backward", 5, 4)):
        here = table.loc[direction].xs(then, level="position")
        before = memory.loc[direction][first]
        expected = here["forget gate f"] * before + here["input gate i"] * here["candidate g"]
        np.testing.assert_allclose(here["state c"], expected, atol=1e-5)
    assert len(pd.read_csv(tmp_path / "prefixes.csv")) == 5


def test_gates_of_a_cell_of_ones_own(own_cell_run: Path, tmp_path: Path) -> None:
    text = gates.run(gates.Options(run=str(own_cell_run), text="good film", cell=own_cell.NAME), tmp_path)
    frame = pd.read_csv(tmp_path / "gates.csv")
    assert list(frame["name"].unique()) == ["forgetting gate f", "candidate c", "state memory"]
    f = frame[frame["name"] == "forgetting gate f"]["value"]
    assert f.between(0, 1).all()
    assert "| token | forgetting gate f | candidate c | state memory |" in text


def test_letters_without_a_font_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    own = [font for font in fonts.installed_fonts() if font[0] == "DejaVu Sans"]
    monkeypatch.setattr(fonts, "installed_fonts", lambda: own)
    assert drawable(["나는", "a"]) == (["DejaVu Sans"], False)
    assert drawable(["a b", "c"]) == (["DejaVu Sans"], True)


def test_what_cannot_be_shown_is_refused(sentiment_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the text is empty"):
        gates.check(gates.Options(run=str(sentiment_run), text="  "))
    with pytest.raises(UserError, match="is not the folder of a run"):
        gates.check(gates.Options(run=str(tmp_path / "none"), text="a"))
    config = config_of("forecasting", task_parser("forecasting").parse_args([]))
    RunDirectory.create(tmp_path / "series").save_config({"config": to_dict(config)})
    with pytest.raises(UserError, match="reads series; gates are shown over a text"):
        gates.check(gates.Options(run=str(tmp_path / "series"), text="a"))
