import math

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, LlamaForCausalLM

from firsthand.errors import InputError
from firsthand.evaluate.held_out import read_held_out
from firsthand.evaluate.scoring import encode_pair, score_rows
from firsthand.evaluate.trained_model import TrainedModel
from firsthand.rewards import batches

ROWS = [
    {"prompt": "what is it", "chosen": "one two three", "rejected": "no"},
    {"prompt": "what is", "chosen": "yes", "rejected": "four five six seven one two"},
    {"prompt": "is it one or two", "chosen": "maybe two", "rejected": "maybe one"},
]


def user(text):
    return [{"role": "user", "content": text}]


def assistant(text):
    return [{"role": "assistant", "content": text}]


def test_a_response_starts_after_the_generation_prompt(tokenizer):
    chosen, rejected = encode_pair(tokenizer, user("what is it"), assistant("yes"), assistant("no no"))
    assert (
        tokenizer.convert_ids_to_tokens(chosen.tokens[: chosen.start]) == "<user> what is it <end> <assistant>".split()
    )
    assert tokenizer.convert_ids_to_tokens(chosen.tokens[chosen.start :]) == ["yes", "<end>"]
    assert tokenizer.convert_ids_to_tokens(rejected.tokens[rejected.start :]) == ["no", "no", "<end>"]


def test_batches_hold_like_lengths_within_the_limit():
    found = list(batches([1, 9, 2, 8, 3], tokens_at_once=18))
    assert found == [[1, 3], [4, 2, 0]]
    assert list(batches([50], tokens_at_once=18)) == [[0]]


def test_reward_scores_of_a_batch_are_those_of_each_text_alone(make_model, make_mix, tokenizer):
    folder = make_model()
    rows = read_held_out(make_mix(anchor=ROWS))
    found = score_rows(TrainedModel(folder, "reward"), rows)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    for name, scores in (("chosen", found.chosen), ("rejected", found.rejected)):
        for number, row in enumerate(ROWS):
            conversation = user(row["prompt"]) + assistant(row[name])
            text = tokenizer.apply_chat_template(conversation, tokenize=False)
            tokens = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
            with torch.no_grad():
                assert scores[number] == pytest.approx(float(model(tokens).logits), abs=1e-5)


def test_the_implicit_reward_counts_response_tokens_alone(make_model, make_mix, tokenizer):
    """The reference is uniform by construction: log pi_ref = -T ln V over T response tokens."""
    policy = make_model(LlamaForCausalLM, "policy")
    reference = make_model(LlamaForCausalLM, "reference")
    uniform = AutoModelForCausalLM.from_pretrained(reference)
    torch.nn.init.zeros_(uniform.lm_head.weight)
    uniform.save_pretrained(reference)
    rows = read_held_out(make_mix(anchor=ROWS))
    found = score_rows(TrainedModel(policy, "dpo", base_model=str(reference), beta=0.1), rows)

    model = AutoModelForCausalLM.from_pretrained(policy)
    for name, scores in (("chosen", found.chosen), ("rejected", found.rejected)):
        for number, row in enumerate(ROWS):
            asked = ["<user>", *row["prompt"].split(), "<end>", "<assistant>"]
            answered = [*row[name].split(), "<end>"]
            tokens = torch.tensor([tokenizer.convert_tokens_to_ids([*asked, *answered])])
            with torch.no_grad():
                log_probabilities = model(tokens).logits[0].log_softmax(dim=-1)
            likelihood = sum(
                float(log_probabilities[place - 1, tokens[0, place]]) for place in range(len(asked), tokens.shape[1])
            )
            uniform_likelihood = -len(answered) * math.log(len(tokenizer))
            assert scores[number] == pytest.approx(0.1 * (likelihood - uniform_likelihood), abs=1e-5)


def test_a_model_equal_to_its_reference_has_no_implicit_reward(make_model, make_mix):
    policy = make_model(LlamaForCausalLM, "policy")
    found = score_rows(
        TrainedModel(policy, "dpo", base_model=str(policy), beta=0.5), read_held_out(make_mix(anchor=ROWS))
    )
    assert found.chosen == pytest.approx(0)
    assert found.rejected == pytest.approx(0)


def test_rows_over_the_longest_length_are_marked_and_not_scored(make_model, make_mix):
    # Row 2: <user> what is <end> <assistant> + 6 words + <end> = 12 tokens; the others have at most 10.
    rows = read_held_out(make_mix(anchor=ROWS))
    found = score_rows(TrainedModel(make_model(), "reward", max_length=11), rows)
    assert found.too_long.tolist() == [False, True, False]
    assert np.isnan(found.chosen).tolist() == [False, True, False]
    every_row = score_rows(TrainedModel(make_model(name="again"), "reward", max_length=12), rows)
    assert not every_row.too_long.any()


def test_scores_that_are_no_numbers_are_refused(make_model, make_mix):
    folder = make_model()
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    torch.nn.init.constant_(model.score.weight, float("nan"))
    model.save_pretrained(folder)
    with pytest.raises(InputError, match="not finite numbers on 3 of 3 rows"):
        score_rows(TrainedModel(folder, "reward"), read_held_out(make_mix(anchor=ROWS)))


def test_a_tokenizer_without_a_chat_template_is_refused(make_model, make_mix, tokenizer):
    folder = make_model()
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(InputError, match="no chat template"):
        score_rows(TrainedModel(folder, "reward"), read_held_out(make_mix(anchor=ROWS)))
