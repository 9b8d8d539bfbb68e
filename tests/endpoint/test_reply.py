import json
import math
from typing import Any

import pytest

from firsthand.endpoint.config import Price
from firsthand.endpoint.reply import CallFailed, FailureKind, Token, read_reply

QUESTION = [{"role": "user", "content": "0123456789"}]


def completion(**changes: Any) -> bytes:
    choice = {"message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
    return json.dumps({"model": "m-1", "choices": [choice | changes.pop("choice", {})], **changes}).encode()


def test_cost_is_tokens_times_the_price_of_a_million() -> None:
    body = completion(usage={"prompt_tokens": 1000, "completion_tokens": 10})
    assert read_reply(body, QUESTION, None).cost is None
    assert read_reply(body, QUESTION, Price(prompt=2, completion=30)).cost == (1000 * 2 + 10 * 30) / 1_000_000


def test_tokens_are_estimated_where_the_endpoint_does_not_count_them() -> None:
    reply = read_reply(completion(), QUESTION, None)
    assert (reply.prompt_tokens, reply.completion_tokens) == (3, 1)  # 10 and 4 characters, 4 a token, rounded up


def test_log_probabilities_of_tokens_with_one_text_add_up() -> None:
    top = [{"token": "�", "logprob": math.log(0.5)}, {"token": "�", "logprob": math.log(0.25)}]
    content = [{"token": "A", "logprob": -1.0, "top_logprobs": [*top, {"token": "A", "logprob": -1.0}]}]
    (token,) = read_reply(completion(choice={"logprobs": {"content": content}}), QUESTION, None).tokens
    assert token == Token("A", -1.0, {"�": pytest.approx(math.log(0.75)), "A": -1.0})
    # Too small for exp: -9999 + log 2. OpenAI says -9999 of the unlikeliest.
    content[0]["top_logprobs"] = [{"token": "�", "logprob": -9999.0}] * 2
    (token,) = read_reply(completion(choice={"logprobs": {"content": content}}), QUESTION, None).tokens
    assert token.top == {"�": pytest.approx(-9999 + math.log(2))}
    content[0]["top_logprobs"] = None
    (token,) = read_reply(completion(choice={"logprobs": {"content": content}}), QUESTION, None).tokens
    assert token.top == {}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "no chat completion: the body: Invalid JSON"),
        (b"{}", "choices: Field required"),
        (b'{"choices": []}', "choices: List should have at least 1 item"),
        (completion(choice={"logprobs": {"content": [{"token": "A"}]}}), "logprob: Field required"),
        (completion(choice={"logprobs": {"content": [{"token": "A", "logprob": 1000}]}}), "less than or equal to 0.1"),
        (completion(choice={"logprobs": {"content": [{"token": "A", "logprob": math.nan}]}}), "logprob"),
    ],
)
def test_what_is_no_chat_completion_is_unparsable(body: bytes, message: str) -> None:
    with pytest.raises(CallFailed, match=message) as failure:
        read_reply(body, QUESTION, None)
    assert failure.value.kind is FailureKind.UNPARSABLE


def test_a_refusal_says_what_the_model_said() -> None:
    body = completion(choice={"message": {"refusal": "I can't help with that."}})
    with pytest.raises(CallFailed, match="I can't help with that") as failure:
        read_reply(body, QUESTION, None)
    assert failure.value.kind is FailureKind.REFUSAL
