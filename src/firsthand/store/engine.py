"""Opening a store: SQLite by default, PostgreSQL by URL."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from firsthand.errors import InputError
from firsthand.records import dump
from firsthand.store.driver import run_text
from firsthand.store.migrations import CURRENT, migrate

PRAGMAS = (
    # A page then holds several comparisons; of the default 4 KB half would often stay empty.
    "page_size = 16384",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -65536",
    # Pages of indexes change in every batch of an import; a longer log writes them to the file less often.
    "wal_autocheckpoint = 8192",
    # Reads come from the system's own copy of the file, as far as SQLite maps one (2 GiB).
    "mmap_size = 2147418112",
)
WRITERS = 7263514
"""The number of the lock that every writer to a PostgreSQL store holds."""
DEFAULT_URL = "sqlite:///firsthand.db"
LISTED = "listed"


def open_engine(url: str | None = None, *, must_exist: bool = False) -> sa.Engine:
    """Open (and where new, unless it `must_exist`, create) the store at `url`, upgraded to the current schema.

    `url` is a SQLAlchemy URL or the path of an SQLite file; without it, FIRSTHAND_STORE, else ./firsthand.db.
    Raises InputError when the store can't be opened, or was written by a newer firsthand.
    """
    url = url or os.environ.get("FIRSTHAND_STORE") or DEFAULT_URL
    try:
        parsed = sa.make_url(url if "://" in url else f"sqlite:///{url}")
    except sa.exc.ArgumentError:
        raise InputError(f"the store {url!r} is neither a file nor a database URL") from None
    if must_exist and parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        raise InputError(f"there is no store at {parsed.database}; firsthand collect import FILE creates one")
    engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
    shown = parsed.render_as_string(hide_password=True)
    try:
        if _is_current(engine):
            return engine
        with engine.begin() as connection:
            migrate(connection)
    except InputError as error:
        engine.dispose()
        raise InputError(f"{shown}: {error}") from None
    except sa.exc.DBAPIError as error:
        engine.dispose()
        raise InputError(f"can't open the store {shown}: {error.orig}") from error
    return engine


def among(connection: sa.Connection, column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """The condition that `column` holds one of `values`, passed as one parameter however many they are."""
    dialect = connection.dialect.name
    return _is_listed(dialect, column, sa.literal(listed(dialect, values), _list_type(dialect)))


def among_listed(dialect: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """`among` for a statement that is kept: its values come as the parameter LISTED, as `listed` makes it."""
    return _is_listed(dialect, column, sa.bindparam(LISTED, type_=_list_type(dialect)))


def listed(dialect: str, values: Iterable[Any]) -> Any:
    """`values` as one parameter, in their order: rows are then looked up from one end of an index to the other."""
    wanted = sorted(values)
    return wanted if dialect == "postgresql" else dump(wanted)


def _list_type(dialect: str) -> sa.types.TypeEngine[Any]:
    return sa.ARRAY(sa.Text) if dialect == "postgresql" else sa.Text()


def _is_listed(dialect: str, column: sa.ColumnElement[Any], values: sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    if dialect == "postgresql":
        return column == sa.any_(values)
    return column.in_(sa.select(sa.func.json_each(values).table_valued("value").c.value))


def row_number(dialect: str, table: sa.Table) -> sa.ColumnElement[Any]:
    """What orders the rows of `table` as they are stored; in PostgreSQL, which sorts by itself, their id."""
    return table.c.id if dialect == "postgresql" else sa.literal_column(f"{table.name}.rowid")


def strings_joined(dialect: str, column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The values of a column as one text, with commas between them."""
    join = sa.func.string_agg if dialect == "postgresql" else sa.func.group_concat
    return join(column, sa.literal_column("','"))


def json_value(dialect: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A column's value as JSON."""
    if dialect == "postgresql":
        return sa.func.coalesce(sa.cast(sa.func.to_json(column), sa.Text), "null")
    return sa.func.json_quote(column)


def json_rows(connection: sa.Connection, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
    """Rows of `columns` as one JSON text, a list of lists: many times faster to read than row by row."""
    if connection.dialect.name == "postgresql":
        return sa.cast(sa.func.json_agg(sa.func.json_build_array(*columns)), sa.Text)
    return sa.func.json_group_array(sa.func.json_array(*map(_all_digits, columns)))


def _all_digits(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """`column`, floating-point numbers as texts of 17 digits: SQLite's JSON keeps but 15."""
    if not isinstance(column.type, sa.Double):
        return column
    return sa.case((column.is_not(None), sa.func.format("%!.17g", column)))


def _is_current(engine: sa.Engine) -> bool:
    """Whether the schema is up to date, asked without writing: a store on a read-only disk can be read."""
    with engine.connect() as connection:
        connection = connection.execution_options(read_only=True)
        if not sa.inspect(connection).has_table("schema_version"):
            return False
        return bool(connection.exec_driver_sql("SELECT version FROM schema_version").scalar() == CURRENT)


def _sqlite(url: sa.URL) -> sa.Engine:
    path = Path(url.database or "")
    is_file = url.database and url.database != ":memory:" and not url.database.startswith("file:")
    if is_file and not path.parent.is_dir():
        raise InputError(f"can't open the store {path}: the folder {path.parent} does not exist")
    if is_file and path.exists() and not os.access(path.parent, os.W_OK):
        url = _unchanging(url, path)
    engine = sa.create_engine(url, connect_args={"timeout": 30, "isolation_level": None})

    @sa.event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        # A read-only file or disk refuses WAL; it can be read all the same.
        for pragma in PRAGMAS:
            try:
                connection.execute(f"PRAGMA {pragma}")
            except sqlite3.OperationalError as error:
                if "readonly" not in str(error):
                    raise

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # Writers take the lock at once, so that two of them wait for each other instead of failing at the end.
        reading = connection.get_execution_options().get("read_only")
        run_text(connection, "BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _unchanging(url: sa.URL, path: Path) -> sa.URL:
    """`url` for a store on a read-only disk: SQLite writes beside a file even to read it, unless it can't change."""
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size > 0:
        raise InputError(
            f"can't open the store {path}: its folder is read-only and it was not closed; copy {path.name} and "
            f"{log.name} to a folder that can be written to"
        )
    return url.set(database=f"file:{quote(str(path.absolute()))}", query={"immutable": "1", "uri": "true"})


def _postgresql(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "postgresql":
        raise InputError(f"the store is a {url.get_backend_name()} database; firsthand knows sqlite and postgresql")
    try:
        engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise InputError("a PostgreSQL store needs psycopg: pip install 'firsthand[postgres]'") from error

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # Writers take turns, as they do in SQLite: what one has read still holds when it writes. Raters at work don't:
        # they lock the rows they change (collect/work).
        options = connection.get_execution_options()
        if not (options.get("read_only") or options.get("row_locks")):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")

    return engine
