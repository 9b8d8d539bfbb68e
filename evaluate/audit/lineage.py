"""Who a model descends from, by the name people use for it: the shipped table and a user's own.

A name is matched whole, or not at all: `gpt-4-my-finetune` is unknown, since a wrong lineage is worse than none. What
the data state (`family_a`, `judge.family`) comes before a user's table, and that before the shipped one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field, field_validator

from firsthand.config import Config, load_config
from firsthand.errors import ConfigError, InputError
from firsthand.evaluate.audit.table import AuditTable
from firsthand.lineage import Lineage

Lineages: TypeAlias = Mapping[str, Lineage]
"""The lineage of each judge and author of a table, by the name it has there."""

SIZE = r"-(\d+x)?\d+(\.\d+)?[bm](-a\d+b)?"
KIND = "(-(instruct|chat|base|it|pt|hf|turbo))*"
DATE = r"\d{8}|\d{4}-\d{2}-\d{2}|\d{4}|\d{2}-\d{4}|\d{2}-\d{2}|\d{3}"
QUANTISED = r"fp8|fp16|bf16|int[48]|w\d+a\d+|[48]bit|bnb|awq|gptq|gguf|mlx|unsloth|q\d(-k)?(-[sml])?|q\d-\d"
TAIL = rf"(-({DATE}|{QUANTISED}|v\d+(\.\d+)?|latest|preview|exp|hf))*"
COPIES = frozenset(
    "bartowski bedrock deepinfra fireworks fireworks-ai groq lmstudio-community mlx-community nvidia ollama openrouter"
    " replicate thebloke together together-ai togethercomputer unsloth vertex-ai".split()
)
"""Organisations and services that offer the models of others under their names."""


class SeriesRow(Config):
    """One line of releases; patterns for its names, and what the models were made from."""

    names: Annotated[list[str], Field(min_length=1)]
    base: str | None = None
    trained_on: list[str] = Field(default_factory=list)
    source: str = ""

    @field_validator("names")
    @classmethod
    def _compile(cls, names: list[str]) -> list[str]:
        for name in names:
            try:
                _pattern(name)
            except re.error as error:
                raise ValueError(f"{name!r} is not a regular expression: {error}") from error
        return names


class FamilyRow(Config):
    """Who trained the models: other words for it, and its lines of releases."""

    also: list[str] = Field(default_factory=list)
    series: dict[str, SeriesRow]


class FamilyTable(Config):
    """The content of families.yaml, or of a user's file."""

    families: dict[str, FamilyRow]


@dataclass(frozen=True)
class LineageTable:
    """The rows of one or more files, first come first served; where: the file of each layer."""

    layers: tuple[tuple[str, FamilyTable], ...]
    known: dict[str, Lineage] = field(default_factory=dict)

    def of(self, name: str, stated: str | None = None) -> Lineage:
        """The lineage of the model `name`; `stated` is the family that the data give for it.

        A stated family that differs from the table's is believed, and the rest of the table's row is not.
        Raises ConfigError where a file gives two lineages to one name.
        """
        found = self._looked_up(name)
        if stated is None:
            return found
        family = self.family(stated)
        if found.family == family:
            return found
        return Lineage(found.name, family)

    def family(self, word: str) -> str:
        """The family that `word` means, `word` itself where no file knows it."""
        plain = _plain(word)
        for _, table in self.layers:
            for name, row in table.families.items():
                if plain in {_plain(known) for known in (name, *row.also)}:
                    return name
        return plain

    def _looked_up(self, name: str) -> Lineage:
        if name not in self.known:
            self.known[name] = self._search(name)
        return self.known[name]

    def _search(self, name: str) -> Lineage:
        *owners, plain = (_plain(part) for part in name.split("/"))
        for where, table in self.layers:
            matches = [
                (family, series, row)
                for family, of_family in table.families.items()
                for series, row in of_family.series.items()
                if any(_pattern(pattern).fullmatch(plain) for pattern in row.names)
                and _may_offer(owners, family, of_family)
            ]
            if len(matches) > 1:
                both = " and ".join(f"families.{family}.series.{series}" for family, series, _ in matches[:2])
                raise ConfigError(where, [(both, f"both match the model {name!r}; a model has one lineage")])
            for family, series, row in matches:
                return Lineage(plain, family, series, row.base, self._ancestors(row))
        return Lineage("/".join((*owners, plain)))

    def _ancestors(self, row: SeriesRow) -> tuple[str, ...]:
        """What the row was trained on, and everything its base and teachers were made from."""
        found: dict[str, None] = dict.fromkeys(row.trained_on)
        waiting = [*row.trained_on, *([row.base] if row.base else [])]
        seen = set(waiting)
        while waiting:
            parent = self._series(waiting.pop())
            for name in (*parent.trained_on, *([parent.base] if parent.base else [])) if parent else ():
                found.setdefault(name)
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return tuple(found)

    def _series(self, name: str) -> SeriesRow | None:
        for _, table in self.layers:
            for family in table.families.values():
                if name in family.series:
                    return family.series[name]
        return None


def read_lineages(path: Path | None = None) -> LineageTable:
    """The shipped table, after the user's own at `path`; ConfigError where that contradicts itself."""
    shipped = ("the shipped table of families", _shipped())
    if path is None:
        return LineageTable((shipped,))
    own = load_config(path, FamilyTable)
    _check(own, str(path))
    table = LineageTable(((str(path), own), shipped))
    _check_descent(table, own, str(path))
    return table


def lineages_of(table: AuditTable, known: LineageTable) -> dict[str, Lineage]:
    """The lineage of every judge and author of `table`, by name; a judge's is that of the model it asks.

    Raises InputError where the data state one family for a judge and another for the model it asks.
    """
    found = {name: known.of(name, table.families.get(name)) for name in table.authors}
    for judge in table.judges:
        model = table.models.get(judge, judge)
        stated = {known.family(table.families[name]) for name in (judge, model) if name in table.families}
        if len(stated) > 1:
            one, other = sorted(stated)
            raise InputError(
                f"contradictory lineage: the data put the judge {judge!r} into the family {one!r} and its model "
                f"{model!r} into {other!r}, or the other way round; correct one of them and import again"
            )
        found[judge] = known.of(model, next(iter(stated), None))
    return found


@cache
def _shipped() -> FamilyTable:
    with as_file(files("firsthand.evaluate.audit") / "families.yaml") as path:
        return load_config(path, FamilyTable)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(name.replace("{size}", SIZE).replace("{kind}", KIND) + TAIL)


def _plain(word: str) -> str:
    """A name in small letters, with - for blanks, underscores and colons."""
    return re.sub(r"[\s_:]+", "-", word.strip().lower())


def _may_offer(owners: list[str], family: str, row: FamilyRow) -> bool:
    """Whether a name under these organisations is that family's model, not somebody's own of the same name."""
    return all(owner in COPIES or owner in {_plain(name) for name in (family, *row.also)} for owner in owners)


def _check(own: FamilyTable, where: str) -> None:
    """ConfigError where a series is told twice, or a family is called by two names."""
    problems = []
    series: dict[str, str] = {}
    words: dict[str, str] = {}
    for family, row in own.families.items():
        for name in row.series:
            if name in series:
                problem = f"the series is in the family {series[name]!r} already; a series has one family"
                problems.append((f"families.{family}.series.{name}", problem))
            series[name] = family
        for word in {_plain(word) for word in (family, *row.also)}:
            if word in words:
                problems.append((f"families.{family}", f"{word!r} is another word for {words[word]!r} already"))
            words[word] = family
    if problems:
        raise ConfigError(where, problems)


def _check_descent(table: LineageTable, own: FamilyTable, where: str) -> None:
    """ConfigError where a series of the file would be its own ancestor."""
    problems = [
        (f"families.{family}.series.{name}", "the series descends from itself; correct base or trained_on")
        for family, row in own.families.items()
        for name, series in row.series.items()
        if name in {series.base, *table._ancestors(series)}
    ]
    if problems:
        raise ConfigError(where, problems)
