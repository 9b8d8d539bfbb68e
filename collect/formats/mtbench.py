"""MT-bench's human votes joined with GPT-4's (human_gpt_comparison): one row a human vote, the judge's beside it.

Columns that end in _x are the person's, those in _y the judge's. The file was joined without the turn: rows whose two
turns differ compare different answers and are left out.
"""

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from firsthand.collect.formats.arena import VERDICTS
from firsthand.collect.formats.form import Format, LeftOut, Line, alone
from firsthand.errors import RecordError

REQUIRED = frozenset(
    "model_a model_b category winner_x judge_x turn_x conversation_a_x conversation_b_x winner_y turn_y".split()
)
INCONSISTENT = "tie (inconsistent)"
"""GPT-4 was asked in both orders and changed its mind with the order."""
OTHER_TURN = "the person judged one turn and the judge the other (turn_x, turn_y)"


def _convert(row: Mapping[str, Any]) -> Iterable[Line | LeftOut]:
    if row.get("turn_x") != row.get("turn_y"):
        return (LeftOut(OTHER_TURN),)
    comparison = _comparison(row)
    person, winner = row.get("winner_x"), row.get("winner_y")
    return (
        comparison | {"annotator": row.get("judge_x"), "source": "human", "verdict": _word(person)},
        comparison
        | {
            "annotator": "gpt-4",
            "source": "synthetic",
            "verdict": "tie" if winner == INCONSISTENT else _word(winner),
            "shown_first": "both",
            "judge": {"model": "gpt-4", "swap_consistent": winner != INCONSISTENT, "label": row.get("judge_y")},
        },
    )


def _comparison(row: Mapping[str, Any]) -> Line:
    turn = str(row.get("turn_x"))
    prompt, response_a = _turn("conversation_a_x", row.get("conversation_a_x"), turn)
    other_prompt, response_b = _turn("conversation_b_x", row.get("conversation_b_x"), turn)
    if prompt != other_prompt:
        raise RecordError("the two conversations do not start with the same question")
    return {
        "prompt": prompt,
        "response_a": response_a,
        "response_b": response_b,
        "author_a": row.get("model_a"),
        "author_b": row.get("model_b"),
        "tags": {"domain": str(row.get("category")), "turn": turn},
    }


def _turn(name: str, text: Any, turn: str) -> tuple[str, str | list[dict[str, str]]]:
    """The first question, and what was judged: the first answer, or for turn 2 the exchange from it on.

    So both turns of one question share a prompt id.
    """
    try:
        pairs = [(str(content), str(role)) for content, role in ast.literal_eval(str(text))]
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise RecordError(f"{name} is {str(text)[:80]!r}; expected a list of (text, role) pairs") from error
    if [role for _, role in pairs] != ["user", "assistant"] * (len(pairs) // 2) or turn not in {"1", "2"}:
        raise RecordError(f"{name} and turn {turn!r}: expected turns of user and assistant, and turn 1 or 2")
    if len(pairs) < 2 * int(turn):
        raise RecordError(f"{name} holds no turn {turn}")
    if turn == "1":
        return pairs[0][0], pairs[1][0]
    return pairs[0][0], [{"role": role, "content": content} for content, role in pairs[1:4]]


def _word(winner: Any) -> Any:
    return VERDICTS.get(winner, winner) if isinstance(winner, str) else str(winner)


FORMAT = Format(
    name="mt-bench",
    summary="MT-bench's human votes with GPT-4's beside them (human_gpt_comparison.csv)",
    matches=lambda row: row.keys() >= REQUIRED,
    required=REQUIRED,
    optional=frozenset({"judge_y"}),
    converter=alone(_convert),
)
