"""Statements run by the database's own driver: what raters wait for.

A verdict takes more than twenty; SQLAlchemy's own work for each takes longer than the database's. They are written in
SQLAlchemy all the same, and compiled once for each kind of database.
"""

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Ran:
    """What a statement gave: its rows, with their columns as attributes, or how many rows it changed.

    SQLite's flags come as 0 and 1.
    """

    rows: Sequence[Any]
    changed: int

    def first(self) -> Any:
        """The first row; None where there is none."""
        return self.rows[0] if self.rows else None

    def scalar(self) -> Any:
        """The first value of the first row; None where there is none."""
        return self.rows[0][0] if self.rows else None


def run(connection: sa.Connection, statement: sa.Executable, values: Mapping[str, Any]) -> Ran:
    """Run `statement` in the transaction of `connection`, which begins if there is none.

    values: its parameters; of an insert or update also its columns. Lists among the parameters (`in_`) are not known
    here. Errors are those of `connection.execute`.
    """
    if not connection.in_transaction():
        connection.begin()
    compiled = _compiled(statement, connection.dialect, tuple(values))
    cursor = run_text(connection, compiled.text, compiled.parameters(values))
    if cursor.description is None:
        return Ran((), cursor.rowcount)
    row = _row(tuple(column[0] for column in cursor.description))
    return Ran([row._make(found) for found in cursor.fetchall()], cursor.rowcount)


def run_text(connection: sa.Connection, text: str, parameters: Any = ()) -> Any:
    """Run SQL as the driver takes it; returns the driver's cursor."""
    try:
        cursor = connection.connection.cursor()
        cursor.execute(text, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _of_sqlalchemy(error, text, connection.dialect) from error
    return cursor


def run_many(connection: sa.Connection, text: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run SQL as the driver takes it, once for each of `rows`, in the transaction of `connection`."""
    try:
        cursor: Any = connection.connection.cursor()
        cursor.executemany(text, rows)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _of_sqlalchemy(error, text, connection.dialect) from error


def _of_sqlalchemy(error: Exception, text: str, dialect: sa.Dialect) -> Any:
    return sa.exc.DBAPIError.instance(text, None, error, dialect.loaded_dbapi.Error, dialect=dialect)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """order: the parameters' names, where the driver takes them by position; fixed: those written in the statement."""

    text: str
    order: Sequence[str] | None
    fixed: Mapping[str, Any]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        known = {**self.fixed, **values}
        return known if self.order is None else [known[name] for name in self.order]


@lru_cache(maxsize=1024)
def _compiled(statement: sa.ClauseElement, dialect: sa.Dialect, names: tuple[str, ...]) -> _Compiled:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
    fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return _Compiled(str(compiled), compiled.positiontup if compiled.positional else None, fixed)


@lru_cache(maxsize=256)
def _row(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)
