"""What is exported can be read: by firsthand as it was, by the others in the shape they document."""

import gzip
import json
import uuid
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from datasets import load_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firsthand.cli import main
from firsthand.collect.exporting import export_file
from firsthand.collect.importing import Options, import_file
from firsthand.errors import InputError
from firsthand.lines import parse_line
from firsthand.store import VOTE_COLUMNS, Store

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
exchanges = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": texts}), min_size=1, max_size=3
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def first_text(response: Any) -> str:
    return str(response if isinstance(response, str) else response[0]["content"])


lines = st.fixed_dictionaries(
    {
        "prompt": st.one_of(texts, exchanges),
        "response_a": st.one_of(texts, exchanges),
        "response_b": texts.map(lambda text: text + "!"),
        "author_a": maybe(st.sampled_from(["m1", "m2"])),
        "author_b": maybe(st.sampled_from(["m1", "m2"])),
        "origin_b": maybe(st.dictionaries(texts, st.integers(0, 5), max_size=2)),
        "annotator": st.sampled_from(["ann", "bob"]),
        "source": st.just("human"),
        "verdict": maybe(st.sampled_from(["a", "b", "tie", "both_bad", "skip"])),
        "strength": maybe(st.integers(1, 3)),
        "shown_first": maybe(st.sampled_from(["a", "b"])),
        "seconds": maybe(st.floats(0, 1e6)),
        "rationale": maybe(texts),
        "criteria": maybe(st.dictionaries(texts, st.integers(0, 5), max_size=2)),
        "tags": st.just({}),
        "gold": st.booleans(),
        "created_at": maybe(st.just("2026-01-01T00:00:00Z")),
        "judge": maybe(st.just({"prompt_sha256": "ab", "swap_consistent": True, "label": {"x": [1]}})),
    }
).filter(lambda line: first_text(line["response_a"]) != line["response_b"])


def sample(store: Store) -> None:
    judge = {"annotator": "judge", "source": "synthetic", "judge": {"model": "judge", "family": "f"}, "p_a": 0.75}
    content = {"prompt": "Hi?", "response_a": "Hello.", "response_b": "Go.", "author_a": "m1", "author_b": "m2"}
    by_id = {"prompt": "Hi?", "response_a_id": "r1", "response_b_id": "r2"}
    vote = {"annotator": "ann", "source": "human", "verdict": "a"}
    rows: list[dict[str, Any]] = [
        content | vote | {"seconds": 3.5, "gold": True, "tags": {"domain": "talk", "response_a": "a tag"}},
        content | vote | {"annotator": "bob", "verdict": "tie"},
        content | vote | judge,
        content | vote | judge | {"annotator": "other judge", "judge": {"model": "o"}, "p_a": None, "verdict": "b"},
        content | {"prompt": "Bye?", "origin_a": {"seed": 7, "parameters": {"temperature": 0.5}}},
        by_id | vote,
    ]
    store.add([parse_line(row) for row in rows])


@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "parquet"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.lists(lines, min_size=1, max_size=6))
def test_native_export_and_import_give_the_same_entries(tmp_path: Path, kind: str, content: list[Any]) -> None:
    folder = tmp_path / str(uuid.uuid4())
    folder.mkdir()
    entries = [parse_line({key: value for key, value in line.items() if value is not None}) for line in content]
    with Store(str(folder / "one.db")) as one, Store(str(folder / "two.db")) as two:
        one.add(entries)
        path = folder / f"all.{kind}"
        written = export_file(one, path)
        summary = import_file(two, str(path), Options())
        assert summary.rejected == {}
        assert summary.ignored_columns == []
        assert list(two.entries()) == list(one.entries())
        assert written.rows == summary.rows


def test_everything_a_store_can_hold_survives_native_export(tmp_path: Path, either_store: Store) -> None:
    sample(either_store)
    export_file(either_store, tmp_path / "all.parquet")
    with Store(str(tmp_path / "copy.db")) as copy:
        import_file(copy, str(tmp_path / "all.parquet"), Options())
        assert list(copy.entries()) == list(either_store.entries())
        assert copy.annotators() == either_store.annotators()
        assert {"seed": 7, "parameters": {"temperature": 0.5}} in [
            one.a.origin or one.b.origin for one in copy.comparisons()
        ]


@pytest.mark.parametrize("name", ["votes.csv", "votes.csv.gz", "votes.parquet"])
def test_votes_are_one_row_each(tmp_path: Path, store: Store, name: str) -> None:
    sample(store)
    summary = export_file(store, tmp_path / name, "votes")
    read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
    table = read(tmp_path / name)
    assert list(table.columns) == list(VOTE_COLUMNS)
    assert summary.rows == len(table) == 5
    assert counted(table["annotator"]) == {"ann": 2, "bob": 1, "judge": 1, "other judge": 1}
    assert json.loads(table["tags"].min()) == {"domain": "talk", "response_a": "a tag"}


def counted(values: Any) -> dict[str, int]:
    return {str(name): int(count) for name, count in values.value_counts().items()}


def test_trl_pairs_load_with_datasets_and_leave_out_what_has_no_winner(tmp_path: Path, store: Store) -> None:
    sample(store)
    summary = export_file(store, tmp_path / "pairs.parquet", "trl")
    assert dict(summary.left_out) == {
        "verdict tie: no response is the chosen one": 1,
        "no verdict yet": 1,
        "the texts of the responses are not known": 1,
    }
    pairs = load_dataset(
        "parquet", data_files=str(tmp_path / "pairs.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    by_annotator = {pair["annotator"]: pair for pair in pairs}
    assert by_annotator["ann"]["chosen"] == [{"role": "assistant", "content": "Hello."}]
    assert by_annotator["ann"]["author_rejected"] == "m2"
    assert by_annotator["other judge"]["chosen"] == [{"role": "assistant", "content": "Go."}]
    assert by_annotator["judge"]["prompt"] == [{"role": "user", "content": "Hi?"}]
    with Store(str(tmp_path / "copy.db")) as copy:
        assert import_file(copy, str(tmp_path / "pairs.parquet"), Options()).added == 3
        ids = {pair["comparison_id"] for pair in pairs}
        assert {comparison.id for comparison in copy.comparisons()} == ids


def test_argilla_records_have_the_keys_that_its_reader_takes(tmp_path: Path, store: Store) -> None:
    sample(store)
    summary = export_file(store, tmp_path / "records.json", "argilla")
    records = json.loads((tmp_path / "records.json").read_text())
    assert summary.rows == len(records) == 2
    assert dict(summary.left_out) == {
        "a second judge's verdict: Argilla takes one suggestion": 1,
        "the texts of the responses are not known": 1,
    }
    (rated,) = (record for record in records if record["responses"])
    assert rated.keys() == {"id", "fields", "metadata", "responses", "suggestions", "vectors"}
    assert rated["fields"]["prompt"] == [{"role": "user", "content": "Hi?"}]
    winner = rated["responses"]["preference"][0]["value"]
    assert rated["fields"][f"response_{winner}"] == "Hello."
    assert len({uuid.UUID(answer["user_id"]) for answer in rated["responses"]["preference"]}) == 2
    assert rated["suggestions"]["preference"] == {"value": winner, "score": 0.75, "agent": "judge"}


def test_label_studio_tasks_select_a_side_of_the_pairwise_tag(tmp_path: Path, store: Store) -> None:
    sample(store)
    assert export_file(store, tmp_path / "tasks.json", "label-studio").rows == 2
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    (rated,) = (task for task in tasks if task["annotations"])
    decided, tie = sorted(rated["annotations"], key=lambda item: item["meta"]["annotator"])
    (result,) = decided["result"]
    assert (result["type"], result["from_name"], result["to_name"]) == ("pairwise", "preference", "response_a")
    side = {"left": "response_a", "right": "response_b"}[result["value"]["selected"]]
    assert rated["data"][side] == "Hello."
    assert (rated["data"]["tag_domain"], rated["data"]["tag_response_a"]) == ("talk", "a tag")
    assert (decided["lead_time"], decided["ground_truth"], tie["result"]) == (3.5, True, [])
    assert [item["model_version"] for item in rated["predictions"]] == ["judge", "other judge"]


def test_an_empty_store_exports_an_empty_array(tmp_path: Path, store: Store) -> None:
    export_file(store, tmp_path / "tasks.json", "label-studio")
    assert json.loads((tmp_path / "tasks.json").read_text()) == []


def test_the_same_store_exports_the_same_bytes(tmp_path: Path, store: Store) -> None:
    sample(store)
    for name in ("one.jsonl.gz", "two.jsonl.gz"):
        export_file(store, tmp_path / name)
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()
    assert len(gzip.decompress((tmp_path / "one.jsonl.gz").read_bytes()).splitlines()) == 6


def test_an_export_that_fails_leaves_what_was_there(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample(store)
    path = tmp_path / "all.jsonl"
    path.write_text("before")
    monkeypatch.setattr("firsthand.collect.exporting.as_line", lambda _entry: {"x": object()})
    with pytest.raises(TypeError):
        export_file(store, path)
    assert path.read_text() == "before"
    assert [item.name for item in tmp_path.iterdir() if "all" in item.name] == ["all.jsonl"]


@pytest.mark.parametrize(
    ("name", "form", "message"),
    [
        ("x.json", None, "can't tell the format"),
        ("x.txt", "native", "native is written as .jsonl or .jsonl.gz or .parquet"),
        ("x.jsonl", "argilla", "argilla is written as .json"),
        ("x.jsonl", "csv", "unknown format 'csv'; known: native, votes, trl, argilla, label-studio"),
        ("no/folder/x.jsonl", None, "does not exist"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, store: Store, name: str, form: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        export_file(store, tmp_path / name, form)


def test_the_command_exports_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = str(tmp_path / "s.db")
    with Store(database) as store:
        sample(store)
    assert main(["collect", "export", str(tmp_path / "p.parquet"), "--format", "trl", "--store", database]) == 0
    assert "(trl): 3 rows" in capsys.readouterr().out
    assert main(["collect", "export", str(tmp_path / "p.parquet"), "--json", "--store", database]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 6
    assert main(["collect", "status", "--json", "--store", database]) == 0
    assert json.loads(capsys.readouterr().out)["human"] == 3
