"""The search of one contestant, kept in a file: which options are tried next, and what came of them."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from experiments.compare.contestants import contestant
from experiments.tune.space import Dimension, with_options

#: Trials at random before the search learns from them; trials and epochs that are never cut short.
RANDOM_TRIALS, WHOLE_TRIALS, WHOLE_EPOCHS = 8, 4, 1
#: Marks a trial that was stopped from outside; its options are tried again and it counts for nothing.
STOPPED = "stopped"
#: The contestant with the options of a trial, and why a trial failed.
TEXT, WHY = "contestant", "why"


@dataclass
class Study:
    """The trials of one contestant.

    Trials are suggested by a tree-structured Parzen estimator (Bergstra et al. 2011). Its seed is a new one for each
    trial, which follows from the search's seed and the number of the trial, so that a search that was stopped goes on
    as if it had not been. A trial is cut short where its best dev score so far is worse than the median of the others
    at the same epoch.

    A space of few values is gone through once, each combination in its order, before anything is suggested.

    Args:
        name: of the contestant.
        dimensions: what is searched.
        storage: holds the trials of all contestants.
        maximize: whether more is better.
        seed: of the search.
        workers: how many trials are run at a time.
    """

    name: str
    dimensions: Sequence[Dimension]
    storage: optuna.storages.BaseStorage
    maximize: bool
    seed: int
    workers: int = 1

    def __post_init__(self) -> None:
        self.study = optuna.create_study(
            storage=self.storage,
            study_name=self.name,
            direction="maximize" if self.maximize else "minimize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(
                n_startup_trials=WHOLE_TRIALS, n_warmup_steps=WHOLE_EPOCHS + 1
            ),
        )
        self._try_again()

    def _try_again(self) -> None:
        """Trials that a stopped or killed search has left begun are tried again, with their options."""
        every = self.study.get_trials(deepcopy=False)
        again = {trial.user_attrs.get(STOPPED) for trial in every}
        for trial in every:
            if trial.state == TrialState.RUNNING:
                if trial.number not in again:
                    self.study.enqueue_trial(trial.params, user_attrs={STOPPED: trial.number})
                self.study.tell(trial.number, state=TrialState.FAIL)

    def trials(self) -> list[FrozenTrial]:
        """The trials that count: those that a stop cut short are left out, for they were tried again."""
        every = self.study.get_trials(deepcopy=False)
        again = {trial.user_attrs.get(STOPPED) for trial in every}
        return [trial for trial in every if trial.number not in again and trial.state != TrialState.WAITING]

    def ask(self) -> tuple[optuna.Trial, str]:
        """The next trial, and the contestant with its options."""
        entropy = zlib.crc32(f"{self.seed} {self.name} {len(self.trials())}".encode())
        self.study.sampler = optuna.samplers.TPESampler(
            seed=entropy, n_startup_trials=RANDOM_TRIALS, constant_liar=self.workers > 1
        )
        untried = self._untried()
        if untried is not None:
            self.study.enqueue_trial(untried)
        trial = self.study.ask()
        options = {one.name: one.suggest(trial) for one in self.dimensions}
        text = with_options(contestant(self.name), options)
        trial.set_user_attr(TEXT, text)
        return trial, text

    @property
    def combinations(self) -> int:
        """How many there are where all that is searched are values; else 0."""
        return math.prod(len(one.values) for one in self.dimensions)

    @property
    def is_small(self) -> bool:
        """Whether all that is searched are values, in not more combinations than there are trials at random."""
        return 0 < self.combinations <= RANDOM_TRIALS

    def _untried(self) -> dict[str, str] | None:
        """The first combination of values of a small space that no trial had."""
        if not self.is_small:
            return None
        tried = [trial.system_attrs.get("fixed_params", trial.params) for trial in self.study.get_trials()]
        names = [one.name for one in self.dimensions]
        every = itertools.product(*(one.values for one in self.dimensions))
        every_named = (dict(zip(names, row, strict=True)) for row in every)
        return next((params for params in every_named if params not in tried), None)

    def report(self, trial: optuna.Trial, scores: Sequence[float], known: int) -> bool:
        """Tell the best dev score of each further epoch; True where the trial is to be cut short.

        Args:
            scores: of all epochs so far.
            known: how many of them were told before.
        """
        for epoch in range(known + 1, len(scores) + 1):
            trial.report(self.best(scores[:epoch]), epoch)
            if trial.should_prune():
                return True
        return False

    def best(self, scores: Sequence[float]) -> float:
        """The best of some scores."""
        return max(scores) if self.maximize else min(scores)

    def finish(self, trial: optuna.Trial, scores: Sequence[float]) -> None:
        """Book a trial that has come to its end."""
        self.study.tell(trial, self.best(scores))

    def cut(self, trial: optuna.Trial) -> None:
        """Book a trial that was cut short."""
        self.study.tell(trial, state=TrialState.PRUNED)

    def fail(self, trial: optuna.Trial, why: str) -> None:
        """Book a trial that failed; it counts."""
        trial.set_user_attr(WHY, why)
        self.study.tell(trial, state=TrialState.FAIL)

    def complete(self) -> list[FrozenTrial]:
        """The trials that came to their end."""
        return [trial for trial in self.trials() if trial.state == TrialState.COMPLETE]

    def best_trial(self) -> FrozenTrial | None:
        """The one with the best dev score, the first of equals; None where none has come to its end."""
        pick = max if self.maximize else min
        return pick(self.complete(), key=lambda trial: trial.values[0], default=None)

    def importances(self) -> dict[str, float]:
        """Which share of the variation of the dev score each option explains (fANOVA, Hutter et al. 2014).

        Nothing where fewer than four trials came to their end, or all with the same score.
        """
        scores = {trial.values[0] for trial in self.complete()}
        if len(self.complete()) < 4 or len(scores) < 2:
            return {}
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        found = optuna.importance.get_param_importances(self.study, evaluator=evaluator)
        return {name: float(value) for name, value in found.items()}


def storage(path: Path) -> optuna.storages.BaseStorage:
    """The journal of all trials: lines of JSON, to which is only added."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return JournalStorage(JournalFileBackend(str(path)))
