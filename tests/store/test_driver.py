import pytest
import sqlalchemy as sa

from firsthand.store import schema
from firsthand.store.driver import run, run_text

SETTINGS = schema.settings
NAMED = sa.select(SETTINGS.c.name, SETTINGS.c.value, (SETTINGS.c.value == "1").label("is_one")).where(
    SETTINGS.c.name == sa.bindparam("wanted"), SETTINGS.c.value != "never"
)
CHANGE = SETTINGS.update().where(SETTINGS.c.name == sa.bindparam("wanted"))


def test_rows_have_their_columns_as_attributes_and_changes_are_counted(either_store):
    with either_store.engine.begin() as connection:
        run(connection, SETTINGS.insert(), {"name": "x", "value": "0"})
        assert run(connection, CHANGE, {"wanted": "x", "value": "1"}).changed == 1
        assert run(connection, CHANGE, {"wanted": "y", "value": "1"}).changed == 0
        row = run(connection, NAMED, {"wanted": "x"}).first()
        assert (row.name, row.value, bool(row.is_one)) == ("x", "1", True)
        assert run(connection, NAMED, {"wanted": "x"}).scalar() == "x"
        assert run(connection, NAMED, {"wanted": "y"}).first() is None
        assert run(connection, NAMED, {"wanted": "y"}).scalar() is None


def test_what_ran_belongs_to_the_transaction(either_store):
    with either_store.engine.connect() as connection:
        run(connection, SETTINGS.insert(), {"name": "x", "value": "0"})
        assert connection.in_transaction()
        connection.rollback()
        assert run(connection, NAMED, {"wanted": "x"}).first() is None


def test_errors_are_those_of_sqlalchemy(either_store):
    values = {"name": "x", "value": "0"}
    with either_store.engine.begin() as connection:
        run(connection, SETTINGS.insert(), values)
    with pytest.raises(sa.exc.IntegrityError), either_store.engine.begin() as connection:
        run(connection, SETTINGS.insert(), values)
    with pytest.raises(sa.exc.DBAPIError), either_store.engine.begin() as connection:
        run_text(connection, "SELECT nothing FROM nowhere")
    with either_store.engine.begin() as connection:
        assert run(connection, NAMED, {"wanted": "x"}).first().value == "0"
