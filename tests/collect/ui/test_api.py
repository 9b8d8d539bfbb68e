"""The routes that the page's script talks to, asked directly, as an attacker would."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from builders import fill, line
from fastapi import FastAPI
from starlette.testclient import TestClient

from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import Account, Role, State
from firsthand.collect.accounts.sessions import open_sessions
from firsthand.collect.accounts.web import add_accounts
from firsthand.collect.serve_config import ServeConfig
from firsthand.collect.ui.api import LARGEST_BODY, add_api
from firsthand.collect.work.targets import prepare_work
from firsthand.collect.work.turns import stamp
from firsthand.config import check_config
from firsthand.records import Side, Verdict
from firsthand.store import Store, schema
from firsthand.store.secret import store_secret

ORIGIN = {"origin": "http://testserver"}
CONFIG = {"assignment": {"gold_share": 0, "repeat_share": 0, "overlap": {"share": 0}}}

Enter = Callable[..., TestClient]


@pytest.fixture
def store(either_store: Store) -> Store:
    return fill(either_store, [line(n, response_a=f"I am GPT-4, answer {n}", author_a="gpt-4") for n in range(6)])


@pytest.fixture
def enter(store: Store) -> Enter:
    """Log a new person in; `settings` is the site's configuration."""

    def start(login: str = "ann", settings: dict | None = None, ready: bool = True, **keys) -> TestClient:
        config = check_config(CONFIG | (settings or {}), ServeConfig)
        prepare_work(store, config.assignment)
        account = people.add(store, login, **keys)
        if ready:
            people.give_consent(store, account.id, config.rating.consent.version)
            people.finish_practice(store, account.id)
        client = TestClient(make_routes(store, config), headers=ORIGIN)
        client.cookies.set("firsthand", session(store, config, account))
        client.headers["x-account"] = account.id
        return client

    return start


def make_routes(store: Store, config: ServeConfig) -> FastAPI:
    app = FastAPI()
    add_accounts(app, store, config.login)
    add_api(app, store, config)
    return app


def session(store: Store, config: ServeConfig, account: Account) -> str:
    current = people.get(store, account.id)
    assert current
    return open_sessions(store_secret(store.engine), config.login.session_hours).seal(current)


def say(client: TestClient, lease: str, choice: str = "a3", path: str = "verdict", **keys):
    return client.post(f"/api/{path}", json={"lease": lease, "choice": choice, "seconds": 0.5, **keys})


def leases(client: TestClient) -> list[str]:
    return [item["lease"] for item in client.get("/api/items").json()["items"]]


def votes(store: Store) -> list:
    return [entry for entry in store.entries() if entry.preference]


def test_a_verdict_is_recorded_for_whoever_is_logged_in_and_the_next_pair_follows(enter, store):
    client = enter()
    first, second = leases(client)
    answer = say(client, first, known=[second]).json()
    assert answer["status"] == "recorded"
    assert answer["progress"]["rated"] == 1
    known, new = answer["items"]
    assert known == {"lease": second}
    assert set(new) == {"lease", "prompt", "first", "second", "flagged"}
    (entry,) = votes(store)
    assert entry.annotator.name == client.headers["x-account"]
    shown = entry.preference.shown_first
    assert (entry.preference.verdict, entry.preference.strength) == (Verdict(shown.value), 3)
    assert entry.preference.seconds == 0.5


def test_nobody_claims_more_seconds_than_they_can_have_had(enter, store):
    client = enter()
    first, second = leases(client)
    held_for(store, 100)
    say(client, first, seconds=60)
    (third, _) = (item["lease"] for item in say(client, second, seconds=3_000).json()["items"])
    say(client, third, seconds=3_000)
    one, two, three = seconds_of(store, client)
    # 100 - 60, one for clocks that differ, and what the test takes: less than a minute. Then nothing is left to claim.
    assert (one, 41 <= two < 101, 0 <= three < 60) == (60, True, True)
    assert 101 <= one + two + three < 161


def test_answers_that_waited_for_the_server_together_keep_their_seconds(enter, store):
    client = enter()
    first, second = leases(client)
    held_for(store, 100)
    say(client, first, seconds=70)
    (third, _) = (item["lease"] for item in say(client, second, seconds=25).json()["items"])
    say(client, third, seconds=0.5)
    assert seconds_of(store, client) == [70, 25, 0.5]


def held_for(store: Store, seconds: float) -> None:
    """Let all items have been given so long ago."""
    given = stamp(datetime.now(UTC) - timedelta(seconds=seconds))
    with store.engine.begin() as connection:
        connection.execute(schema.leases.update().where(schema.leases.c.state == "held").values(granted_at=given))


def seconds_of(store: Store, client: TestClient) -> list[float | None]:
    """The active time of the person's verdicts, in the order in which they were given."""
    own = (entry.preference for entry in votes(store) if entry.annotator.name == client.headers["x-account"])
    return [said.seconds for said in sorted(own, key=lambda said: said.created_at)]


def test_items_tell_neither_authors_nor_kind_nor_ids(enter, store):
    body = enter().get("/api/items").text
    comparison = sorted(store.comparisons(), key=lambda known: known.id)[0]
    for secret in ("gpt-4", "GPT-4", "model-y", "gold", "kind", comparison.id, comparison.prompt_id):
        assert secret not in body
    assert "I am [name hidden], answer" in body


def test_a_name_can_be_flagged_instead_of_masked(enter):
    items = enter(settings={"rating": {"own_names_are": "flagged"}}).get("/api/items").json()["items"]
    for item in items:
        side = 0 if "GPT-4" in item["first"] else 1
        assert item["flagged"][side] == ["GPT-4"]
        assert item["flagged"][1 - side] == []


def test_sides_of_the_answer_follow_what_was_shown_first(enter, store):
    client = enter(settings={"rating": {"criteria": ["helpful"]}})
    said = {}
    while items := client.get("/api/items").json()["items"]:
        item = items[0]
        said[item["prompt"][0]["html"]] = "GPT" in item["first"] or "name hidden" in item["first"]
        assert say(client, item["lease"], "b1", criteria={"helpful": "a"}).json()["status"] == "recorded"
    entries = votes(store)
    assert len(entries) == len(said) == 6
    for entry in entries:
        shows_gpt_first = said[f"<p>{entry.comparison.prompt[0]['content']}</p>\n"]
        first = entry.comparison.a if entry.preference.shown_first is Side.A else entry.comparison.b
        assert (first.author == "gpt-4") is shows_gpt_first
        assert entry.preference.verdict.value == entry.preference.shown_first.swapped().value


def test_the_same_answer_twice_is_one_verdict(enter, store):
    client = enter()
    lease = leases(client)[0]
    said = [say(client, lease, choice).json()["status"] for choice in ("a3", "a3", "b3")]
    assert said == ["recorded", "known", "known"]
    (entry,) = votes(store)
    assert entry.preference.verdict.value == entry.preference.shown_first.value


def test_nobody_can_answer_or_see_for_another(enter, store):
    ann, ben = enter("ann"), enter("ben")
    lease = leases(ann)[0]
    assert say(ben, lease).json()["status"] == "refused"
    assert say(ann, lease).json()["status"] == "recorded"
    assert say(ben, lease, path="amend").json()["status"] == "refused"
    assert say(ben, "made-up").json()["status"] == "refused"
    assert ben.get("/api/history").json() == {"past": []}
    assert ben.post("/api/undo").json()["status"] == "refused"
    assert [entry.annotator.name for entry in votes(store)] == [ann.headers["x-account"]]
    extra = {"lease": lease, "choice": "a3", "seconds": 1, "rater": ann.headers["x-account"]}
    assert ben.post("/api/verdict", json=extra).status_code == 422


def test_without_a_session_or_from_another_site_nothing_is_answered(enter, store):
    client = enter()
    lease = leases(client)[0]
    stranger = TestClient(client.app, headers=ORIGIN)
    for path in ("state", "items", "history"):
        assert stranger.get(f"/api/{path}").status_code == 401
    assert say(stranger, lease).status_code == 401
    forged = TestClient(client.app, headers=ORIGIN)
    forged.cookies.set("firsthand", client.cookies["firsthand"][:-3] + "abc")
    assert say(forged, lease).status_code == 401
    other = {"origin": "http://elsewhere.example"}
    body = {"lease": lease, "choice": "a3", "seconds": 1}
    for path in ("verdict", "amend", "undo", "consent", "practised"):
        assert client.post(f"/api/{path}", json=body, headers=other).status_code == 403
    assert votes(store) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choice": "a9", "seconds": 1},
        {"choice": "a3", "seconds": -1},
        {"choice": "a3", "seconds": 1e9},
        {"choice": "a3", "seconds": "nan"},
        {"choice": "skip", "seconds": 1},
        {"choice": "a3", "seconds": 1, "rationale": "x" * 5_001},
        {"choice": "a3", "seconds": 1, "criteria": {"helpful": "a"}},
        {"choice": "a3", "seconds": 1, "shown_first": "a"},
    ],
)
def test_an_answer_that_the_page_would_not_send_is_refused_with_a_reason(enter, store, body):
    client = enter()
    answer = client.post("/api/verdict", json={"lease": leases(client)[0], **body})
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert votes(store) == []


def test_a_body_that_is_no_json_or_too_large_is_refused(enter):
    client = enter()
    assert client.post("/api/verdict", content=b"{").status_code == 422
    assert client.post("/api/verdict", content=b" " * (LARGEST_BODY + 1)).status_code == 413


def test_consent_comes_first_then_practice_then_pairs(enter, store):
    client = enter(ready=False)
    assert client.get("/api/state").json()["step"] == "consent"
    assert client.get("/api/items").status_code == 409
    assert client.post("/api/consent", json={"version": "2"}).status_code == 409
    assert client.post("/api/consent", json={"version": "1"}).json()["step"] == "instructions"
    assert client.get("/api/items").status_code == 409
    assert client.post("/api/practised").json()["step"] == "rate"
    assert len(leases(client)) == 2
    account = people.get(store, client.headers["x-account"])
    assert account
    assert account.consent == "1"


def test_a_new_version_of_the_consent_is_asked_for_again(enter, store):
    client = enter()
    config = check_config(CONFIG | {"rating": {"consent": {"version": "2"}}}, ServeConfig)
    later = TestClient(make_routes(store, config), headers=ORIGIN)
    later.cookies.set("firsthand", client.cookies["firsthand"])
    assert later.get("/api/state").json()["step"] == "consent"


def test_a_paused_rater_is_given_nothing_and_told_why(enter, store):
    client = enter()
    lease = leases(client)[0]
    people.set_state(store, client.headers["x-account"], State.PAUSED, "Too fast.")
    state = client.get("/api/state").json()
    assert (state["step"], state["reason"]) == ("paused", "Too fast.")
    assert leases(client) == []
    assert say(client, lease).json()["status"] == "refused"
    assert votes(store) == []


def test_an_auditor_rates_nothing(enter):
    client = enter(role=Role.AUDITOR)
    assert client.get("/api/state").json()["step"] == "reads"
    assert client.get("/api/items").status_code == 409


def test_answers_can_be_looked_up_changed_and_withdrawn(enter, store):
    client = enter()
    lease = leases(client)[0]
    say(client, lease, "tie", rationale="Equal.", flag="Something else")
    (past,) = client.get("/api/history").json()["past"]
    assert (past["lease"], past["choice"]) == (lease, "tie")
    assert (past["rationale"], past["flag"]) == ("Equal.", "Something else")
    assert past["excerpt"].startswith("question ")
    assert say(client, lease, "a1", path="amend").json()["status"] == "recorded"
    assert client.get("/api/history").json()["past"][0]["choice"] == "a1"
    withdrawn = client.post("/api/undo").json()
    assert withdrawn["status"] == "recorded"
    assert withdrawn["items"][0]["lease"] == lease
    assert client.get("/api/history").json()["past"] == []
    assert say(client, lease, "b3").json()["status"] == "recorded"
    current = [entry for entry in votes(store) if entry.preference.verdict is not Verdict.SKIP]
    assert [entry.preference.strength for entry in current] == [3]
