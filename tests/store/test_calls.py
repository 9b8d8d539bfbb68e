from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from firsthand.store import Store
from firsthand.store.calls import Call, answered, record
from firsthand.store.schema import calls


def rows(store: Store) -> list[tuple[str, ...]]:
    with store.engine.connect() as connection:
        query = sa.select(calls.c.kind, calls.c.key, calls.c.outcome, calls.c.reply).order_by(calls.c.id)
        return [tuple(row) for row in connection.execute(query)]


def test_an_answer_comes_back_by_its_kind_and_key(either_store: Store) -> None:
    reply = {"text": "A", "tokens": [["A", -0.1]], "unicode": "ä\u2028"}
    record(
        either_store, [Call("judge", "k1", "answer", reply, "m", 10, 1, 0.25, 0.5), Call("judge", "k2", "answer", {})]
    )
    assert answered(either_store, "judge", ["k1", "k3"]) == {"k1": reply}
    assert answered(either_store, "generate", ["k1"]) == {}
    assert answered(either_store, "judge", []) == {}
    with either_store.engine.connect() as connection:
        row = connection.execute(sa.select(calls).where(calls.c.key == "k1")).one()
    assert (row.model, row.prompt_tokens, row.completion_tokens, row.cost, row.seconds) == ("m", 10, 1, 0.25, 0.5)
    assert row.recorded_at.endswith("Z")


def test_a_failure_is_recorded_every_time_and_never_stands_for_an_answer(either_store: Store) -> None:
    failure = Call("judge", "k", "timeout", {"message": "no answer in 5 s"})
    record(either_store, [failure])
    record(either_store, [failure])
    assert answered(either_store, "judge", ["k"]) == {}
    record(either_store, [Call("judge", "k", "answer", {"text": "B"})])
    assert answered(either_store, "judge", ["k"]) == {"k": {"text": "B"}}
    assert [outcome for _, _, outcome, _ in rows(either_store)] == ["timeout", "timeout", "answer"]


def test_the_first_answer_to_a_key_stays_whoever_else_answers(either_store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: record(either_store, [Call("judge", "k", "answer", {"n": n})] * 2), range(8)))
    record(either_store, [Call("generate", "k", "answer", {"n": 99})])
    assert len(rows(either_store)) == 2
    first = answered(either_store, "judge", ["k"])
    record(either_store, [Call("judge", "k", "answer", {"n": 100})])
    assert answered(either_store, "judge", ["k"]) == first


def test_thousands_of_keys_are_looked_up_at_once(either_store: Store) -> None:
    record(either_store, [Call("judge", f"k{n}", "answer", {"n": n}) for n in range(0, 5_000, 2)])
    found = answered(either_store, "judge", [f"k{n}" for n in range(5_000)])
    assert found == {f"k{n}": {"n": n} for n in range(0, 5_000, 2)}
