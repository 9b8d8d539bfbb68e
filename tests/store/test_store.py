import sqlite3
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from firsthand.errors import RecordError
from firsthand.lines import parse_line
from firsthand.records import Entry
from firsthand.store import VOTE_COLUMNS, Outcome, Store, tag_values


def line(number: int = 1, **values: object) -> Entry:
    content = {
        "prompt": f"question {number // 2}",
        "response_a": f"one {number}",
        "response_b": f"two {number}",
        "author_a": "gpt-4",
        "author_b": "claude-v1",
        "annotator": "ann",
        "source": "human",
        "verdict": "a",
    }
    return parse_line({key: value for key, value in (content | values).items() if value is not None})


def refused(outcomes: Sequence[Outcome | RecordError]) -> str:
    (outcome,) = outcomes
    assert isinstance(outcome, RecordError)
    return str(outcome)


def test_what_is_added_is_read_back_as_it_was(either_store: Store) -> None:
    entries = [
        line(1, strength=2, p_a=0.75, seconds=3.5, rationale="better", criteria={"clarity": 3}, tags={"domain": "x"}),
        line(1, annotator="bob", verdict="tie", shown_first="b", gold=True, created_at="2026-01-01T00:00:00Z"),
        line(
            1,
            annotator="judge",
            source="synthetic",
            verdict="b",
            judge={"model": "m", "family": "f", "prompt_sha256": "ab", "repeat": 1, "swap_consistent": False, "x": "y"},
        ),
        line(
            2, verdict=None, annotator=None, source=None, response_a=[{"role": "assistant", "content": "👩‍👩‍👧 שלום"}]
        ),
    ]
    assert either_store.add(entries) == [Outcome.ADDED] * 4
    read = sorted(either_store.entries(), key=lambda entry: (entry.comparison.id, str(entry.annotator)))
    with_tags = [
        entry
        if entry.comparison.id != entries[0].comparison.id
        else Entry(entries[0].comparison, entry.annotator, entry.preference, entry.families)
        for entry in entries
    ]
    assert read == sorted(with_tags, key=lambda entry: (entry.comparison.id, str(entry.annotator)))


def test_adding_the_same_twice_changes_nothing(either_store: Store) -> None:
    entries = [line(number) for number in range(5)]
    either_store.add(entries)
    before, counts = list(either_store.entries()), either_store.counts()
    assert either_store.add(entries) == [Outcome.KNOWN] * 5
    assert either_store.add([*entries, *entries]) == [Outcome.KNOWN] * 10
    assert (list(either_store.entries()), either_store.counts()) == (before, counts)


def test_one_batch_that_holds_a_line_twice_adds_it_once(either_store: Store) -> None:
    assert either_store.add([line(), line()]) == [Outcome.ADDED, Outcome.KNOWN]
    assert either_store.counts().human == 1


def test_a_later_verdict_replaces_the_earlier_one_and_both_are_kept(either_store: Store) -> None:
    first = line(verdict="a", created_at="2026-01-01T00:00:00Z")
    second = line(verdict="b", created_at="2026-01-02T00:00:00Z")
    assert either_store.add([first]) == [Outcome.ADDED]
    assert either_store.add([second]) == [Outcome.REPLACED]
    assert either_store.add([first, second]) == [Outcome.KNOWN, Outcome.KNOWN]
    assert [entry.preference for entry in either_store.entries()] == [second.preference]
    counts = either_store.counts()
    assert (counts.human, counts.superseded) == (1, 1)
    with either_store.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT verdict, is_current, supersedes, id FROM preferences ORDER BY id"
        ).all()
    first_side, second_side = (entry.preference and entry.preference.verdict.value for entry in (first, second))
    assert [(row.verdict, bool(row.is_current)) for row in rows] == [(first_side, False), (second_side, True)]
    assert [row.supersedes for row in rows] == [None, rows[0].id]


def test_three_verdicts_in_one_batch_leave_the_last_one_current(either_store: Store) -> None:
    days = [line(verdict=verdict, created_at=f"2026-01-0{day}T00:00:00Z") for day, verdict in enumerate("aba", 1)]
    assert either_store.add(days) == [Outcome.ADDED, Outcome.REPLACED, Outcome.REPLACED]
    assert either_store.add(days) == [Outcome.KNOWN] * 3
    assert [entry.preference for entry in either_store.entries()] == [days[2].preference]


def test_contradictory_verdicts_of_one_rater_are_refused_and_the_first_stands(either_store: Store) -> None:
    first = line(verdict="a")
    either_store.add([first])
    assert "already said" in refused(either_store.add([line(verdict="b")]))
    assert [entry.preference for entry in either_store.entries()] == [first.preference]


def test_an_earlier_verdict_that_comes_later_is_refused(either_store: Store) -> None:
    either_store.add([line(verdict="a", created_at="2026-01-02T00:00:00Z")])
    assert "already said" in refused(either_store.add([line(verdict="b", created_at="2026-01-01T00:00:00Z")]))


def test_a_judge_may_answer_once_in_each_order_and_repeat(either_store: Store) -> None:
    asked = [
        line(annotator="judge", source="synthetic", verdict=verdict, shown_first=side, judge={"repeat": repeat})
        for side, repeat, verdict in (("a", 0, "a"), ("b", 0, "b"), ("a", 1, "tie"))
    ]
    assert either_store.add(asked) == [Outcome.ADDED] * 3
    assert either_store.counts().synthetic == 3


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"annotator": "ann", "source": "synthetic"}, "'ann' is synthetic here but human in the store"),
        ({"annotator": "ann", "simulated": True}, "'ann' is human, simulated here but human"),
        ({"annotator": "b", "family_a": "mistral"}, "'gpt-4' is of family 'mistral' here but 'openai'"),
        ({"annotator": "b", "tags": {"domain": "law"}}, "tag domain is 'law' here but 'art'"),
    ],
)
def test_what_contradicts_the_store_is_refused(either_store: Store, second: dict[str, object], message: str) -> None:
    either_store.add([line(family_a="openai", tags={"domain": "art"})])
    before = list(either_store.entries())
    assert message in refused(either_store.add([line(**second)]))
    assert list(either_store.entries()) == before


def test_a_refused_entry_leaves_the_others_of_its_batch_alone(either_store: Store) -> None:
    either_store.add([line(1)])
    outcomes = either_store.add([line(3), line(1, verdict="b"), line(4)])
    assert [isinstance(outcome, RecordError) for outcome in outcomes] == [False, True, False]
    assert either_store.counts().comparisons == 3


def test_later_tags_are_added_to_a_comparison(either_store: Store) -> None:
    either_store.add([line(tags={"domain": "art"})])
    assert either_store.add([line(tags={"turn": "1"})]) == [Outcome.KNOWN]
    (comparison,) = either_store.comparisons()
    assert comparison.tags == {"domain": "art", "turn": "1"}


def test_comparisons_come_by_id_and_their_texts_for_the_ids_asked(either_store: Store) -> None:
    entries = [line(number) for number in range(4)]
    either_store.add(entries)
    ids = sorted(entry.comparison.id for entry in entries)
    comparisons = {comparison.id: comparison for comparison in either_store.comparisons()}
    assert list(comparisons) == ids
    texts = sorted(text for batch in either_store.texts(ids[1:3]) for text in batch)
    wanted = [comparisons[id_] for id_ in ids[1:3]]
    assert texts == [(one.id, one.prompt, one.a.content, one.b.content, one.a.author, one.b.author) for one in wanted]
    assert list(either_store.texts([])) == []


def test_texts_keep_quotes_exchanges_and_missing_authors(either_store: Store) -> None:
    exchange = [{"role": "assistant", "content": 'say "x", \\ and \n'}]
    entry = line(response_a=exchange, response_b='%s,"],[', author_a='the "best"\\\n', author_b=None)
    either_store.add([entry])
    ((text,),) = either_store.texts([entry.comparison.id])
    a, b = entry.comparison.a, entry.comparison.b
    assert text[2:] == (a.content, b.content, a.author, b.author)


def test_texts_too_long_for_one_answer_of_the_database_come_in_several(store: Store) -> None:
    entries = [line(number, response_a=f"{number} " * 100) for number in range(9)]
    store.add(entries)

    @sa.event.listens_for(store.engine, "checkout")
    def listen(connection: sqlite3.Connection, *_pool: object) -> None:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1_000)

    lists = list(store.texts(entry.comparison.id for entry in entries))
    assert len(lists) > 2
    assert {id_ for texts in lists for id_, *_ in texts} == {entry.comparison.id for entry in entries}


@pytest.mark.parametrize("p_a", [0.1 + 0.2, 1 / 3, 1e-17, 0.0, 1.0, None])
def test_votes_keep_every_digit(either_store: Store, p_a: float | None) -> None:
    verdict = "a" if p_a is None or p_a >= 0.5 else "b"
    entry = line(verdict=verdict, annotator="ann", source="human", p_a=p_a, seconds=1e5 / 3)
    either_store.add([entry])
    (vote,) = either_store.votes().itertuples()
    assert vote.seconds == entry.preference.seconds
    assert vote.p_a == entry.preference.p_a or (p_a is None and vote.p_a != vote.p_a)


def test_votes_hold_one_row_each_without_texts(either_store: Store) -> None:
    by_id = {"response_a": None, "response_b": None, "response_a_id": "r1", "response_b_id": "r2"}
    either_store.add([line(1, tags={"domain": "x"}), line(3, annotator="bob", **by_id)])
    votes = either_store.votes().set_index("annotator")
    assert list(either_store.votes().columns) == list(VOTE_COLUMNS)
    assert tag_values(votes["tags"], "domain").dropna().to_dict() == {"ann": "x"}
    assert votes["has_text"].to_dict() == {"ann": True, "bob": False}
    assert len(list(either_store.vote_frames(rows=1))) == 2


def test_an_empty_store_has_empty_votes_with_all_columns(either_store: Store) -> None:
    assert list(either_store.votes().columns) == list(VOTE_COLUMNS)
    assert len(either_store.votes()) == 0


def test_counts_tell_people_from_judges(either_store: Store) -> None:
    either_store.add(
        [line(1), line(2), line(1, annotator="j", source="synthetic"), line(5, verdict=None, annotator=None)]
    )
    counts = either_store.counts()
    assert (counts.prompts, counts.comparisons, counts.human, counts.synthetic) == (3, 3, 2, 1)
    assert (counts.raters, counts.judges) == (1, 1)


def test_annotators_and_families_are_known_by_name(either_store: Store) -> None:
    judge = {"model": "gpt-4", "family": "openai"}
    either_store.add([line(annotator="gpt-4", source="synthetic", judge=judge, family_b="anthropic")])
    assert either_store.annotators()["gpt-4"].family == "openai"
    assert either_store.families() == {"gpt-4": "openai", "claude-v1": "anthropic"}
