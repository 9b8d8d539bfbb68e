"""Reading a job's YAML into a checked, typed object.

Every job's configuration is a pydantic model that derives from `Config`: unknown keys fail, and all problems
are reported at once, each with its path in the YAML.
"""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from firsthand.errors import ConfigError, InputError


class _Loader(yaml.SafeLoader):
    """YAML, but a key that stands twice is an error: the first of the two would be lost without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return node


class Config(BaseModel):
    """Base of every job's configuration: frozen, unknown keys refused, and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


ConfigT = TypeVar("ConfigT", bound=Config)


def load_config(path: Path, model: type[ConfigT], overrides: Mapping[str, Any] | None = None) -> ConfigT:
    """Read `path` as YAML and check it against `model`.

    `overrides` replaces top-level keys, as command-line options do.
    Raises InputError when the file can't be read, ConfigError with every problem it holds.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"can't read the configuration {path}: {error}") from error
    try:
        content = yaml.load(text, _Loader)  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2024-02-31
        raise InputError(f"{path} is not valid YAML: {error}") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise ConfigError(str(path), [("", f"expected keys and values, got {type(content).__name__}")])
    return check_config({**content, **(overrides or {})}, model, where=str(path))


def check_config(content: Mapping[str, Any], model: type[ConfigT], where: str = "configuration") -> ConfigT:
    """Check `content` against `model`; raises ConfigError with every problem it holds."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems: dict[str, list[str]] = {}
        for path, message in (_problem(model, item) for item in error.errors(include_url=False)):
            problems.setdefault(path, []).append(message)
        raise ConfigError(where, [(path, "; or: ".join(messages)) for path, messages in problems.items()]) from None


def closest(word: str, known: Iterable[str]) -> str:
    """`, did you mean 'x'?` for the known word nearest to `word`, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def _problem(model: type[BaseModel], item: Any) -> tuple[str, str]:
    if item["type"] == "extra_forbidden":
        path = ".".join(map(str, item["loc"]))
        return path, f"unknown key{closest(str(item['loc'][-1]), _keys_at(model, item['loc'][:-1]))}"
    # Where a key takes one of several types, pydantic names the type it tried as a part of the path.
    path = ".".join(str(part) for part in item["loc"] if str(part).isidentifier() or isinstance(part, int))
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "missing":
        return path, "missing; this key is required"
    return path, f"{message} (got {item['input']!r})"


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that `model` knows at `location`, followed through nested models."""
    for part in location:
        field = model.model_fields.get(str(part))
        nested = field.annotation if field else None
        if not (isinstance(nested, type) and issubclass(nested, BaseModel)):
            return []
        model = nested
    return list(model.model_fields)
