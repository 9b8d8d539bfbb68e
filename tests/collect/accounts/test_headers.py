import pytest

from firsthand.collect.accounts import people
from firsthand.collect.accounts.removal import Data, remove
from firsthand.collect.serve_config import Login
from firsthand.config import check_config
from firsthand.errors import ConfigError

PROXY = "10.0.0.2"
BEHIND = Login(header="X-Remote-User", trusted_proxies=("10.0.0.0/24", "fd00::1"), attempts=1)


@pytest.fixture
def ann(either_store):
    return people.add(either_store, "zoë@example.org", password="a good password")


def whoami(client, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/me", headers={"accept": "application/json", **headers}).json()["id"]


def test_a_named_proxy_says_who_someone_is(visit, ann):
    for proxy in (PROXY, "fd00::1"):
        client = visit(BEHIND, proxy)
        assert whoami(client, x_remote_user="Zoë@example.org".encode()) == ann.id
        assert client.get("/", headers={"x-remote-user": "Zoë@example.org".encode()}).status_code == 200
        assert whoami(client) is None


@pytest.mark.parametrize("address", ["10.0.1.2", "203.0.113.7", "fd00::2", "testclient"])
def test_nobody_else_does(visit, ann, address):
    name = ann.login.encode()
    assert whoami(visit(BEHIND, address), x_remote_user=name) is None
    forwarded = {"x_remote_user": name, "x_forwarded_for": PROXY, "forwarded": f"for={PROXY}"}
    assert whoami(visit(BEHIND, address), **forwarded) is None
    assert whoami(visit(Login(trusted_proxies=("10.0.0.0/24",)), PROXY), x_remote_user=name) is None
    assert whoami(visit(Login(), PROXY), x_remote_user=name) is None


def test_two_names_are_none(visit, ann):
    client = visit(BEHIND, PROXY)
    headers = [("accept", "application/json"), ("x-remote-user", ann.login.encode()), ("x-remote-user", b"boss")]
    assert client.get("/me", headers=headers).json()["id"] is None


def test_someone_the_proxy_names_without_an_account_is_told_and_no_cookie_makes_them_another(visit, ann, either_store):
    bob = people.add(either_store, "bob", password="a good password")
    client = visit(BEHIND, PROXY)
    client.post("/login", data={"login": "bob", "password": "a good password"})
    assert whoami(client) == bob.id
    assert whoami(client, x_remote_user="eve<b>") is None
    page = client.get("/login", headers={"x-remote-user": "eve<b>"})
    assert "You come as <strong>eve&lt;b&gt;</strong>, and there is no account" in page.text
    assert "<form" not in page.text
    assert whoami(client, x_remote_user=ann.login.encode()) == ann.id
    remove(either_store, ann.id, Data.ANONYMISE)
    assert whoami(client, x_remote_user=ann.login.encode()) is None


def test_logging_out_is_the_proxys_business(visit, ann):
    page = visit(BEHIND, PROXY).get("/logout", headers={"x-remote-user": ann.login.encode()})
    assert "log out there" in page.text


def test_attempts_count_for_the_address_behind_the_proxy(visit, ann):
    client = visit(BEHIND, PROXY)

    def fail(login, forwarded):
        sent = {"login": login, "password": "wrong"}
        return client.post("/login", data=sent, headers={"x-forwarded-for": forwarded}).status_code

    assert [fail(f"login-{n}", "198.51.100.1") for n in range(11)] == [401] * 10 + [429]
    assert fail("another", "6.6.6.6, 198.51.100.1, 10.0.0.9") == 429
    assert fail("another", "198.51.100.2") == 401


def test_the_cookie_is_secure_where_the_proxy_speaks_https(visit, ann):
    sent = {"login": ann.login, "password": "a good password"}
    https = {"x-forwarded-proto": "https"}
    cookie = visit(BEHIND, PROXY).post("/login", data=sent, headers=https).headers["set-cookie"]
    assert cookie.startswith("__Host-firsthand=")
    untrusted = visit(BEHIND, "203.0.113.7").post("/login", data=sent, headers=https).headers["set-cookie"]
    assert untrusted.startswith("firsthand=")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"header": "X-Remote-User"}, "taken only from trusted_proxies"),
        ({"trusted_proxies": ["proxy.example"]}, "does not appear to be an IPv4 or IPv6 network"),
        ({"trusted_proxies": ["10.0.0.1/24"]}, "has host bits set"),
        ({"header": "X Remote:", "trusted_proxies": ["10.0.0.1"]}, "should match pattern"),
    ],
)
def test_a_configuration_that_trusts_nobody_or_nonsense_is_refused(content, problem):
    with pytest.raises(ConfigError, match=problem):
        check_config(content, Login)
