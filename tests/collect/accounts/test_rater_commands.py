import io
import json
import re

import pytest

from firsthand.cli import main
from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import Role, State
from firsthand.collect.accounts.invitations import invited
from firsthand.collect.accounts.login import log_in
from firsthand.collect.serve_config import Login
from firsthand.store import Store


@pytest.fixture
def raters(tmp_path, capsys, monkeypatch):
    """Runs `firsthand collect raters ...`; returns its status, what it printed, and what it told the terminal."""
    url = str(tmp_path / "store.db")
    Store(url).close()

    def run(command: str, *words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = main(["collect", "raters", command, *words, "--store", url])
        return status, *capsys.readouterr()

    run.url = url
    return run


def test_adding_someone_prints_a_pseudonym_and_a_link_that_works(raters):
    status, out, _ = raters("add", "Ann@example.org", "--tag", "law", "--tag", "art", "--site", "https://rate.example/")
    found = re.fullmatch(
        r"(rater-\w{8}) \(ann@example.org\), rater\n"
        r"Invitation, good once within 7 days: https://rate.example/invite/(\S{32})\n",
        out,
    )
    assert status == 0
    with Store(raters.url) as store:
        ann = invited(store, found[2])
    assert (ann.id, ann.login, ann.tags) == (found[1], "ann@example.org", frozenset({"art", "law"}))


def test_a_password_comes_from_the_standard_input_never_from_the_command_line(raters):
    status, out, _ = raters("add", "bob", "--role", "admin", "--password", "--json", typed="a good password\n")
    added = json.loads(out)
    assert (status, added["role"], added["invitation"]) == (0, "admin", None)
    assert raters("password", "bob", typed="another password\n")[0] == 0
    with Store(raters.url) as store:
        assert log_in(store, Login(), "bob", "another password", "").id == added["id"]
    status, _, told = raters("password", "bob", typed="short\n")
    assert (status, told) == (2, "firsthand: the password has 5 characters; choose one with at least 10\n")


def test_the_list_shows_everyone_who_is_there(raters):
    raters("add", "ann", "--tag", "law")
    raters("add", "--role", "auditor")
    raters("add", "carl")
    raters("remove", "carl", "--data", "delete")
    shown = raters("list")[1].splitlines()
    assert shown[0].split() == ["id", "login", "role", "state", "tags", "consent", "state_reason"]
    assert [line.split()[1:] for line in shown[1:]] == [
        ["ann", "rater", "active", "law", "-", "-"],
        ["-", "auditor", "active", "-", "-", "-"],
    ]
    everyone = json.loads(raters("list", "--all", "--json")[1])
    assert [(row["login"], row["state"]) for row in everyone] == [
        ("ann", "active"),
        (None, "active"),
        (None, "removed"),
    ]


def test_pausing_resuming_and_changing_by_login_or_id(raters):
    raters("add", "ann", "--tag", "law")
    with Store(raters.url) as store:
        ann = people.by_login(store, "ann")
        assert raters("pause", "ann", "--reason", "holiday")[1] == f"{ann.id} is paused: holiday\n"
        assert people.get(store, ann.id).state is State.PAUSED
        assert raters("resume", ann.id)[1] == f"{ann.id} may rate\n"
        assert people.get(store, ann.id).may_rate
        assert raters("change", "ann", "--role", "expert", "--no-tags")[1] == f"{ann.id}: expert, tags: none\n"
        changed = people.get(store, ann.id)
        assert (changed.role, changed.tags) == (Role.EXPERT, frozenset())


def test_removing_says_what_became_of_the_data(raters):
    raters("add", "ann")
    _, out, _ = raters("remove", "ann", "--data", "anonymise")
    assert re.fullmatch(r"rater-\w{8} is removed; 0 preferences anonymised; .*exports made before.*\n", out)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("pause", "nobody", "--reason", "why"), "there is no account 'nobody'"),
        (("invite", "nobody"), "there is no account 'nobody'"),
        (("invite", "ann", "--days", "1e9"), "can't be good for 1e+09 days"),
        (("add", "ann"), "the login 'ann' is taken"),
        (("change", "ann"), "nothing to change"),
        (("change", "ann", "--tag", "x", "--no-tags"), "contradict each other"),
    ],
)
def test_a_mistake_is_told_in_one_message(raters, words, why):
    raters("add", "ann")
    status, out, told = raters(*words)
    assert (status, out) == (2, "")
    assert told.startswith("firsthand: ")
    assert why in told


def test_there_must_be_a_store_to_list(tmp_path, capsys):
    assert main(["collect", "raters", "list", "--store", str(tmp_path / "none.db")]) == 2
    assert "there is no store" in capsys.readouterr().err
