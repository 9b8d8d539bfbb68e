"""Whether training still follows people: looks at every evaluation, says when it does not, and can stop there."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from transformers import TrainerCallback
from transformers.trainer_utils import IntervalStrategy

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.commandline import note
from firsthand.score_gaps import correct
from firsthand.train.falls import Fall, find_falls, rise_shown
from firsthand.train.jobs import GroundingConfig
from firsthand.train.looks import Looks, by_prompt, read_looks, write_looks
from firsthand.train.measures import measure

HUMAN, SYNTHETIC = "human", "synthetic"


@dataclass(frozen=True, slots=True)
class Turn:
    """The first look that showed a fall: its step, the step since which, agreement then and now, by source.

    synthetic_rises: agreement with the synthetic labels is shown to have risen over the same steps.
    """

    step: int
    since: int
    agreement: dict[str, tuple[float, float]]
    at_least: float
    synthetic_rises: bool

    def sentence(self, alpha: float) -> str:
        """What happened, for a person to act on."""
        before, now = self.agreement[HUMAN]
        text = (
            f"agreement with people has fallen since step {self.since}, from {_percent(before)} to {_percent(now)} "
            f"(by at least {100 * self.at_least:.1f} points; error {alpha:g} over all evaluations of the run)"
        )
        if SYNTHETIC not in self.agreement:
            return text
        before, now = self.agreement[SYNTHETIC]
        moved = f"agreement with the synthetic labels went from {_percent(before)} to {_percent(now)}"
        if self.synthetic_rises:
            return f"{text}, while {moved}: the model is learning the judge, not people"
        return f"{text}; {moved}, which does not show a rise"


class Grounding(TrainerCallback):
    """Watches agreement with people and with the synthetic labels; see train/falls.py for the test.

    prompts: source -> (N,), the prompt of each held-out pair, numbered from 0, in the order of evaluation.
    """

    def __init__(self, config: GroundingConfig, prompts: Mapping[str, IntArray], out: Path) -> None:
        self.config = config
        self.prompts = prompts
        self.falls: list[Fall] = []
        self.looks = Looks()
        self.turn: Turn | None = None
        self._out = out
        self._right: dict[str, FloatArray] = {}

    def take(self, source: str, rewards: FloatArray) -> dict[str, float]:
        """The figures of one source's held-out pairs from their rewards (N, 2), the chosen response's first."""
        prompts = self.prompts[source]
        self._right[source] = by_prompt(correct(rewards[:, 0], rewards[:, 1]), prompts)
        return measure(rewards, prompts)

    def on_train_begin(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Take up the looks of the run that is resumed."""
        if state.global_step:
            self.looks = read_looks(self._out)
            self.looks.keep_until(state.global_step)
            self._judge(args, state)

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Once every source is evaluated: judge this look, say what is new, stop where that was asked for."""
        if self._right.keys() != self.prompts.keys():
            return
        self.looks.add(state.global_step, self._right)
        self._right = {}
        known = self.turn
        self._judge(args, state)
        if state.is_world_process_zero:
            write_looks(self.looks, self._out)
        if self.turn is None:
            return
        if known is None and state.is_world_process_zero:
            note(f"warning: step {self.turn.step}: {self.turn.sentence(self.config.alpha)}")
        if self.config.stop and not control.should_training_stop and state.global_step < state.max_steps:
            control.should_training_stop = control.should_save = True
            if state.is_world_process_zero:
                note(f"stopping at step {state.global_step} of {state.max_steps}, as grounding.stop asks")

    def summary(self) -> dict[str, Any]:
        """For the record of the run: what was asked, and what the looks showed."""
        found: dict[str, Any] = {**self.config.model_dump(mode="json"), "evaluations": len(self.looks.steps)}
        if self.turn is None:
            return {**found, "verdict": "no fall shown" if self.falls else "not looked at"}
        verdict = "diverging" if self.turn.synthetic_rises else "falling"
        return {**found, "verdict": verdict, "step": self.turn.step, "since": self.turn.since}

    def _judge(self, args: Any, state: Any) -> None:
        """Read all looks anew; the first fall that is shown is the turn."""
        if HUMAN not in self.prompts or len(self.looks.steps) < 2:
            return
        self.falls = find_falls(self.looks.matrix(HUMAN), planned_looks(args, state), self.config.alpha)
        shown = next((look for look, fall in enumerate(self.falls, start=1) if fall.shown), None)
        self.turn = None if shown is None else self._turn(shown)

    def _turn(self, look: int) -> Turn:
        fall = self.falls[look - 1]
        means = {source: [float(shares.mean()) for shares in right] for source, right in self.looks.right.items()}
        synthetic = self.looks.right.get(SYNTHETIC)
        return Turn(
            step=self.looks.steps[look],
            since=self.looks.steps[fall.since],
            agreement={source: (of[fall.since], of[look]) for source, of in means.items()},
            at_least=fall.low or 0.0,
            synthetic_rises=synthetic is not None
            and rise_shown(synthetic[fall.since], synthetic[look], self.config.alpha),
        )


def planned_looks(args: Any, state: Any) -> int:
    """How many evaluations the whole run has: at the start where asked, then by steps and at the end, or by epochs."""
    by_steps = args.eval_strategy == IntervalStrategy.STEPS
    count = math.ceil(state.max_steps / state.eval_steps) if by_steps else state.num_train_epochs
    return int(count) + bool(args.eval_on_start)


def prompt_numbers(prompt_ids: list[str]) -> IntArray:
    """Prompts numbered from 0: (N,)."""
    return np.unique(prompt_ids, return_inverse=True)[1].astype(np.int64)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
