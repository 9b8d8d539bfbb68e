"""Settling a contradiction on the admin page, without the page."""

import pytest
from builders import fill, line
from fastapi import HTTPException
from rating_work import rows

from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import Role
from firsthand.collect.admin.asking import Admin
from firsthand.collect.admin.settling import settle
from firsthand.collect.serve_config import ServeConfig
from firsthand.collect.ui.said import Said
from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.targets import prepare_work
from firsthand.config import check_config
from firsthand.store import schema


def test_only_what_was_taken_up_is_settled(store):
    config = check_config({"assignment": {"gold_share": 0}}, ServeConfig)
    fill(store, [line(0)])
    prepare_work(store, config.assignment)
    ada = people.add(store, "ada", Role.ADMIN)
    (own,) = next_items(store, config.assignment, Rater(ada.id))
    said = Said.model_validate({"lease": own.lease, "choice": "a3", "seconds": 1})
    with pytest.raises(HTTPException, match="not taken this up") as refused:
        settle(Admin(store, config, lambda: None), ada, said)
    assert refused.value.status_code == 422
    assert rows(store, schema.preferences) == []
    assert [row["state"] for row in rows(store, schema.leases)] == ["held"]
