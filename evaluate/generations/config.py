"""What `firsthand evaluate generations CONFIG` is told."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from firsthand.collect.generate.config import Setting
from firsthand.collect.judge.config import Judge
from firsthand.config import Config
from firsthand.train.mix_config import HumanRules, SyntheticRules

Ratio = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


def _lora(block: dict[str, Any] | None) -> dict[str, Any] | None:
    from firsthand.train.arguments import check_lora_arguments  # loads peft and TRL: a simulated loop needs neither

    return check_lora_arguments(block)


def _trainer(block: dict[str, Any]) -> dict[str, Any]:
    from firsthand.train.arguments import check_dpo_arguments

    if "seed" in block:
        raise ValueError("seed is not to be given here: each of `seeds` is a loop of its own")
    return check_dpo_arguments(block)


class Training(Config):
    """How a generation is trained, with the keys of a DPO job; its seed is the loop's.

    start: `previous`, each generation goes on from the one before; `base`, each is trained from the first model.
    """

    start: Literal["previous", "base"] = "previous"
    lora: Annotated[dict[str, Any] | None, AfterValidator(_lora)] = None
    preset: Literal["none", "fast"] = "fast"
    trainer: Annotated[dict[str, Any], AfterValidator(_trainer)] = Field(default_factory=dict)


class Anchor(Config):
    """The prompts that only people label and no generation is trained on.

    fraction: of the prompts. comparisons: at most so many, by id; None for all.
    """

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    comparisons: Annotated[int, Field(ge=2)] | None = None


class Probes(Config):
    """The held-out prompts on which diversity is measured.

    prompts: at most so many. samples: responses of each generation to each. fewest_words: shorter ones are left out.
    """

    prompts: Annotated[int, Field(ge=2)] = 20
    samples: Annotated[int, Field(ge=2)] = 4
    fewest_words: Annotated[int, Field(ge=2)] = 8


class ModelLoop(Config):
    """A loop of real models.

    model: the first generator. rows: of every generation's mix. prompts: that a generator answers, at most. response:
    how it is asked; every two of its samples are compared. judge: its name and how it is asked, as in `collect judge`.
    accumulate: a mix may draw on all generations so far, not on the last alone. own: the authors of the judge's own
    kind; None takes those that the lineage table finds.
    """

    model: str = Field(min_length=1)
    judge: dict[str, Judge]
    rows: Annotated[int, Field(ge=1)]
    prompts: Annotated[int, Field(ge=1)]
    response: Setting = Setting(samples=2, max_tokens=256, temperature=1.0)
    batch: Annotated[int, Field(ge=1, le=1024)] = 8
    human: HumanRules = HumanRules()
    synthetic: SyntheticRules = SyntheticRules()
    accumulate: bool = False
    training: Training = Training()
    anchor: Anchor = Anchor()
    probes: Probes = Probes()
    own: list[str] | None = None

    @field_validator("judge")
    @classmethod
    def _one_judge(cls, judge: dict[str, Judge]) -> dict[str, Judge]:
        if len(judge) != 1:
            raise ValueError(f"give one judge by its name, not {len(judge)}")
        return judge

    @field_validator("response")
    @classmethod
    def _two_responses(cls, response: Setting) -> Setting:
        if response.samples < 2:
            raise ValueError("samples is 1: two responses to a prompt are needed to compare them")
        if response.parameters:
            raise ValueError("parameters are for endpoints; a trained model takes none")
        return response

    @property
    def judge_name(self) -> str:
        """The judge's name."""
        return next(iter(self.judge))

    def comparisons(self) -> int:
        """How many comparisons a generation can give."""
        return self.prompts * self.response.samples * (self.response.samples - 1) // 2


class World(Config):
    """A world with a known answer, as simulator.py describes it.

    sharpness, affinity: of the judge: how strongly it follows quality (people: 1), and what it adds for its own style,
    in log-odds. quality_of_style: correlation of quality and style in the first generator. step: how far one
    generation's training moves the generator (1/beta). update: `dpo`, or `retrain` on the chosen responses.
    rows: of a generation's mix; comparisons, votes: of the anchor, votes on each; probes, samples: of diversity.
    """

    sharpness: Annotated[float, Field(ge=0)] = 1.0
    affinity: float = 1.0
    quality_of_style: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    step: Annotated[float, Field(gt=0)] = 0.5
    update: Literal["dpo", "retrain"] = "dpo"
    start: Literal["previous", "base"] = "previous"
    rows: Annotated[int, Field(ge=10)] = 1000
    comparisons: Annotated[int, Field(ge=60)] = 400
    votes: Annotated[int, Field(ge=1)] = 3
    probes: Annotated[int, Field(ge=2)] = 100
    samples: Annotated[int, Field(ge=2)] = 8


class GenerationsConfig(Config):
    """The keys of configs/generations.yaml: a loop of `models`, or a simulated one in a `world`.

    generations: trained after the first model. ratios: shares of judged rows, a loop for each; the twin has 0. seeds:
    loops of each ratio; one alone can show nothing of the judge. margin_points: the smallest change that matters, in
    percentage points. keeps: a loop that keeps less than this share of its twin's diversity has collapsed. alpha: the
    chance of a false alarm, over all findings of a kind together. lineage: YAML of lineages before the shipped table.
    """

    generations: Annotated[int, Field(ge=1, le=100)] = 3
    ratios: Annotated[list[Ratio], Field(min_length=1)] = Field(default_factory=lambda: [0.5, 1.0])
    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(default_factory=lambda: [1, 2, 3])
    margin_points: Annotated[float, Field(gt=0, lt=50)] = 3.0
    keeps: Annotated[float, Field(gt=0, lt=1)] = 0.8
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    lineage: Path | None = None
    models: ModelLoop | None = None
    world: World | None = None

    @field_validator("ratios", "seeds")
    @classmethod
    def _different(cls, values: list[Any]) -> list[Any]:
        if len(set(values)) < len(values):
            raise ValueError("one is listed twice")
        return sorted(values)

    @field_validator("ratios")
    @classmethod
    def _short(cls, ratios: list[float]) -> list[float]:
        long = [ratio for ratio in ratios if float(f"{ratio:g}") != ratio]
        if long:
            raise ValueError(
                f"{long[0]!r} has more than six digits, which a loop's folder is named by; write {long[0]:g}"
            )
        return ratios

    @model_validator(mode="after")
    def _one_engine(self) -> "GenerationsConfig":
        if (self.models is None) == (self.world is None):
            raise ValueError("give models (a loop of real models) or world (a simulated one)")
        return self

    @model_validator(mode="after")
    def _enough_comparisons(self) -> "GenerationsConfig":
        if self.models is not None:
            needed, there = round(max(self.ratios) * self.models.rows), self.models.comparisons()
            if there < needed:
                raise ValueError(
                    f"a ratio of {max(self.ratios):g} of {self.models.rows} rows needs {needed} judged comparisons a "
                    f"generation, but models.prompts and models.response.samples give at most {there}"
                )
        return self
