"""Every format: a row as its publishers write it, and the preference it becomes."""

import re
from pathlib import Path
from typing import Any

import pytest

from firsthand.collect.exporting import EXPORTS
from firsthand.collect.formats import FORMATS, detect, format_named
from firsthand.collect.formats.table import table_format
from firsthand.errors import ConfigError, InputError, RecordError
from firsthand.lines import LINE_KEYS

ROOT = Path(__file__).resolve().parents[2]
USER, ASSISTANT = ({"role": role, "content": text} for role, text in (("user", "Hi?"), ("assistant", "Hello.")))
ANSWER = {"role": "assistant", "content": "Go away."}
OTHER = {"role": "user", "content": "What?"}
TURNS = "[('Hi?','user'),('Hello.','assistant'),('More?','user'),('Yes.','assistant')]"
OTHER_TURNS = "[('Hi?','user'),('Go away.','assistant'),('More?','user'),('No.','assistant')]"
MT_BENCH = {
    "model_a": "alpaca-13b",
    "model_b": "gpt-4",
    "category": "writing",
    "winner_x": "model_b",
    "judge_x": "expert_1",
    "turn_x": "1",
    "turn_y": "1",
    "conversation_a_x": TURNS,
    "conversation_b_x": OTHER_TURNS,
    "winner_y": "tie (inconsistent)",
    "judge_y": "gpt4_pair",
}
PANDALM = {
    "idx": 0,
    "motivation_app": "Grammarly",
    "cmp_key": "bloom-7b_llama-7b",
    "instruction": "Shorten.",
    "input": "A long text.",
    "response1": "Text.",
    "response2": "A text.",
    "annotator1": 2,
    "annotator2": 0,
    "annotator3": 1,
}
QA = {
    "question": "When?",
    "passages": [["Title", "It was in 1900.", "In May."]],
    **{f"prediction {n}": f"answer {n}" for n in (1, 2, 3, 4)},
    "preference": [1, 2, 0, 1, 2, 0],
}
SCORED = {
    "instruction": "Hi?",
    "source": "sharegpt",
    "completions": [
        {"model": "m1", "response": "one", "overall_score": 10, "fine-grained_score": 3.5},
        {"model": "m2", "response": "two", "overall_score": 8, "fine-grained_score": 4.5},
        {"model": "m3", "response": "three", "overall_score": 8, "fine-grained_score": None},
    ],
}
ARENA = {
    "model_a": "m1",
    "model_b": "m2",
    "winner": "tie (bothbad)",
    "judge": "arena_user_1",
    "conversation_a": [USER, ASSISTANT],
    "conversation_b": [USER, ANSWER],
    "turn": 1,
    "language": "English",
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "native": {"prompt": "Hi?", "response_a": "Hello.", "response_b": "Go away.", "verdict": "a", "source": "human"},
    "trl": {"prompt": "Hi?", "chosen": "Hello.", "rejected": "Go away."},
    "hh-rlhf": {
        "chosen": "\n\nHuman: Hi?\n\nAssistant: Hello.",
        "rejected": "\n\nHuman: Hi?\n\nAssistant: Go away.",
    },
    "arena": ARENA,
    "scored": SCORED,
    "pandalm": PANDALM,
    "pandalm-judge": {"idx": 0, "gpt_result": "Tie", "gpt_reason": "Both good.", "gpt_reference": ""},
    "qa-feedback": QA,
    "mt-bench": MT_BENCH,
}


def lines(name: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(line) for line in FORMATS[name].converter(None, [])(row)]


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_told_from_its_row_alone(name: str) -> None:
    assert [form.name for form in FORMATS.values() if form.matches(EXAMPLES[name])] == [name]
    assert detect([{"unrelated": 1}, EXAMPLES[name]], "file").name == name
    assert EXAMPLES[name].keys() >= FORMATS[name].required


def test_rows_of_no_format_are_told_which_there_are() -> None:
    with pytest.raises(InputError, match=r"its columns are text_a, text_b.*--map") as caught:
        detect([{"text_a": 1, "text_b": 2}], "x.csv")
    assert all(name in str(caught.value) for name in FORMATS)


def test_rows_of_two_formats_are_not_guessed_at() -> None:
    with pytest.raises(InputError, match="could be native and trl; name one with --format"):
        detect([EXAMPLES["native"] | EXAMPLES["trl"]], "x.jsonl")


def test_an_unknown_format_name_suggests_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown format 'pandaml', did you mean 'pandalm'"):
        format_named("pandaml")


def test_docs_name_every_format_and_every_key() -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    for name in (*FORMATS, *EXPORTS, "table"):
        assert f"`{name}`" in text, name
    for key in LINE_KEYS:
        assert re.search(rf"\b{key}\b", text), key


@pytest.mark.parametrize(
    ("row", "prompt", "chosen", "rejected"),
    [
        ({"prompt": "Hi?", "chosen": "Hello.", "rejected": "Go."}, "Hi?", "Hello.", "Go."),
        ({"chosen": "Q: Hi? A: Yes", "rejected": "Q: Hi? A: You"}, "Q: Hi? A: ", "Yes", "You"),
        ({"prompt": "Hi ", "chosen": "Hi there", "rejected": "Hi you"}, "Hi ", "Hi there", "Hi you"),
        ({"chosen": [USER, ASSISTANT], "rejected": [USER, ANSWER]}, [USER], [ASSISTANT], [ANSWER]),
        ({"prompt": [USER], "chosen": [ASSISTANT], "rejected": [ANSWER]}, [USER], [ASSISTANT], [ANSWER]),
        ({"prompt": "Hi?", "chosen": [USER, ASSISTANT], "rejected": [USER, ANSWER]}, [USER], [ASSISTANT], [ANSWER]),
        (
            {"prompt": [USER], "chosen": [ASSISTANT, USER, ANSWER], "rejected": [ANSWER]},
            [USER],
            [ASSISTANT, USER, ANSWER],
            [ANSWER],
        ),
        # An answer that both share is no part of the prompt, be the prompt beside, repeated inside or inside alone.
        *(
            (row, [USER], [ASSISTANT, USER, ANSWER], [ASSISTANT, OTHER, ANSWER])
            for row in (
                {"prompt": [USER], "chosen": [ASSISTANT, USER, ANSWER], "rejected": [ASSISTANT, OTHER, ANSWER]},
                {
                    "prompt": "Hi?",
                    "chosen": [USER, ASSISTANT, USER, ANSWER],
                    "rejected": [USER, ASSISTANT, OTHER, ANSWER],
                },
                {"chosen": [USER, ASSISTANT, USER, ANSWER], "rejected": [USER, ASSISTANT, OTHER, ANSWER]},
            )
        ),
        ({"chosen": [USER, ANSWER], "rejected": [USER, ANSWER]}, [USER], [ANSWER], [ANSWER]),
    ],
)
def test_trl_with_the_prompt_beside_or_inside(row, prompt, chosen, rejected) -> None:
    (line,) = lines("trl", row)
    assert (line["prompt"], line["response_a"], line["response_b"]) == (prompt, chosen, rejected)
    assert line["verdict"] == "a"


def test_trl_texts_that_share_no_start_are_refused() -> None:
    with pytest.raises(RecordError, match="no text in common"):
        lines("trl", {"chosen": "Yes", "rejected": "No"})


def test_trl_keeps_provenance_columns() -> None:
    row = EXAMPLES["trl"] | {"source": "synthetic", "annotator": "j", "author_chosen": "m1", "author_rejected": "m2"}
    (line,) = lines("trl", row)
    assert (line["source"], line["annotator"], line["author_a"], line["author_b"]) == ("synthetic", "j", "m1", "m2")


def test_dialogues_share_the_turns_up_to_the_last_answer() -> None:
    start = "\n\nHuman: Hi?\n\nAssistant: Hello.\n\nHuman: More?\n\nAssistant:"
    (line,) = lines("hh-rlhf", {"chosen": f"{start} Yes.", "rejected": f"{start} No."})
    assert [message["content"] for message in line["prompt"]] == ["Hi?", "Hello.", "More?"]
    assert [line["response_a"], line["response_b"]] == [
        [{"role": "assistant", "content": it}] for it in ("Yes.", "No.")
    ]


def test_dialogues_that_part_early_are_compared_as_exchanges() -> None:
    start = "\n\nHuman: Hi?\n\nAssistant:"
    (line,) = lines("hh-rlhf", {"chosen": f"{start} A\n\nHuman: B\n\nAssistant: C", "rejected": f"{start} D"})
    assert [message["content"] for message in line["response_a"]] == ["A", "B", "C"]
    assert [message["content"] for message in line["response_b"]] == ["D"]


@pytest.mark.parametrize(
    ("winner", "verdict"),
    [("model_a", "a"), ("model_b", "b"), ("tie", "tie"), ("tie (bothbad)", "both_bad"), ("left", "left")],
)
def test_arena_words_and_unknown_ones_passed_on(winner: str, verdict: str) -> None:
    (line,) = lines("arena", ARENA | {"winner": winner})
    assert line["verdict"] == verdict
    assert (line["author_a"], line["annotator"], line["prompt"]) == ("m1", "arena_user_1", [USER])
    assert line["tags"] == {"language": "English", "turn": "1"}


def test_a_battle_without_a_winner_is_refused() -> None:
    with pytest.raises(RecordError, match="winner is missing; expected one of model_a, model_b, tie"):
        lines("arena", ARENA | {"winner": None})


def test_scored_completions_are_compared_two_by_two_by_one_score_that_all_have() -> None:
    def compared(completions: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
        made = lines("scored", SCORED | {"completions": completions})
        return [(line["author_a"], line["author_b"], line["verdict"]) for line in made]

    # The finer scores are 3.5 and 4.5: the coarse 10 of m1 is not used.
    assert compared(SCORED["completions"][:2]) == [("m1", "m2", "b")]
    # m3 has no finer score, and its coarse 8 is on another scale: 10, 8 and 8 are compared.
    assert compared(SCORED["completions"]) == [("m1", "m2", "a"), ("m1", "m3", "a"), ("m2", "m3", "tie")]
    first = lines("scored", SCORED)[0]
    assert first["criteria"] == {"score_chosen": 10, "score_rejected": 8}
    assert first["tags"] == {"dataset": "sharegpt"}


@pytest.mark.parametrize(
    ("completions", "message"),
    [
        ([{"response": "x", "overall_score": "N/A"}] * 2, 'overall_score is "N/A"; expected a number$'),
        ([{"response": "x", "overall_score": 1}, {"response": "y", "fine-grained_score": 1}], "no score is given for"),
        (["x", "y"], "completions holds 'x'"),
    ],
)
def test_scored_completions_without_a_number_are_refused(completions: list[Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        lines("scored", SCORED | {"completions": completions})


def test_pandalm_gives_three_votes_and_both_parts_of_the_prompt() -> None:
    votes = lines("pandalm", PANDALM)
    assert [(vote["annotator"], vote["verdict"]) for vote in votes] == [
        ("annotator1", "b"),
        ("annotator2", "tie"),
        ("annotator3", "a"),
    ]
    assert votes[0]["prompt"] == "Shorten.\n\nA long text."
    assert (votes[0]["author_a"], votes[0]["author_b"]) == ("bloom-7b", "llama-7b")


def test_qa_feedback_gives_six_comparisons_in_their_order() -> None:
    votes = lines("qa-feedback", QA)
    pairs = [(vote["response_a"][-1], vote["response_b"][-1], vote["verdict"]) for vote in votes]
    assert pairs == [
        ("1", "2", "a"),
        ("1", "3", "b"),
        ("1", "4", "tie"),
        ("2", "3", "a"),
        ("2", "4", "b"),
        ("3", "4", "tie"),
    ]
    assert votes[0]["prompt"] == "Title\nIt was in 1900. In May.\n\nWhen?"


def test_mt_bench_keeps_that_the_judge_changed_its_mind() -> None:
    person, judge = lines("mt-bench", MT_BENCH)
    assert (person["annotator"], person["verdict"], person["source"]) == ("expert_1", "b", "human")
    assert (judge["verdict"], judge["shown_first"]) == ("tie", "both")
    assert judge["judge"] == {"model": "gpt-4", "swap_consistent": False, "label": "gpt4_pair"}
    assert lines("mt-bench", MT_BENCH | {"winner_y": "tie"})[1]["judge"]["swap_consistent"] is True


def test_mt_bench_turn_two_is_the_exchange_under_the_same_question() -> None:
    first, second = (lines("mt-bench", MT_BENCH | {"turn_x": turn, "turn_y": turn})[0] for turn in "12")
    assert first["prompt"] == second["prompt"] == "Hi?"
    assert first["response_a"] == "Hello."
    assert [message["content"] for message in second["response_a"]] == ["Hello.", "More?", "Yes."]
    assert second["tags"] == {"domain": "writing", "turn": "2"}


@pytest.mark.parametrize("text", ["not a list", "[('Hi?','user')]", "[1, 2]", "[" * 500])
def test_mt_bench_conversations_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(RecordError, match="conversation_a_x"):
        lines("mt-bench", MT_BENCH | {"conversation_a_x": text})


def test_the_shipped_column_map_reads_the_row_it_shows() -> None:
    form = table_format(ROOT / "configs" / "column-map.yaml")
    cells = {
        "question": "Hi?",
        "answer_1": "Hello.",
        "answer_2": "",
        "model_1": "m1",
        "model_2": "m2",
        "worker": "w7",
        "choice": "left",
        "confidence": "2",
        "seconds": "12.5",
        "topic": "small talk",
    }
    (line,) = form.converter(None, [])(cells)
    assert line == {
        "prompt": "Hi?",
        "response_a": "Hello.",
        "response_b": "",
        "author_a": "m1",
        "author_b": "m2",
        "annotator": "w7",
        "verdict": "a",
        "strength": 2,
        "seconds": 12.5,
        "source": "human",
        "tags": {"domain": "small talk"},
    }


def test_a_column_map_with_problems_tells_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(
        "columns: {prompt: q, respons_a: x, response_b: y}\nverdict: {}\nverdicts: {left: a, right: bb}\n"
        "constants: {source: humann, verdict: b, response_a: 2, strength: '2', judge_model: m}\n"
    )
    with pytest.raises(ConfigError) as caught:
        table_format(path)
    text = str(caught.value)
    assert "columns.respons_a: unknown key, did you mean 'response_a'?" in text
    assert "columns.response_a: missing" in text
    assert "verdict: unknown key, did you mean 'verdicts'?" in text
    assert "verdicts.right: Input should be 'a', 'b', 'tie', 'both_bad' or 'skip' (got 'bb')" in text
    assert 'constants: source is "humann"; expected one of human, synthetic; response_a is 2; expected a text' in text
    assert 'strength is "2"; expected a number from 1 to 3 (got' in text
