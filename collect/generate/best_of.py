"""Best of n: of several candidates the one that a reward model scores highest, with a record of every pick."""

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias

from firsthand.collect.generate.config import GenerateJob
from firsthand.collect.generate.requests import KIND, Wanted
from firsthand.records import content_id
from firsthand.store import Store
from firsthand.store.calls import ANSWER, Call, answered, record

if TYPE_CHECKING:
    from firsthand.rewards import RewardModel

PICK = "best_of"
"""What the key of a pick is hashed with; in the journal it stands among the calls that generate."""
Answers: TypeAlias = Sequence[tuple[Wanted, dict[str, Any]]]
"""What was written for one prompt, with the journal's replies."""


class Picker:
    """Picks for the best-of-n models of a job; a pick that the journal holds is not made again.

    picked: picks made; unscored: sets of candidates of which none has a score, being too long for the reward model.
    Raises InputError where a reward model is missing, or is none.
    """

    def __init__(self, job: GenerateJob, store: Store) -> None:
        self.job, self.store = job, store
        self.models: dict[str, RewardModel] = {}
        self.versions = {name: _version(job, name) for name in job.models if job.candidates(name) > 1}
        self.picked = self.unscored = 0

    def __call__(self, page: Sequence[Answers]) -> list[list[tuple[Wanted, dict[str, Any]]]]:
        """The answers to each prompt of `page`, without the candidates that were not picked."""
        keys = {self._key(candidates) for answers in page for candidates in self._sets(answers)}
        known = answered(self.store, KIND, keys)
        missing = [each for answers in page for each in self._sets(answers) if self._key(each) not in known]
        for model in dict.fromkeys(each[0][0].model for each in missing):
            calls = self._score(model, [each for each in missing if each[0][0].model == model])
            record(self.store, calls)
            known |= {call.key: call.reply for call in calls}
            self.picked += len(calls)
        return [self._kept(answers, known) for answers in page]

    def _kept(self, answers: Answers, known: dict[str, dict[str, Any]]) -> list[tuple[Wanted, dict[str, Any]]]:
        others = [each for each in answers if each[0].model not in self.versions]
        picks = [known[self._key(each)]["picked"] for each in self._sets(answers)]
        self.unscored += picks.count(None)
        return others + [(one, reply) for one, reply in answers if one.key in picks]

    def _sets(self, answers: Answers) -> list[Answers]:
        """The candidates among `answers`, those for one response together."""
        sets: dict[tuple[str, str, int], list[tuple[Wanted, dict[str, Any]]]] = {}
        for one, reply in answers:
            if one.model in self.versions:
                response = one.sample // self.job.candidates(one.model)
                sets.setdefault((one.model, one.setting, response), []).append((one, reply))
        return list(sets.values())

    def _key(self, candidates: Answers) -> str:
        return content_id(PICK, self.versions[candidates[0][0].model], *(one.key for one, _ in candidates))

    def _score(self, model: str, sets: Sequence[Answers]) -> list[Call]:
        """A pick for each set of candidates, all scored together; the seconds are shared out evenly."""
        started = monotonic()
        scorer = self._scorer(model)
        conversations = [
            [*one.prompt.messages, {"role": "assistant", "content": reply["text"]}]
            for candidates in sets
            for one, reply in candidates
        ]
        scores = iter(scorer.scores(conversations).tolist())
        lengths = iter(scorer.lengths(conversations))
        seconds = (monotonic() - started) / len(sets)
        return [
            self._call(candidates, [next(scores) for _ in candidates], sum(next(lengths) for _ in candidates), seconds)
            for candidates in sets
        ]

    def _call(self, candidates: Answers, scores: Sequence[float], tokens: int, seconds: float) -> Call:
        first = candidates[0][0]
        keys = [one.key for one, _ in candidates]
        reply = {
            "author": self.job.author(first.model, first.setting),
            "model": first.model,
            "setting": first.setting,
            "prompt_id": first.prompt.id,
            "n": self.job.candidates(first.model),
            "reward_model": self.versions[first.model],
            "candidates": keys,
            "scores": [None if score != score else score for score in scores],
            "picked": _highest(keys, scores),
        }
        name = self.models[first.model].name
        return Call(KIND, self._key(candidates), ANSWER, reply, name, prompt_tokens=tokens, seconds=seconds)

    def _scorer(self, model: str) -> "RewardModel":
        from firsthand.rewards import RewardModel

        if model not in self.models:
            best_of = self.job.models[model].best_of
            self.models[model] = RewardModel(best_of.reward_model if best_of else "")
        return self.models[model]


def _version(job: GenerateJob, model: str) -> str:
    """What tells the reward model from others; raises InputError where there is none."""
    from firsthand.collect.generate.trained import trained_version
    from firsthand.rewards import check_reward_model

    best_of = job.models[model].best_of
    if best_of is None:
        return ""
    check_reward_model(best_of.reward_model)
    return trained_version(best_of.reward_model)


def _highest(keys: Iterable[str], scores: Sequence[float]) -> str | None:
    """The key with the highest score, of equal ones the first; None where no score is a number."""
    scored = [(score, key) for key, score in zip(keys, scores, strict=True) if score == score]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None
