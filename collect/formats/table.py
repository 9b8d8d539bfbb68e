"""Any table, read through a column map: a YAML that says which column holds what (see configs/column-map.yaml)."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from firsthand.collect.formats.cells import typed
from firsthand.collect.formats.form import Format, Line, alone
from firsthand.config import Config, load_config
from firsthand.errors import RecordError
from firsthand.lines import parse_flat
from firsthand.records import Verdict


class Columns(Config):
    """Which column holds each part of a comparison and of the preference on it."""

    prompt: str
    response_a: str
    response_b: str
    author_a: str | None = None
    author_b: str | None = None
    family_a: str | None = None
    family_b: str | None = None
    annotator: str | None = None
    source: str | None = None
    verdict: str | None = None
    strength: str | None = None
    p_a: str | None = None
    shown_first: str | None = None
    seconds: str | None = None
    rationale: str | None = None
    judge_model: str | None = None
    judge_family: str | None = None
    gold: str | None = None
    created_at: str | None = None


class ColumnMap(Config):
    """How the rows of a table become preferences.

    columns: where each part stands. tags: tag name -> column. verdicts: word in the table -> verdict; a word that is
    not listed is taken as it stands. constants: parts that are the same in every row.
    """

    columns: Columns
    tags: dict[str, str] = Field(default_factory=dict)
    verdicts: dict[str, Verdict] = Field(default_factory=dict)
    constants: dict[str, Any] = Field(default_factory=dict)

    @field_validator("constants")
    @classmethod
    def _constants_are_parts(cls, constants: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(constants.keys() - Columns.model_fields.keys())
        if unknown:
            raise ValueError(f"constants names {', '.join(unknown)}; known: {', '.join(Columns.model_fields)}")
        problems = [problem for part, value in constants.items() if (problem := _problem(part, value))]
        if problems:
            raise ValueError("; ".join(problems))
        return constants


def table_format(path: Path) -> Format:
    """The format that the column map at `path` describes; raises ConfigError with every problem it holds."""
    mapping = load_config(path, ColumnMap)
    columns: dict[str, str] = {
        part: column for part, column in mapping.columns.model_dump().items() if column is not None
    }

    def convert(row: Mapping[str, Any]) -> Iterable[Line]:
        values = {part: typed(part, row[column]) for part, column in columns.items()}
        return (_line(values, mapping, row),)

    return Format(
        name="table",
        summary="any table, through a column map (--map)",
        matches=lambda row: row.keys() >= set(columns.values()),
        required=frozenset(columns.values()),
        optional=frozenset(mapping.tags.values()),
        expected=frozenset(mapping.tags.values()),
        converter=alone(convert),
    )


def _problem(part: str, value: Any) -> str:
    """What a line would be refused for that holds `value` as `part`, in a sound line otherwise."""
    sound = {
        "prompt": "?",
        "response_a": f"{value}, a",
        "response_b": f"{value}, b",
        "verdict": "tie",
        "source": "human",
    }
    line = sound | {part: value}
    _gather_judge(line)
    try:
        parse_flat(line)
    except RecordError as error:
        return str(error)
    return ""


def _gather_judge(line: Line) -> None:
    judge = {key: line.pop(f"judge_{key}", None) for key in ("model", "family")}
    if any(judge.values()):
        line["judge"] = judge


def _line(values: dict[str, Any], mapping: ColumnMap, row: Mapping[str, Any]) -> Line:
    line = mapping.constants | {part: value for part, value in values.items() if value is not None}
    _gather_judge(line)
    if "verdict" in line:
        word = str(line["verdict"])
        line["verdict"] = str(mapping.verdicts.get(word, word))
    tags = {tag: row.get(column) for tag, column in mapping.tags.items()}
    return line | {"tags": {tag: str(value) for tag, value in tags.items() if value not in (None, "")}}
