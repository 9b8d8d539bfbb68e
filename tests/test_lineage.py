"""Relations of a judge to an author."""

import pytest

from firsthand.lineage import Lineage, Relation, relation

GPT4 = Lineage("gpt-4", "openai", "gpt-4")
GPT4_TURBO = Lineage("gpt-4-turbo", "openai", "gpt-4")
GPT35 = Lineage("gpt-3.5-turbo", "openai", "gpt-3.5")
CLAUDE = Lineage("claude-v1", "anthropic", "claude")
LLAMA = Lineage("llama-7b", "meta", "llama")
PANDALM = Lineage("pandalm-7b", base="llama-7b", trained_on=("gpt-3.5-turbo",))
VICUNA = Lineage("vicuna-13b", "lmsys", "vicuna", base="llama", trained_on=("gpt-3.5",))
ALPACA = Lineage("alpaca-13b", "stanford", "alpaca", base="llama")
STRANGER = Lineage("my-model")


@pytest.mark.parametrize(
    ("judge", "author", "expected"),
    [
        (GPT4, GPT4, Relation.SAME_MODEL),
        (GPT4, GPT4_TURBO, Relation.SAME_SERIES),
        (GPT4, GPT35, Relation.SAME_FAMILY),
        (GPT4, CLAUDE, Relation.UNRELATED),
        (PANDALM, LLAMA, Relation.INHERITED),
        (LLAMA, PANDALM, Relation.INHERITED),
        (PANDALM, GPT35, Relation.INHERITED),
        (PANDALM, CLAUDE, Relation.UNKNOWN),
        (VICUNA, LLAMA, Relation.INHERITED),
        (GPT35, VICUNA, Relation.INHERITED),
        (VICUNA, ALPACA, Relation.SAME_FAMILY),
        (VICUNA, GPT4, Relation.UNRELATED),
        (STRANGER, GPT4, Relation.UNKNOWN),
        (STRANGER, STRANGER, Relation.SAME_MODEL),
    ],
)
def test_relation_states_the_closest_tie_and_never_guesses(judge: Lineage, author: Lineage, expected: Relation) -> None:
    assert relation(judge, author) is expected
