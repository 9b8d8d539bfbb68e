"""What work there is, and how many raters each comparison shall have."""

import pytest
from builders import fill, human, line, synthetic
from rating_work import SKIP, A, assignment, check_books, rows

from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.renewing import prepare_new_work
from firsthand.collect.work.targets import prepare_work
from firsthand.collect.work.verdicts import record
from firsthand.config import check_config
from firsthand.errors import ConfigError
from firsthand.store import schema


def targets(store):
    return {row["comparison_id"]: row["target"] for row in rows(store, schema.work)}


@pytest.mark.parametrize(
    ("share", "number", "expected"), [(0.3, 10, 3), (0.07, 100, 7), (0.3, 11, 4), (0, 5, 0), (1, 5, 5)]
)
def test_the_share_with_several_raters_is_exact(store, share, number, expected):
    fill(store, [line(n) for n in range(number)])
    prepare_work(store, assignment(share))
    assert sorted(targets(store).values()) == [1] * (number - expected) + [2] * expected


def test_own_family_pairs_are_the_first_to_get_several_raters(either_store):
    judge = {"model": "judge-1", "family": "kin"}
    kin = [line(n, author_a="cousin", family_a="kin") for n in range(100, 104)]
    fill(
        either_store,
        [*(line(n) for n in range(16)), *kin, synthetic(100, author_a="cousin") | {"judge": judge}],
    )
    prepare_work(either_store, assignment(0.25))
    own = {found.id for found in either_store.comparisons() if "cousin" in (found.a.author, found.b.author)}
    several = {name for name, target in targets(either_store).items() if target == 2}
    # ceil(0.25 x 20) = 5: the four own-family pairs and one other.
    assert len(own) == 4
    assert own < several
    assert len(several) == 5


def test_a_second_call_changes_nothing_and_new_comparisons_join(either_store):
    plan = assignment(0.3)
    fill(either_store, [line(n) for n in range(10)])
    prepare_work(either_store, plan)
    items = next_items(either_store, plan, Rater("ann"), 4)
    record(either_store, "ann", items[0].lease, A)
    before = [rows(either_store, table) for table in (schema.work, schema.pools, schema.leases)]
    prepare_work(either_store, plan)
    after = [rows(either_store, table) for table in (schema.work, schema.pools, schema.leases)]
    for old, new in zip(before, after, strict=True):
        assert [row for row in new if row.get("size") != 0] == sorted_like(old, new)
    fill(either_store, [line(n) for n in range(10, 20)])
    prepare_work(either_store, plan)
    assert sorted(targets(either_store).values()) == [1] * 14 + [2] * 6
    check_books(either_store)


def sorted_like(old, new):
    """The rows of `old` that count, in the order of `new`."""
    kept = [row for row in old if row.get("size") != 0]
    return sorted(kept, key=lambda row: new.index(row) if row in new else -1)


def test_votes_that_people_gave_elsewhere_count_and_those_of_scripts_do_not(either_store):
    lines = [
        human(0, rater="ann"),
        human(1, rater="ann", simulated=None) | {"annotator": "s", "simulated": True},
        line(2),
    ]
    fill(either_store, [*lines, human(3, rater="ann", verdict="skip"), human(4, rater="ann", gold=True)])
    prepare_work(either_store, assignment())
    assert sorted((row["taken"], row["target"], row["is_gold"]) for row in rows(either_store, schema.work)) == [
        *[(0, 0, True)],
        *[(0, 1, False)] * 3,
        *[(1, 1, False)],
    ]


def test_comparisons_without_texts_are_no_work(store):
    fill(store, [line(0), line(1, response_a=None, response_a_id="known-by-id")])
    prepare_work(store, assignment())
    assert len(rows(store, schema.work)) == 1


def test_gold_and_repeats_must_leave_room_for_work():
    with pytest.raises(ConfigError, match="leave room for new work"):
        check_config({"gold_share": 0.5, "repeat_share": 0.5}, Assignment)


def test_a_share_of_the_work_is_always_random():
    with pytest.raises(ConfigError, match="random_share"):
        check_config({"order": {"policy": "informative", "random_share": 0}}, Assignment)


def test_an_import_joins_the_work_as_the_site_last_prepared_it(store):
    fill(store, [line(1)])
    prepare_new_work(store)
    assert rows(store, schema.work) == []
    prepare_work(store, Assignment(raters=3))
    fill(store, [line(2)])
    prepare_new_work(store)
    assert sorted(targets(store).values()) == [3, 3]


def test_a_comparison_that_too_many_skip_hands_its_second_label_on(either_store):
    plan = assignment(0.25)
    fill(either_store, [line(n) for n in range(4)])
    prepare_work(either_store, plan)
    (chosen,) = rows(either_store, schema.work, overlap=True)
    for rater in ("ann", "bob", "cyd"):
        for item in next_items(either_store, plan, Rater(rater), 4):
            if item.comparison.id == chosen["comparison_id"]:
                record(either_store, rater, item.lease, SKIP)
    (heir,) = rows(either_store, schema.work, overlap=True)
    assert heir["comparison_id"] != chosen["comparison_id"]
    assert heir["target"] == 2
    check_books(either_store)
    prepare_work(either_store, plan)
    (planned,) = rows(either_store, schema.work, overlap=True)
    assert planned["comparison_id"] != chosen["comparison_id"]
    assert sorted(targets(either_store).values()) == [1, 1, 1, 2]
    check_books(either_store)


def test_pairs_labelled_twice_do_not_take_the_places_of_own_family_pairs(store):
    judge = {"model": "judge-1", "family": "kin"}
    kin = [line(n, author_a="cousin", family_a="kin") for n in range(100, 104)]
    twice = [human(n, rater=rater) for n in range(5) for rater in ("ann", "bob")]
    others = [line(n) for n in range(5, 16)]
    fill(store, [*twice, *others, *kin, synthetic(100, author_a="cousin") | {"judge": judge}])
    prepare_work(store, assignment(0.25))
    own = {found.id for found in store.comparisons() if "cousin" in (found.a.author, found.b.author)}
    overlap = {row["comparison_id"]: row["taken"] for row in rows(store, schema.work, overlap=True)}
    # ceil(0.25 x 20) = 5: the four own-family pairs and one that is labelled twice.
    assert own < set(overlap)
    assert sorted(overlap.values()) == [0, 0, 0, 0, 2]
