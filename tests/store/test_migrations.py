from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from firsthand.errors import InputError
from firsthand.lines import parse_line
from firsthand.store import Outcome, Store, schema
from firsthand.store.engine import open_engine
from firsthand.store.migrations import CURRENT, migrate, schema_version

LINE = {"prompt": "p", "response_a": "x", "response_b": "y", "annotator": "a", "source": "human", "verdict": "a"}


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database that no store has been made in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    return str(request.getfixturevalue("new_postgres_database")())


@pytest.fixture
def bare_engine(database_url: str) -> Iterator[sa.Engine]:
    """A database without a schema."""
    engine = sa.create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("old", range(CURRENT + 1))
def test_a_store_of_every_old_schema_is_brought_up_to_date(bare_engine: sa.Engine, database_url: str, old: int) -> None:
    with bare_engine.begin() as connection:
        migrate(connection, until=old)
        assert schema_version(connection) == old
    bare_engine.dispose()
    with Store(database_url) as store:
        assert store.add([parse_line(LINE)]) == [Outcome.ADDED]
        with store.engine.connect() as connection:
            assert schema_version(connection) == CURRENT
    with Store(database_url) as store:
        assert store.counts().human == 1


def test_the_migrated_database_has_the_columns_that_the_code_knows(database_url: str) -> None:
    engine = open_engine(database_url)
    inspector = sa.inspect(engine)
    assert set(inspector.get_table_names()) == {*schema.metadata.tables, "schema_version"}
    for table in schema.metadata.sorted_tables:
        found = {column["name"]: column for column in inspector.get_columns(table.name)}
        assert list(found) == [column.name for column in table.c], table.name
        for column in table.c:
            assert found[column.name]["type"]._type_affinity is column.type._type_affinity, (table.name, column.name)
            assert found[column.name]["nullable"] == (column.nullable or _is_sqlite_text_key(engine, column))
        keys = {key for column in table.c for key in column.foreign_keys}
        assert len(inspector.get_foreign_keys(table.name)) == len(keys), table.name
        assert inspector.get_pk_constraint(table.name)["constrained_columns"] == [
            column.name for column in table.primary_key
        ]
    engine.dispose()


def _is_sqlite_text_key(engine: sa.Engine, column: sa.Column) -> bool:
    """SQLite's reflection calls a primary key nullable unless NOT NULL is spelt out."""
    return engine.dialect.name == "sqlite" and column.primary_key


def test_a_store_of_a_newer_schema_is_refused_and_left_alone(database_url: str) -> None:
    with Store(database_url) as store, store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE schema_version SET version = {CURRENT + 1}")
    with pytest.raises(InputError, match=f"the store has schema {CURRENT + 1}.*upgrade firsthand"):
        Store(database_url)


def test_an_upgrade_that_fails_leaves_the_old_schema_whole(
    bare_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from firsthand.store import migrations

    monkeypatch.setattr(migrations, "MIGRATIONS", [["CREATE TABLE one (id INTEGER)", "CREATE TABLE nonsense ("]])
    with pytest.raises(sa.exc.DBAPIError), _as_the_store_does(bare_engine).begin() as connection:
        migrations.migrate(connection, until=1)
    assert sa.inspect(bare_engine).get_table_names() == []


def _begin_by_hand(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _as_the_store_does(engine: sa.Engine) -> sa.Engine:
    """Python's sqlite3 commits before a CREATE unless transactions are begun by hand."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _begin_by_hand)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine
