"""What `firsthand collect generate CONFIG` is told."""

from enum import StrEnum
from itertools import combinations
from typing import Any

from pydantic import Field, field_validator, model_validator

from firsthand.config import Config
from firsthand.endpoint.budget import BudgetConfig
from firsthand.endpoint.config import OURS, EndpointConfig

PREFERENCES = "preferences"
"""The scorer that goes by the preferences the store holds."""


class Pairs(StrEnum):
    """Which responses to a prompt are compared."""

    ALL = "all"
    BEST_VS_REST = "best_vs_rest"
    SAME_AUTHOR = "same_author"
    CROSS_AUTHOR = "cross_author"


class Seeds(StrEnum):
    """Whether models draw by the same seeds, so that they alone differ, or each by seeds of its own."""

    SHARED = "shared"
    OWN = "own"


class Authors(StrEnum):
    """Who the author of a response is: the model, whatever its setting, or each model and setting (`model-setting`)."""

    MODEL = "model"
    SETTING = "setting"


class BestOf(Config):
    """Of n candidates, the one that a reward model scores highest. reward_model: its folder."""

    n: int = Field(ge=2, le=1024)
    reward_model: str = Field(min_length=1)


class ModelConfig(Config):
    """A model that writes responses: behind an endpoint, or one that firsthand trained (or any for from_pretrained).

    best_of: each response is picked from several. family: who trained it, for the lineage. batch: responses that a
    trained model writes at once.
    """

    endpoint: EndpointConfig | None = None
    trained: str | None = None
    best_of: BestOf | None = None
    family: str | None = None
    batch: int = Field(default=8, ge=1, le=1024)

    @model_validator(mode="after")
    def _one_kind(self) -> "ModelConfig":
        if (self.endpoint is None) == (self.trained is None):
            raise ValueError("give endpoint, or trained: the folder of a model")
        return self


class Setting(Config):
    """How a model is asked.

    system: comes before the prompt's messages. samples: responses to each prompt. max_tokens, temperature (0: always
    the likeliest token), top_p: as the protocol names them. parameters: others, which go to the endpoint as they are.
    """

    system: str | None = None
    samples: int = Field(default=1, ge=1, le=1000)
    max_tokens: int = Field(default=512, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    parameters: dict[str, Any] = Field(default_factory=dict)

    @field_validator("parameters")
    @classmethod
    def _not_ours(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        for name in parameters:
            if name in OURS or name in cls.model_fields or name == "seed":
                raise ValueError(f"{name} is not to be given here")
        return parameters

    def request(self) -> dict[str, Any]:
        """The parameters of a request, but for its seed."""
        return {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            **self.parameters,
        }


class GenerateJob(Config):
    """A configuration of `collect generate`.

    prompts: `demo` (those of the demo's sample), `store` (those the store holds), or a file with a column `prompt` and,
    where it has them, `tags`. limit: only the first so many. models and settings by name: every model answers every
    prompt under every setting. scorer: for best_vs_rest, the folder of a reward model, or `preferences`. seed: of the
    sampling; null sends none. seeds: with shared ones, models that are nearly the same often write the same.
    """

    prompts: str
    limit: int | None = Field(default=None, ge=1)
    models: dict[str, ModelConfig] = Field(min_length=1)
    settings: dict[str, Setting] = Field(min_length=1)
    authors: Authors = Authors.MODEL
    pairs: Pairs = Pairs.ALL
    scorer: str | None = None
    budget: BudgetConfig = BudgetConfig()
    seed: int | None = 13
    seeds: Seeds = Seeds.SHARED

    @field_validator("models", "settings")
    @classmethod
    def _names(cls, named: dict[str, Any]) -> dict[str, Any]:
        if any(not name.strip() or "\x00" in name for name in named):
            raise ValueError("one has no name")
        return named

    @field_validator("settings")
    @classmethod
    def _different(cls, settings: dict[str, Setting]) -> dict[str, Setting]:
        for (one, first), (other, second) in combinations(settings.items(), 2):
            if (first.system, first.request()) == (second.system, second.request()):
                raise ValueError(f"{one!r} and {other!r} ask the same; for more responses of one setting give samples")
        return settings

    @model_validator(mode="after")
    def _trained_models_take_no_other_parameters(self) -> "GenerateJob":
        trained = [name for name, model in self.models.items() if model.trained is not None]
        for name, setting in self.settings.items():
            if trained and setting.parameters:
                raise ValueError(
                    f"settings.{name}.parameters are for endpoints; the trained model {trained[0]!r} takes none"
                )
        return self

    @model_validator(mode="after")
    def _candidates_differ(self) -> "GenerateJob":
        picking = [name for name, model in self.models.items() if model.best_of is not None]
        for name, setting in self.settings.items():
            if picking and setting.temperature == 0:
                raise ValueError(
                    f"models.{picking[0]}.best_of needs candidates that differ, but settings.{name}.temperature is 0, "
                    "at which a model always writes the same"
                )
        return self

    @model_validator(mode="after")
    def _a_cost_budget_needs_prices(self) -> "GenerateJob":
        self.budget.check_prices({f"models.{name}": model.endpoint for name, model in self.models.items()})
        return self

    @model_validator(mode="after")
    def _there_is_something_to_compare(self) -> "GenerateJob":
        if (self.pairs is Pairs.BEST_VS_REST) != (self.scorer is not None):
            raise ValueError(
                "pairs: best_vs_rest and a scorer (the folder of a reward model, or preferences) go together"
            )
        authors = self.responses_by_author()
        if self.pairs is Pairs.CROSS_AUTHOR and len(authors) < 2:
            raise ValueError(f"pairs: cross_author needs two authors, there is one ({next(iter(authors))})")
        if self.pairs is Pairs.SAME_AUTHOR and max(authors.values()) < 2:
            raise ValueError("pairs: same_author needs an author with two responses: more samples, or settings")
        if sum(authors.values()) < 2:
            raise ValueError("one response to a prompt can't be compared: add a model, a setting, or samples")
        return self

    def author(self, model: str, setting: str) -> str:
        """The author of what `model` writes under `setting`."""
        return model if self.authors is Authors.MODEL else f"{model}-{setting}"

    def families(self) -> dict[str, str]:
        """The stated families of the authors."""
        return {
            self.author(name, setting): model.family
            for name, model in self.models.items()
            for setting in self.settings
            if model.family is not None
        }

    def candidates(self, model: str) -> int:
        """How many responses `model` writes for each one that is kept."""
        best_of = self.models[model].best_of
        return 1 if best_of is None else best_of.n

    def responses_by_author(self) -> dict[str, int]:
        """How many responses to each prompt every author writes."""
        counts: dict[str, int] = {}
        for model in self.models:
            for name, setting in self.settings.items():
                author = self.author(model, name)
                counts[author] = counts.get(author, 0) + setting.samples
        return counts
