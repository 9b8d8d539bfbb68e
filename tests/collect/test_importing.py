"""Importing files as they come, sound and broken."""

import csv
import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firsthand.cli import main
from firsthand.collect import importing
from firsthand.collect.importing import Options, Summary, import_file
from firsthand.collect.rows import MAX_LINE
from firsthand.errors import InputError
from firsthand.lines import parse_line
from firsthand.store import Store

MIB = 2**20


def line(number: int = 0, **values: Any) -> dict[str, Any]:
    content = {"prompt": f"question {number}", "response_a": "one", "response_b": "two"}
    return content | {"annotator": "ann", "source": "human", "verdict": "a"} | values


def write_lines(path: Path, lines: list[Any]) -> Path:
    """A JSONL file; texts are written as they are."""
    path.write_text("".join(f"{item if isinstance(item, str) else json.dumps(item)}\n" for item in lines), "utf-8")
    return path


def take(store: Store, path: Path, **options: Any) -> Summary:
    return import_file(store, str(path), Options(**options))


def rejected(summary: Summary) -> list[dict[str, Any]]:
    assert summary.rejected_file is not None
    return [json.loads(text) for text in Path(summary.rejected_file).read_text("utf-8").splitlines()]


def test_importing_twice_changes_nothing(tmp_path: Path, either_store: Store) -> None:
    path = write_lines(tmp_path / "v.jsonl", [line(number) for number in range(20)])
    assert take(either_store, path).added == 20
    before = list(either_store.entries())
    summary = take(either_store, path)
    assert (summary.added, summary.known, summary.rejected) == (0, 20, {})
    assert list(either_store.entries()) == before


def test_a_bad_line_is_kept_with_its_number_and_reason_and_the_others_come_in(tmp_path: Path, store: Store) -> None:
    bad: list[tuple[Any, str]] = [
        (line(1, response_a=True), "response_a is true"),
        (line(1, verdict="left"), 'verdict is "left"'),
        (line(1, response_b="one"), "the same text"),
        ('{"prompt": "q", "response_a": "x", "response_b": "y", "p_a": NaN}', "holds NaN"),
        ('{"prompt": "q", ', "not valid JSON"),
        ("[1, 2]", "a JSON list"),
        ("[" * 100_000, "not valid JSON"),
        (line(1, created_at="9999-12-31T23:59:59-05:00"), "created_at is"),
        ({"response_a": "x", "response_b": "y"}, "no column prompt"),
        (line(0, verdict="b"), "already said"),
        ({key: value for key, value in line(1).items() if key != "source"}, "a verdict without a source"),
    ]
    path = write_lines(tmp_path / "v.jsonl", [line(0), *(text for text, _ in bad), line(2)])
    summary = take(store, path)
    assert (summary.rows, summary.added) == (13, 2)
    assert summary.rejected.total() == len(bad)
    for record, number in zip(rejected(summary), [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 11], strict=True):
        assert record["line"] == number, "lines that only the store refuses come after the others of their batch"
        content, reason = bad[number - 2]
        assert reason in record["reason"]
        assert record["content"] == (content if number not in (7,) else [1, 2])


def test_the_rejected_file_goes_away_when_nothing_is_rejected_any_more(tmp_path: Path, store: Store) -> None:
    path = write_lines(tmp_path / "v.jsonl", [line(0), line(1, verdict="left")])
    beside = tmp_path / "v.jsonl.rejected.jsonl"
    for _ in range(2):
        assert take(store, path).rejected_file == str(beside)
        assert len(beside.read_text().splitlines()) == 1
    write_lines(path, [line(0), line(1)])
    assert take(store, path).rejected_file is None
    assert not beside.exists()


def test_in_a_folder_nobody_may_write_to_the_rejected_lines_go_to_the_current_one(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    path = write_lines(folder / "v.jsonl", [line(0), line(1, verdict="left")])
    folder.chmod(0o555)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    copy = Path(shutil.copytree(folder, tmp_path / "copy")) / "v.jsonl"  # read-only too
    names = [take(store, one).rejected_file for one in (path, copy)]
    assert len(set(names)) == 2
    assert all(name and re.fullmatch(r"v\.jsonl\.[0-9a-f]{8}\.rejected\.jsonl", name) for name in names)
    assert sorted(item.name for item in (tmp_path / "here").iterdir()) == sorted(map(str, names))
    for one in (folder, copy.parent):
        one.chmod(0o755)


def test_reasons_that_differ_in_a_value_only_are_counted_together(tmp_path: Path, store: Store) -> None:
    path = write_lines(tmp_path / "v.jsonl", [line(number, strength=number + 4) for number in range(300)])
    summary = import_file(store, str(path), Options())
    assert dict(summary.rejected) == {"strength is 4; expected a number from 1 to 3": 300}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]", b"[ ]\n"])
def test_an_empty_file_is_refused(tmp_path: Path, store: Store, content: bytes) -> None:
    path = tmp_path / "v.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="nothing to import"):
        take(store, path)


def zipped(*, encrypted: bool = False, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip whose one file is marked as encrypted, or as compressed by `method`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("v.jsonl", "{}")
    content = bytearray(buffer.getvalue())
    for header, flags in ((0, 6), (content.index(b"PK\x01\x02"), 8)):  # APPNOTE.TXT 4.3.7 and 4.3.12
        content[header + flags] |= encrypted
        content[header + flags + 2] = method
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("v.jsonl", "q".encode("utf-16"), "UTF-16"),
        ("v.txt", b"just a text", "neither JSON"),
        ("v.zip", b"PK\x03\x04broken", "zip"),
        ("v.gz", b"\x1f\x8b\x08broken", "can't read"),
        ("v.zip", zipped(encrypted=True), "encrypted.*; unpack it first"),
        ("v.zip", zipped(method=99), "compression method.*; unpack it first"),
        ("v.parquet", b"PAR1 broken", "v.parquet as Parquet"),
        ("v.csv", b"prompt,response_a,tag,response_b,tag\n", "several columns called tag; give each a name of its own"),
        ("v.csv", "prompt,response_a,response_b,é\n".encode("latin-1"), "column names are not valid UTF-8; save"),
        ("v.jsonl", b"{broken\n", "no row could be read; line 1: not valid JSON"),
        ("v.csv", b"a,b\n1,2\n", "in no format known here: its columns are a, b"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, store: Store, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        take(store, tmp_path / name)


@pytest.mark.parametrize("name", ["nothing.jsonl", "no/such/folder/x", "no_such_dataset"])
def test_a_name_that_is_neither_file_nor_dataset_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InputError, match=r"no such file or folder|neither a file here nor a dataset"):
        import_file(store, name, Options())


def test_a_truncated_gzip_gives_what_was_readable_and_says_where_it_ends(tmp_path: Path, store: Store) -> None:
    texts = [json.dumps(line(number, response_a=os.urandom(50).hex())) for number in range(2_000)]
    whole = gzip.compress("\n".join(texts).encode())
    path = tmp_path / "v.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    summary = take(store, path)
    assert 900 < summary.added < 1_100
    (record,) = rejected(summary)
    assert "can't be read from here on: Compressed file ended" in record["reason"]
    assert record["line"] == summary.added + 1


def test_lines_in_another_encoding_are_rejected_one_by_one(tmp_path: Path, store: Store) -> None:
    lines = [
        json.dumps(line(number, response_a=text), ensure_ascii=False) for number, text in enumerate(["é", "x", "ü"])
    ]
    path = tmp_path / "v.jsonl"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    summary = take(store, path)
    assert summary.added == 1
    assert [record["line"] for record in rejected(summary)] == [1, 3]
    assert all("not valid UTF-8" in record["reason"] for record in rejected(summary))


def test_csv_rows_in_another_encoding_are_rejected_one_by_one(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "v.csv"
    path.write_bytes("prompt,response_a,response_b\nq,é,x\nq,plain,x\nq,only two\n".encode("latin-1"))
    summary = take(store, path)
    assert summary.added == 1
    assert [record["line"] for record in rejected(summary)] == [2, 4]
    assert rejected(summary)[0]["reason"].endswith("save the file as UTF-8")


@pytest.mark.parametrize(("name", "delimiter"), [("v.csv", ","), ("v.tsv", "\t")])
def test_a_native_table_carries_numbers_and_empty_cells(
    tmp_path: Path, store: Store, name: str, delimiter: str
) -> None:
    row = line(0, p_a=0.75, strength=2, seconds=1.5, gold=True, simulated=False, created_at="2026-11-22T10:00:00Z")
    row |= dict.fromkeys(("author_a", "shown_first", "rationale", "tags", "criteria", "judge"), "")
    empty = dict.fromkeys(row, "") | {"prompt": "still to be rated", "response_a": "one", "response_b": ""}
    with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row), delimiter=delimiter)
        writer.writeheader()
        writer.writerows([row, empty, row | {"prompt": "other", "p_a": "much"}])
    summary = take(store, tmp_path / name)
    assert dict(summary.rejected) == {'p_a is "much"; expected a number from 0 to 1': 1}
    entries = {entry.comparison.prompt[0]["content"]: entry for entry in store.entries()}
    assert entries["question 0"] == parse_line({key: value for key, value in row.items() if value != ""})
    assert entries["still to be rated"].preference is None


def test_a_line_of_10_mb_is_taken_and_one_beyond_the_limit_is_not(tmp_path: Path, store: Store) -> None:
    long, too_long = line(0, response_a="x" * (10 * MIB)), line(1, response_a="x" * (MAX_LINE + MIB))
    path = write_lines(tmp_path / "v.jsonl", [long, too_long, line(2)])
    summary = take(store, path)
    assert summary.added == 2
    (record,) = rejected(summary)
    assert (record["line"], record["reason"]) == (2, f"the line is longer than {MAX_LINE:,} bytes")


def test_emoji_right_to_left_and_a_byte_order_mark_come_through(tmp_path: Path, either_store: Store) -> None:
    path = tmp_path / "v.jsonl"
    path.write_text(json.dumps(line(0, response_a="👩‍👩‍👧 שלום", response_b="مرحبا"), ensure_ascii=False), "utf-8-sig")
    assert take(either_store, path).added == 1
    (comparison,) = either_store.comparisons()
    assert {comparison.a.content, comparison.b.content} == {"👩‍👩‍👧 שלום", "مرحبا"}


def test_columns_that_are_not_read_are_named_once(tmp_path: Path, store: Store) -> None:
    path = write_lines(tmp_path / "v.jsonl", [line(number, id=number, note="x") for number in range(3)])
    assert take(store, path).ignored_columns == ["id", "note"]


def test_options_say_what_the_lines_do_not(tmp_path: Path, store: Store) -> None:
    named = {"prompt": "q", "chosen": "x", "rejected": "y", "annotator": "bob"}
    path = write_lines(tmp_path / "v.jsonl", [{"prompt": "q", "chosen": "x", "rejected": "y"}, named])
    assert take(store, path, source="human", annotator="ann").added == 2
    assert set(store.annotators()) == {"ann", "bob"}


def test_a_table_in_a_zip_is_read_through_a_column_map(tmp_path: Path, store: Store) -> None:
    (tmp_path / "map.yaml").write_text(
        "columns: {prompt: q, response_a: x, response_b: y, verdict: won, p_a: p}\n"
        "verdicts: {left: a}\nconstants: {source: human, annotator: team}\ntags: {kind: won, domain: topic}\n"
    )
    rows = [["q", "x", "y", "won", "p"], ["Hi, you?", "line\nbreak", "", "left", "0.75"], ["Hi?", "b", "c", "up", ""]]
    with (tmp_path / "t.tsv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t").writerows(rows)
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.write(tmp_path / "t.tsv", "t.tsv")
    summary = take(store, tmp_path / "t.zip", column_map=tmp_path / "map.yaml")
    assert (summary.format, summary.added) == ("table", 1)
    assert rejected(summary)[0]["reason"].startswith('verdict is "up"')
    assert summary.missing_columns == ["topic"]
    (entry,) = store.entries()
    assert {entry.comparison.a.content, entry.comparison.b.content} == {"line\nbreak", ""}


def test_a_json_array_is_read_item_by_item_up_to_where_it_breaks(tmp_path: Path, store: Store) -> None:
    text = json.dumps([line(number) for number in range(3_000)], indent=1)
    path = tmp_path / "v.json"
    path.write_text(text)
    assert take(store, path).added == 3_000
    path.write_text(text[: len(text) // 2])
    summary = take(store, path)
    assert summary.known in range(1_490, 1_510)
    assert "not valid JSON from here on" in rejected(summary)[0]["reason"]


def test_items_of_a_json_array_that_json_does_not_know_and_what_follows_it_are_rejected(
    tmp_path: Path, store: Store
) -> None:
    path = tmp_path / "v.json"
    items = [line(0), line(1, criteria={"clarity": float("nan")}), line(2, seconds=10**400), line(3)]
    path.write_text(f"{json.dumps(items)}{' ' * 100_000}\n[{json.dumps(line(4))}]\n")
    summary = take(store, path)
    assert summary.added == 2
    numbers_and_reasons = [(record["line"], record["reason"][:12]) for record in rejected(summary)]
    assert numbers_and_reasons == [(2, "holds NaN, w"), (3, "seconds is 1"), (5, "the array en")]
    path.write_text(f"{json.dumps(items)} \n")
    assert [record["line"] for record in rejected(take(store, path))] == [2, 3]


def test_a_local_dataset_folder_is_read_through_datasets(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    write_lines(folder / "train.jsonl", [{"prompt": f"q{n}", "chosen": "x", "rejected": "y"} for n in range(3)])
    write_lines(folder / "test.jsonl", [{"prompt": "t", "chosen": "x", "rejected": "y"}])
    summary = import_file(store, str(folder), Options(source="human"))
    assert (summary.format, summary.rows, summary.added) == ("trl", 4, 4)
    with (folder / "test.jsonl").open("a") as file:
        file.write('{"prompt": \n')
    summary = import_file(store, str(folder), Options(source="human"))
    assert summary.known == 3
    assert re.match("the split test can't be read from here on: ", rejected(summary)[0]["reason"])


def test_a_parquet_file_gives_what_of_it_can_be_read(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "v.parquet"
    columns = {name: [f"{name} {number}" for number in range(1_200)] for name in ("prompt", "response_a", "response_b")}
    table = pa.table(columns)
    wrong = pa.array([b"fine", b"\xe9"] + [b"fine"] * 1_198).view(pa.string())
    pq.write_table(table.append_column("rationale", wrong), path, compression="none", use_dictionary=False)
    summary = take(store, path)
    assert summary.added == 1_199
    assert [record["line"] for record in rejected(summary)] == [2]
    pq.write_table(table, path, row_group_size=500, compression="none", use_dictionary=False)
    content = bytearray(path.read_bytes())
    page = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content[page : page + 20] = b"\xff" * 20
    path.write_bytes(content)
    summary = take(store, path)
    assert summary.rows == 501
    assert rejected(summary)[0]["reason"].startswith("the file can't be read from here on: ")
    pq.write_table(pa.Table.from_arrays([*table.columns, table["prompt"]], [*table.column_names, "prompt"]), path)
    with pytest.raises(InputError, match="several columns called prompt"):
        take(store, path)


def test_the_command_ends_with_2_when_lines_were_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(tmp_path / "v.jsonl", [line(0), line(1, verdict="left")])
    command = ["collect", "import", str(path), "--store", str(tmp_path / "s.db")]
    assert main(command) == 2
    out = capsys.readouterr().out
    assert "2 rows; 1 added" in out
    assert 'verdict is "left"' in out
    assert f"the rejected rows are in {path}.rejected.jsonl" in out
    assert main([*command, "--allow-rejected", "--json"]) == 0
    (summary,) = json.loads(capsys.readouterr().out)
    assert (summary["known"], sum(summary["rejected"].values())) == (1, 1)


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = json.dumps([line(1) | {"\ud800": "a column whose name is no valid Unicode"}])
    paths = [write_lines(tmp_path / name, lines) for name, lines in (("1.jsonl", [line(0)]), ("3.json", [odd]))]
    names = [str(paths[0]), str(tmp_path / "none.jsonl"), str(paths[1])]
    command = ["collect", "import", "--store", str(tmp_path / "s.db"), *names]
    assert main([*command, "--json"]) == 2
    printed = capsys.readouterr()
    assert [(one["added"], one["ignored_columns"], one["problem"]) for one in json.loads(printed.out)] == [
        (1, [], None),
        (0, [], f"{names[1]}: no such file or folder, and no name of a dataset"),
        (1, ["\ud800"], None),
    ]
    assert printed.err.count("firsthand: ") == 1
    assert main([*command, "--format", "natif"]) == 2
    assert capsys.readouterr().err.count("unknown format 'natif'") == 1


def test_an_import_that_is_killed_is_completed_by_running_it_again(tmp_path: Path) -> None:
    count = 12_000
    path = write_lines(tmp_path / "v.jsonl", [line(number) for number in range(count)])
    store_path = tmp_path / "s.db"
    code = (
        "import sys; from firsthand.collect import importing; from firsthand.cli import main\n"
        "importing.BATCH_ENTRIES, importing.BATCHES = 200, 1\n"
        "sys.exit(main(['collect', 'import', *sys.argv[1:]]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path), "--store", str(store_path)])
    seen = 0
    while seen == 0:
        assert process.poll() is None
        time.sleep(0.02)
        if store_path.exists():
            with Store(str(store_path)) as store:
                seen = store.counts().human
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    with Store(str(store_path)) as store:
        kept = store.counts().human
        assert seen <= kept < count
        assert kept % 200 == 0
        summary = take(store, path)
        assert (summary.known, summary.added) == (kept, count - kept)
        assert store.counts().human == count


def test_a_store_that_fails_midway_keeps_the_batches_before(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_ENTRIES", 10)
    monkeypatch.setattr(importing, "BATCHES", 1)
    path = write_lines(
        tmp_path / "v.jsonl", [line(number, response_a="x" * 20_000 + str(number)) for number in range(100)]
    )
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 60")
        connection.close()
    command = ["collect", "import", str(path), "--store", str(store.engine.url.database)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("firsthand.store.engine.PRAGMAS", ("journal_mode = WAL", "max_page_count = 60"))
        assert main(command) == 1
    kept = store.counts().human
    assert kept > 0
    assert kept % 10 == 0
    assert main(command) == 0
    assert store.counts().human == 100


def test_a_file_read_in_a_process_beside_gives_what_one_process_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[Any] = [line(number, note=number) for number in range(95)]
    lines[3:3] = ["{broken", line(1, verdict="perhaps"), line(1, verdict="b"), line(2)]
    path = write_lines(tmp_path / "v.jsonl", lines)
    monkeypatch.setattr(importing, "BATCH_ENTRIES", 10)
    results = []
    for bytes_beside in (1, MIB):
        monkeypatch.setattr(importing, "BESIDE_BYTES", bytes_beside)
        with Store(str(tmp_path / f"{bytes_beside}.db")) as store:
            summary = take(store, path)
            results.append((summary, sorted(map(str, rejected(summary))), list(store.entries())))
    assert results[0] == results[1]
    assert (results[0][0].added, results[0][0].known, results[0][0].rejected.total()) == (95, 1, 3)


def test_what_keeps_the_process_beside_from_reading_is_told(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BESIDE_BYTES", 1)
    path = write_lines(tmp_path / "v.jsonl", [line()])
    with pytest.raises(InputError, match="unknown format 'other'"):
        take(store, path, format="other")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_ends_early_leaves_no_process_behind(tmp_path: Path, how: signal.Signals) -> None:
    path = write_lines(tmp_path / "v.jsonl", [line(number) for number in range(60_000)])
    code = (
        "import sys; from firsthand.collect import importing; from firsthand.cli import main\n"
        "importing.BATCH_ENTRIES, importing.BATCHES, importing.BESIDE_BYTES = 200, 1, 1\n"
        "sys.exit(main(['collect', 'import', *sys.argv[1:]]))"
    )
    command = [sys.executable, "-c", code, str(path), "--store", str(tmp_path / "s.db")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("this system does not list the children of a process")
    while not (names := children.read_text().split()):
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(how)
    assert process.wait() != 0
    reader = Path(f"/proc/{names[0]}")
    deadline = time.monotonic() + 60
    while reader.exists() and reader.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)
