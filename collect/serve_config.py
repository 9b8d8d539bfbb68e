"""The configuration of `firsthand collect serve`: who rates what, how often, and what the page shows.

configs/serve.yaml explains it key by key; without a file, the defaults hold.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from firsthand.config import Config

Share = Annotated[float, Field(ge=0, le=1)]


Reasons = Annotated[tuple[str, ...], Field(min_length=1, max_length=9)]
"""One key each: 1 to 9."""

MODEL_NAMES = (
    *(
        "ChatGPT",
        "GPT-3",
        "GPT-3.5",
        "GPT-4",
        "GPT-5",
        "OpenAI",
        "Anthropic",
        "DeepSeek",
        "Qwen",
        "Mixtral",
        "Mistral AI",
    ),
    *("SmolLM", "Vicuna", "Dolly", "StableLM", "ChatGLM", "OpenAssistant", "PaLM 2", "Meta AI", "Google DeepMind"),
)
"""Names that mean little else; Claude (a painter), Gemini (a sign) or Llama (an animal) are yours to add."""


class Overlap(Config):
    """How many of the comparisons are labelled by several people, own-family pairs first.

    Without them the affinity of a judge for its own kind can't be told from people's disagreement.
    """

    share: Share = 0.3
    raters: Annotated[int, Field(ge=2)] = 2


class Order(Config):
    """Which comparison comes next; a random share is drawn beside the policy, so that estimates can be reweighted.

    cover: the tag whose every value people shall label some of (else what work is routed by); rules: an admission file,
    whose judges' word counts only where it says so.
    """

    policy: Literal["random", "least_covered", "informative"] = "least_covered"
    random_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    cover: str | None = None
    rules: Path | None = None

    @field_validator("rules")
    @classmethod
    def _stays_where_it_is(cls, rules: Path | None) -> Path | None:
        return rules.absolute() if rules else None  # An import from another folder reads it again.


class Assignment(Config):
    """Who gets which comparison, and how often."""

    raters: PositiveInt = 1
    overlap: Overlap = Overlap()
    gold_share: Share = 0.05
    repeat_share: Share = 0.05
    order: Order = Order()
    route_by: str | None = None
    lease_minutes: PositiveFloat = 30.0

    @model_validator(mode="after")
    def _leaves_room(self) -> Self:
        if self.gold_share + self.repeat_share >= 1:
            raise ValueError("gold_share and repeat_share are all there is; together they must leave room for new work")
        return self


class PracticePair(Config):
    """A pair of the practice round; A is the response shown first, and `why` is said after the answer."""

    prompt: str
    response_a: str
    response_b: str
    expected: Literal["a", "b", "tie", "both_bad"]
    why: str


class Consent(Config):
    """What a rater agrees to before the first item; a new version is asked for again."""

    version: str = "1"
    text: str = ""


class Rating(Config):
    """What the rating page shows and asks.

    instructions, consent.text and thanks are Markdown; "" stands for the page's own text. practice: null for the page's
    own pairs. own_names: of models, which a response must not show (masked) or not without a warning (flagged).
    """

    title: str = "Which answer is better?"
    instructions: str = ""
    consent: Consent = Consent()
    practice: tuple[PracticePair, ...] | None = None
    steps: Literal[3, 5, 7] = 5
    both_bad: bool = True
    criteria: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=40)], ...], Field(max_length=4)] = ()
    rationale: Literal["off", "optional", "required"] = "optional"
    skip_reasons: Reasons = (
        "I don't know the subject",
        "I can't tell them apart",
        "The text is broken",
        "I would rather not read this",
    )
    flag_reasons: Reasons = ("Harmful or illegal", "Someone's personal data", "Says who wrote it", "Something else")
    own_names: tuple[str, ...] = MODEL_NAMES
    own_names_are: Literal["masked", "flagged"] = "masked"
    break_after_minutes: PositiveInt | None = 30
    thanks: str = ""


class Rule(Config):
    """A limit that warns a rater, and a second one that pauses them; after `least` verdicts that count towards it."""

    warn: float
    pause: float
    least: PositiveInt = 10


class Rules(Config):
    """When the quality of a rater's work warns, then pauses them; null leaves a rule out."""

    gold_accuracy: Rule | None = Rule(warn=0.7, pause=0.5)
    self_consistency: Rule | None = Rule(warn=0.6, pause=0.4)
    first_side_share: Rule | None = Rule(warn=0.75, pause=0.9, least=30)
    median_seconds: Rule | None = Rule(warn=3.0, pause=1.5, least=20)


class Login(Config):
    """How raters are told apart; `trusted_proxies` are the addresses or networks whose word on a request is taken."""

    session_hours: PositiveFloat = 12.0
    attempts: PositiveInt = 5
    attempts_minutes: PositiveFloat = 15.0
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] | None = None
    trusted_proxies: tuple[str, ...] = ()

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ipaddress.ip_network(proxy)  # Its ValueError says what is wrong.
        return proxies

    @model_validator(mode="after")
    def _header_comes_from_somewhere(self) -> Self:
        if self.header and not self.trusted_proxies:
            raise ValueError(f"the header {self.header!r} is taken only from trusted_proxies: name them")
        return self


class ServeConfig(Config):
    """A rating site, as configs/serve.yaml explains it key by key."""

    assignment: Assignment = Assignment()
    rating: Rating = Rating()
    rules: Rules = Rules()
    login: Login = Login()
