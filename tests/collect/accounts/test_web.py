import re
import threading

import pytest
import sqlalchemy as sa

from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import Role, State
from firsthand.collect.accounts.invitations import invite
from firsthand.collect.accounts.removal import Data, remove
from firsthand.collect.serve_config import Login
from firsthand.store import schema

PASSWORD = "a good password"


@pytest.fixture
def ann(either_store):
    return people.add(either_store, "ann", password=PASSWORD)


def log_in(client, login="ann", password=PASSWORD, **fields):
    return client.post("/login", data={"login": login, "password": password, **fields})


def whoami(client):
    """Who the site takes the client for, as a script of a page would ask."""
    return client.get("/me", headers={"accept": "application/json"}).json()["id"]


def alert(response):
    return re.findall(r'role="alert"[^>]*>([^<]*)<', response.text)


def test_a_visitor_is_led_to_the_login_and_back_to_where_they_were_going(visit, ann):
    client = visit()
    led = client.get("/admin?tab=raters&x=1")
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=/admin%3Ftab%3Draters%26x%3D1")
    form = client.get(led.headers["location"])
    assert 'name="next" value="/admin?tab=raters&amp;x=1"' in form.text
    entered = log_in(client, next="/admin?tab=raters&x=1")
    assert (entered.status_code, entered.headers["location"]) == (303, "/admin?tab=raters&x=1")
    assert client.get("/admin?tab=raters&x=1").json() == {"id": ann.id}
    assert client.get("/login?next=/x").headers["location"] == "/x"


def test_what_a_page_fetches_is_not_led_anywhere(visit):
    assert whoami(visit()) is None


@pytest.mark.parametrize(
    "goal", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/\t/evil.example", "/logout", ""]
)
def test_the_way_back_never_leaves_the_site(visit, ann, goal):
    assert log_in(visit(), next=goal).headers["location"] == "/"


def test_an_auditor_begins_at_the_figures(visit, either_store):
    people.add(either_store, "eve", Role.AUDITOR, password=PASSWORD)
    assert log_in(visit(), "eve").headers["location"] == "/admin"


def test_a_wrong_password_is_told_and_the_login_kept(visit, ann):
    client = visit()
    refused = log_in(client, '"><b>ann', "wrong")
    assert (refused.status_code, alert(refused)) == (401, ["The login or the password is wrong."])
    assert 'value="&#34;&gt;&lt;b&gt;ann"' in refused.text
    assert "set-cookie" not in refused.headers
    assert whoami(client) is None


def test_after_too_many_attempts_the_page_says_how_long_to_wait(visit, ann):
    client = visit(Login(attempts=2, attempts_minutes=3))
    assert [log_in(client, password="wrong").status_code for _ in range(2)] == [401, 401]
    refused = log_in(client)
    assert (refused.status_code, alert(refused)) == (
        429,
        ["There were too many attempts. Try again in 3 minutes, or ask for a new invitation."],
    )
    assert 170 <= int(refused.headers["retry-after"]) <= 180


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visit, ann):
    attributes = log_in(visit(Login(session_hours=2))).headers["set-cookie"].split("; ")
    assert attributes[0].startswith("firsthand=")
    assert sorted(attributes[1:]) == ["HttpOnly", "Max-Age=7200", "Path=/", "SameSite=lax"]
    behind_https = log_in(visit(base_url="https://site.example")).headers["set-cookie"].split("; ")
    assert behind_https[0].startswith("__Host-firsthand=")
    assert "Secure" in behind_https


def test_a_session_survives_a_restart_of_the_site(visit, ann):
    client = visit()
    log_in(client)
    restarted = visit()
    restarted.cookies = client.cookies
    assert whoami(restarted) == ann.id


def test_one_persons_session_never_acts_as_another(visit, ann, either_store):
    bob = people.add(either_store, "bob", password=PASSWORD)
    anns, bobs = visit(), visit()
    log_in(anns)
    log_in(bobs, "bob")
    assert (whoami(anns), whoami(bobs)) == (ann.id, bob.id)
    _, stamp, signature = bobs.cookies["firsthand"].split(".")
    payload = anns.cookies["firsthand"].split(".")[0]
    for forged in (f"{payload}.{stamp}.{signature}", ann.id, f"{payload}..", "x" * 5_000):
        stranger = visit()
        stranger.cookies.set("firsthand", forged)
        assert whoami(stranger) is None


def test_logging_out_ends_a_copied_cookie_too(visit, ann):
    client, thief = visit(), visit()
    log_in(client)
    thief.cookies.set("firsthand", client.cookies["firsthand"])
    assert whoami(thief) == ann.id
    assert "Stay logged in" in client.get("/logout").text
    assert whoami(thief) == ann.id
    assert "You are logged out" in client.post("/logout").text
    assert "firsthand" not in client.cookies
    assert whoami(thief) is None


def test_a_pause_leaves_the_session_and_a_removal_or_a_new_password_ends_it(visit, ann, either_store):
    client = visit()
    log_in(client)
    people.set_state(either_store, ann.id, State.PAUSED, "breaks")
    assert whoami(client) == ann.id
    people.set_password(either_store, ann.id, "the second password")
    assert whoami(client) is None
    log_in(client, password="the second password")
    assert whoami(client) == ann.id
    remove(either_store, ann.id, Data.ANONYMISE)
    assert whoami(client) is None
    assert log_in(client, password="the second password").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 200),
        ({"sec-fetch-site": "cross-site", "origin": "http://site.example"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://site.example"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://site.example.evil"}, 403),
        ({"origin": "http://site.example:81"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_only_a_page_of_the_site_itself_may_send_anything(visit, headers, status):
    client = visit()
    del client.headers["origin"]
    answer = client.post("/api/anything", headers=headers)
    assert answer.status_code == status
    assert status == 200 or "did not come from a page of this site" in answer.json()["detail"]
    for path in ("/login", "/logout", "/invite/token"):
        assert (client.post(path, headers=headers).status_code == 403) == (status == 403)


def test_an_invitation_is_accepted_in_the_browser_and_then_used_up(visit, either_store):
    new = people.add(either_store)
    link = f"/invite/{invite(either_store, new.id)}"
    client = visit()
    assert "Choose a login and a password" in client.get(link).text

    def send(**fields):
        return client.post(link, data={"login": "new", "password": PASSWORD, "again": PASSWORD, **fields})

    for fields, why in (
        ({"again": "another one"}, "The two passwords differ."),
        ({"password": "short", "again": "short"}, "The password has 5 characters; choose one with at least 10."),
        ({"login": ""}, "The login &#39;&#39; is unfit: choose 1 to 200 characters that can be read."),
    ):
        refused = send(**fields)
        assert (refused.status_code, alert(refused)) == (422, [why])
        assert PASSWORD not in refused.text
    accepted = send()
    assert (accepted.status_code, accepted.headers["location"]) == (303, "/")
    assert whoami(client) == new.id
    for used in (client.get(link), send(), client.get("/invite/never-made")):
        assert used.status_code == 410
        assert "used already, or has run out" in used.text
    log_in(another := visit(), "new")
    assert whoami(another) == new.id


def test_no_page_is_kept_or_takes_anything_from_elsewhere(visit, ann, either_store):
    client = visit()
    log_in(client)
    link = f"/invite/{invite(either_store, ann.id)}"
    for answer in (client.get("/logout"), visit().get("/login"), client.get(link), log_in(visit(), password="no")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert not re.findall(r"(?:src|href|action)=\"?(?:https?:)?//", answer.text)


def test_a_form_of_any_size_but_a_small_one_is_refused(visit, ann):
    assert log_in(visit(), password="x" * 20_000).status_code == 413
    assert visit().post("/login", content=b"\xff=\xfe&&==&login").status_code == 401


def test_a_store_that_is_away_is_said_to_be(visit, ann, either_store, monkeypatch):
    client = visit()
    log_in(client)

    def fail(*_arguments, **_options):
        raise sa.exc.OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setattr(type(either_store.engine), "connect", fail)
    for answer in (client.get("/"), log_in(client)):
        assert answer.status_code == 503
        assert "Nothing was lost; try again in a moment" in answer.text
    answer = client.get("/me", headers={"accept": "application/json"})
    assert (answer.status_code, "Nothing was lost" in answer.json()["detail"]) == (503, True)


def test_many_logins_at_once_leave_the_rest_of_the_site_free(visit, ann, either_store):
    client = visit()
    with client:
        threads = [threading.Thread(target=log_in, args=(client,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        assert client.get("/login").status_code in (200, 303)
        for thread in threads:
            thread.join()
    assert whoami(client) == ann.id
    with either_store.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.login_attempts)).scalar_one() == 0
