"""The admission file: which judges' labels may enter a mix, and above which confidence.

`firsthand evaluate judges --rules FILE` writes it, `firsthand train mix` honours it.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, model_validator

from firsthand.config import Config, check_config
from firsthand.errors import InputError

Share = Annotated[float, Field(ge=0, le=1)]


class Rule(Config):
    """What was found of one judge, on comparisons with one value of a tag or on all.

    templates: the prompt_sha256 values of the judgments it was tested on, "" for imported ones without; labels asked
    with another one are not admitted. tag: {name: value}, the value null for comparisons without that tag; None for
    every comparison. threshold: labels with this confidence or more are admitted, None where none is. agreement: share
    of n labels on n_prompts prompts that agree with the majority of people; lower_bound: its bound. more_labels: human
    labels still needed, 0 where more would not help or none is needed.
    """

    judge: str
    templates: list[str]
    tag: dict[str, str | None] | None
    admitted: bool
    threshold: Annotated[float, Field(ge=0.5, le=1)] | None
    agreement: Share | None
    lower_bound: Share | None
    n: NonNegativeInt
    n_prompts: NonNegativeInt
    more_labels: NonNegativeInt
    why: str

    @model_validator(mode="after")
    def _admits_from_a_threshold_on(self) -> "Rule":
        if self.admitted != (self.threshold is not None):
            raise ValueError(
                f"admitted is {str(self.admitted).lower()} but threshold is {self.threshold}; a rule that admits has a "
                "threshold, one that does not has null"
            )
        return self

    def covers(self, tags: dict[str, str]) -> bool:
        """Whether the rule speaks of comparisons with these tags."""
        return self.tag is None or all(tags.get(name) == value for name, value in self.tag.items())

    def tested_on(self, templates: Iterable[str]) -> bool:
        """Whether the rule was tested on labels asked with each of `templates`."""
        return set(templates) <= set(self.templates)


class Admission(Config):
    """An admission file.

    With the given confidence, labels that its rules admit agree with people on the target share at least.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    target: Annotated[float, Field(gt=0, lt=1)]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    method: str
    seed: int
    split: str
    rules: list[Rule]

    @model_validator(mode="after")
    def _one_rule_each(self) -> "Admission":
        seen = set()
        for rule in self.rules:
            about = (rule.judge, None if rule.tag is None else frozenset(rule.tag.items()))
            if about in seen:
                raise ValueError(f"two rules for the judge {rule.judge!r} and the tag {rule.tag}; keep one of them")
            seen.add(about)
        return self

    def rule_for(self, judge: str, tags: dict[str, str]) -> Rule | None:
        """The rule for labels of `judge` on a comparison with `tags`; one that names a tag goes before one without."""
        found = [rule for rule in self.rules if rule.judge == judge and rule.covers(tags)]
        return max(found, key=lambda rule: rule.tag is not None, default=None)


def read_admission(path: Path) -> tuple[Admission, str]:
    """The admission file and its SHA-256; raises InputError or ConfigError where it is not one."""
    try:
        content = path.read_bytes()
        value = json.loads(content)
    except (OSError, ValueError) as error:
        raise InputError(
            f"can't read the admission file {path}: {error}; firsthand evaluate judges --rules FILE writes one"
        ) from error
    if not isinstance(value, dict):
        raise InputError(f"{path} is not an admission file: expected an object, got {type(value).__name__}")
    return check_config(value, Admission, where=str(path)), hashlib.sha256(content).hexdigest()


def write_admission(admission: Admission, path: Path) -> None:
    """Write the file; raises OSError where that can't be done."""
    text = json.dumps(admission.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
