"""What a job has still to ask, and about what that will use."""

from collections.abc import Iterable
from dataclasses import dataclass

from firsthand.collect.generate.config import GenerateJob
from firsthand.collect.generate.prompts import Prompt
from firsthand.collect.generate.requests import messages_of, with_answers
from firsthand.endpoint.reply import estimated_tokens
from firsthand.store import Store


@dataclass(slots=True)
class ModelPlan:
    """One model's part: responses wanted, those the journal holds, and an estimate for the rest.

    prompt_tokens: about, by the length of the texts; completion_tokens and cost: at most, each answer at max_tokens.
    """

    name: str
    wanted: int = 0
    known: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None

    @property
    def calls(self) -> int:
        """Calls to make, each asked once."""
        return self.wanted - self.known


@dataclass(slots=True)
class Plan:
    """What is to be done for `prompts` prompts."""

    prompts: int
    models: dict[str, ModelPlan]

    @property
    def calls(self) -> int:
        """Calls to make, of all models."""
        return sum(model.calls for model in self.models.values())


def plan(job: GenerateJob, store: Store, prompts: Iterable[Prompt], versions: dict[str, str]) -> Plan:
    """Compare what `job` wants with what the journal holds."""
    made = Plan(0, {name: ModelPlan(name) for name in versions})
    for responses in with_answers(job, store, prompts, versions):
        made.prompts += 1
        for one, reply in responses:
            model = made.models[one.model]
            model.wanted += 1
            if reply is not None:
                model.known += 1
            else:
                model.prompt_tokens += estimated_tokens(message["content"] for message in messages_of(job, one))
                model.completion_tokens += job.settings[one.setting].max_tokens
    for name, model in made.models.items():
        endpoint = job.models[name].endpoint
        if endpoint is not None and endpoint.price is not None:
            model.cost = endpoint.price.of(model.prompt_tokens, model.completion_tokens)
    return made
