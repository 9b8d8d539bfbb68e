"""The command line's edges: exit statuses and messages."""

from pathlib import Path

import pytest

from firsthand.cli import main
from firsthand.store import Store


def test_wrong_input_ends_with_one_message_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["train", "mix", str(tmp_path / "no.yaml"), "--out", str(tmp_path / "mix")])
    assert status == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("firsthand: can't read the configuration")
    assert captured.out == ""


def test_an_unknown_option_ends_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["collect", "status", "--stor", "x.db"])
    assert caught.value.code == 2
    assert "unrecognized arguments: --stor" in capsys.readouterr().err


def test_a_store_that_is_no_database_is_told_with_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is not a database, but a text of some length" * 20)
    assert main(["collect", "status", "--store", str(path)]) == 2
    assert "file is not a database" in capsys.readouterr().err


def test_the_store_comes_from_the_environment_when_no_option_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIRSTHAND_STORE", f"sqlite:///{tmp_path / 'mine.db'}")
    Store().close()
    assert main(["collect", "status", "--json"]) == 0
    assert '"comparisons": 0' in capsys.readouterr().out
    assert (tmp_path / "mine.db").exists()


@pytest.mark.parametrize(
    "command", [["collect", "status"], ["evaluate", "agreement"], ["collect", "export", "x.jsonl"]]
)
def test_a_store_that_does_not_exist_is_not_created_by_reading_it(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mistyped.db"
    assert main([*command, "--store", str(path)]) == 2
    assert f"there is no store at {path}" in capsys.readouterr().err
    assert not path.exists()


def test_an_interruption_ends_with_status_130(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    Store(str(tmp_path / "s.db")).close()
    monkeypatch.setattr("firsthand.store.Store.counts", interrupted)
    assert main(["collect", "status", "--store", str(tmp_path / "s.db")]) == 130
