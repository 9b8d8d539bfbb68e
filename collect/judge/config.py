"""What `firsthand collect judge CONFIG` is told."""

from enum import StrEnum
from itertools import permutations
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from firsthand.config import Config, closest
from firsthand.endpoint.budget import BudgetConfig
from firsthand.endpoint.config import OURS, EndpointConfig

ROUND_A_WORD = " \t\n\r\"'`*_#()[]{}<>.,:;!\u2581\u0120\u010a"
"""What a token may hold beside the answer's word: spaces (also as tokenizers spell them), quotes, Markdown."""


class Method(StrEnum):
    """How a verdict is read: from the log-probabilities of the answer's token, or from sampled structured answers."""

    LOGPROBS = "logprobs"
    SAMPLES = "samples"


def _word(answer: str) -> str:
    if not answer or answer != answer.strip(ROUND_A_WORD):
        raise ValueError("expected a word that neither starts nor ends with a space, a quote, a bracket or a full stop")
    return answer


Word = Annotated[str, AfterValidator(_word)]


class Answers(Config):
    """The words a judge answers with: for the response shown first, for the second and, where it may, for neither."""

    first: Word = "A"
    second: Word = "B"
    tie: Word | None = None

    @model_validator(mode="after")
    def _all_different(self) -> "Answers":
        if len(set(self.words())) < len(self.words()):
            raise ValueError("two answers are the same word; give each its own")
        return self

    def words(self) -> tuple[str, ...]:
        """The words, in the order first, second, tie."""
        return (self.first, self.second, *([self.tie] if self.tie else []))


class Judge(Config):
    """A judge: a model behind an endpoint that is asked with a template, or a reward model.

    template, rubric: files, their paths relative to the configuration's. verdict: `auto` is log-probabilities where the
    endpoint gives them, else samples. samples: sampled answers to one question. orders: `one` draws which response is
    shown first. repeats: how often each order is asked. parameters: of the request, over ours. version: yours, kept on
    every row. reward_model: a folder that firsthand trained, or what `from_pretrained` takes as a sequence classifier.
    """

    endpoint: EndpointConfig | None = None
    template: Path | None = None
    rubric: Path | None = None
    system: str | None = None
    answers: Answers = Answers()
    verdict: Literal["auto", "logprobs", "samples"] = "auto"
    samples: int = Field(default=5, ge=1, le=1000)
    orders: Literal["both", "one"] = "both"
    repeats: int = Field(default=1, ge=1, le=1000)
    parameters: dict[str, Any] = Field(default_factory=dict)
    reward_model: str | None = None
    version: str | None = None
    family: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Judge":
        if (self.endpoint is None) == (self.reward_model is None):
            raise ValueError("give endpoint and template, or reward_model")
        if self.endpoint is not None and self.template is None:
            raise ValueError("template is missing: the file with the question; configs/judge/compare.txt is one")
        asked = {"template", "rubric", "system", "answers", "verdict", "samples", "orders", "repeats", "parameters"}
        if self.reward_model is not None and (unused := sorted(asked & self.model_fields_set)):
            raise ValueError(f"a reward model is not asked anything; remove {', '.join(unused)}")
        return self

    @model_validator(mode="after")
    def _first_tokens_differ(self) -> "Judge":
        for one, other in permutations(self.answers.words(), 2):
            if self.verdict != "samples" and other.startswith(one):
                raise ValueError(
                    f"the answer {other!r} begins with {one!r}, so that its first token may be taken for the other "
                    "answer; take words that begin otherwise, or verdict: samples"
                )
        return self

    @field_validator("parameters")
    @classmethod
    def _not_ours(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        for name in parameters:
            if name in OURS or (name == "seed" and parameters[name] is not None):
                raise ValueError(f"{name} is not to be given here")
        return parameters


class Panel(Config):
    """Judges whose verdicts count as one annotator's; quorum: how many of them must keep to theirs in both orders."""

    members: list[str] = Field(min_length=2)
    quorum: int = Field(ge=1)

    @model_validator(mode="after")
    def _quorum_can_be_met(self) -> "Panel":
        if len(set(self.members)) < len(self.members):
            raise ValueError("a judge is listed twice")
        if self.quorum > len(self.members):
            raise ValueError(f"quorum is {self.quorum}, but there are {len(self.members)} members")
        return self


class Choice(Config):
    """Which comparisons are judged; all of them where nothing is said.

    tags: only these values of a tag. labelled_by_people: only those that people gave a verdict on. limit: the first so
    many, by id: as good as drawn at random, and the same at every run.
    """

    tags: dict[str, list[str]] = Field(default_factory=dict)
    labelled_by_people: bool = False
    limit: int | None = Field(default=None, ge=1)


class JudgeJob(Config):
    """A configuration of `collect judge`: judges and panels by their names, which the store keeps as annotators."""

    judges: dict[str, Judge] = Field(min_length=1)
    panels: dict[str, Panel] = Field(default_factory=dict)
    comparisons: Choice = Choice()
    budget: BudgetConfig = BudgetConfig()

    @field_validator("judges", "panels")
    @classmethod
    def _names(cls, named: dict[str, Any]) -> dict[str, Any]:
        if any(not name.strip() or "\x00" in name for name in named):
            raise ValueError("a judge or panel without a name")
        return named

    @model_validator(mode="after")
    def _a_cost_budget_needs_prices(self) -> "JudgeJob":
        self.budget.check_prices({f"judges.{name}": judge.endpoint for name, judge in self.judges.items()})
        return self

    @model_validator(mode="after")
    def _panels_fit(self) -> "JudgeJob":
        for name, panel in self.panels.items():
            if name in self.judges:
                raise ValueError(f"panels.{name}: a judge has this name; give the panel another")
            for member in panel.members:
                judge = self.judges.get(member)
                if judge is None:
                    raise ValueError(f"panels.{name}: no judge {member!r}{closest(member, self.judges)}")
                if judge.orders == "one":
                    raise ValueError(f"panels.{name}: {member!r} is asked in one order; a panel needs both")
        return self
