"""Importing files as they come, sound and broken."""

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from import_files import line, rejected, take, write_lines

from firsthand.cli import main
from firsthand.collect import importing
from firsthand.collect.importing import Options, import_file
from firsthand.collect.rows import MAX_LINE
from firsthand.errors import InputError
from firsthand.lines import parse_line
from firsthand.store import Store

MIB = 2**20


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
