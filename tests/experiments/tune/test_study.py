"""The search itself, with scores that are computed: what it tries, cuts short, and goes on with after a stop."""

from __future__ import annotations

import math

import optuna
import pytest

from experiments.compare.contestants import contestant
from experiments.tune.space import space
from experiments.tune.study import Study

SPACE = space(["learning_rate=1e-4..1e-2", "units=8,16,32"])


def study(storage: optuna.storages.BaseStorage | None = None, maximize: bool = True) -> Study:
    return Study("gru", SPACE, storage or optuna.storages.InMemoryStorage(), maximize, seed=3)


def score(text: str) -> float:
    """Best for a learning rate of .001; units matter less."""
    options = contestant(text).options_for("tagging")
    return -abs(math.log10(float(options["learning_rate"])) + 3) + int(options["units"]) / 1000


def search(one: Study, trials: int, stop_at: tuple[int, ...] = ()) -> list[str]:
    """Trials up to a number, each of three epochs; at some, the search is killed and made anew."""
    texts = []
    while len(one.trials()) < trials:
        trial, text = one.ask()
        if len(one.trials()) in stop_at:
            stop_at = tuple(number for number in stop_at if number != len(one.trials()))
            one = Study("gru", SPACE, one.storage, True, seed=3)
            continue
        texts.append(text)
        scores = [score(text) - 1, score(text) - 0.5, score(text)]
        if one.report(trial, scores, 0):
            one.cut(trial)
        else:
            one.finish(trial, scores)
    return texts


def test_the_search_comes_near_the_best_and_cuts_poor_trials_short() -> None:
    one = study()
    search(one, 30)
    best = one.best_trial()
    assert best is not None
    assert abs(math.log10(best.params["learning_rate"]) + 3) < 0.1
    states = [trial.state for trial in one.trials()]
    assert states.count(optuna.trial.TrialState.PRUNED) > 5
    assert one.importances()["learning_rate"] > 0.8


def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been() -> None:
    unbroken, broken = study(), study()
    texts = search(unbroken, 20)
    assert search(broken, 20, stop_at=(1, 12)) == texts
    values = [
        [(trial.state, trial.params, trial.values) for trial in one.trials()] for one in (unbroken, broken)
    ]
    assert values[0] == values[1]


def test_a_search_that_is_killed_again_while_it_begins_repeats_no_trial() -> None:
    one = study()
    _, text = one.ask()
    again = study(one.storage)
    study(one.storage)
    assert again.ask()[1] == text
    assert len(again.trials()) == 1


def test_less_may_be_better_and_failures_count() -> None:
    one = study(maximize=False)
    for number, value in enumerate((3.0, 1.0, 2.0)):
        trial, _ = one.ask()
        if number == 2:
            one.fail(trial, "it diverged")
        else:
            one.finish(trial, [value + 1, value])
    best = one.best_trial()
    assert best is not None
    assert best.values == [1.0]
    assert len(one.trials()) == 3
    assert one.importances() == {}


@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_tried_follows_from_the_seed(seed: int) -> None:
    def first(of: int) -> str:
        return Study("gru", SPACE, optuna.storages.InMemoryStorage(), True, of).ask()[1]

    assert first(seed) == first(seed) != first(seed + 1)


def test_a_few_values_are_gone_through_once_before_any_is_repeated() -> None:
    few, kept = space(["learning_rate=0.01,0.001", "units=8,16,32"]), optuna.storages.InMemoryStorage()

    def begun() -> Study:
        return Study("gru", few, kept, True, seed=3)

    one, texts = begun(), list[str]()
    for number in range(7):
        if number == 4:
            one.ask()  # it is killed
            one = begun()
        trial, text = one.ask()
        one.finish(trial, [1.0])
        texts.append(text)
    rates, sizes = ("0.01", "0.001"), ("8", "16", "32")
    assert texts[:6] == [f"gru(learning_rate={rate}, units={size})" for rate in rates for size in sizes]
    assert texts[6] in texts[:6]
    assert len(one.trials()) == 7
