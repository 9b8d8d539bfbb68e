"""Reward models as judges: random ones of two layers, saved as `train reward` saves them."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import fill, line
from judging import run, verdicts
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerFast

from firsthand.errors import InputError
from firsthand.records import Side, Verdict
from firsthand.store import Store

SPECIAL = ["<pad>", "<unk>", "<user>", "<assistant>", "<end>"]
WORDS = ["question", "first", "second", "answer", *(str(number) for number in range(10)), *"0.0 1.0 2.0 3.0".split()]
TEMPLATE = "{% for message in messages %}<{{ message['role'] }}> {{ message['content'] }} <end> {% endfor %}"


def save_model(folder: Path, seed: int = 0, num_labels: int = 1, **training: Any) -> Path:
    """A random reward model with its tokenizer; one token a word."""
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    words = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", eos_token="<end>")
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=64,
        num_labels=num_labels,
        pad_token_id=0,
    )
    LlamaForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if training:
        (folder / "training.json").write_text(json.dumps({"kind": "reward", **training}), encoding="utf-8")
    return folder


def score(folder: Path, text: str) -> float:
    """The model's score of a text, straight from transformers, one at a time."""
    model = LlamaForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    with torch.inference_mode():
        return float(model(**tokenizer(text, return_tensors="pt", add_special_tokens=False)).logits[0, 0])


def test_a_reward_models_verdict_is_the_sigmoid_of_the_difference(store: Store, tmp_path: Path) -> None:
    folder = save_model(tmp_path / "rm", max_length=64)
    fill(store, [line(number) for number in range(4)])
    report = run(store, tmp_path, {"rm": {"reward_model": str(folder), "family": "ours"}})["rm"]
    assert (report.judged, report.left, report.calls) == (4, 0, 0)
    for entry in verdicts(store, "rm"):
        question = entry.comparison.prompt[0]["content"]
        a, b = (
            score(folder, f"<user> {question} <end> <assistant> {response.content} <end> ")
            for response in (entry.comparison.a, entry.comparison.b)
        )
        preference = entry.preference
        assert preference.p_a == pytest.approx(1 / (1 + math.exp(b - a)), abs=1e-6)
        assert preference.verdict is (Verdict.A if a > b else Verdict.B)
        assert (preference.shown_first, preference.swap_consistent) == (Side.BOTH, True)
        assert preference.detail["reward_a"] == pytest.approx(a, abs=1e-6)
        assert entry.annotator.family == "ours"
        assert preference.detail["parameters"] == {"max_length": 64}
        texts = (question, *(str(response.content) for response in (entry.comparison.a, entry.comparison.b)))
        # Each conversation: four marks, the question's words and an answer's.
        words = [len(text.split()) for text in texts]
        assert preference.detail["prompt_tokens"] == 2 * (4 + words[0]) + words[1] + words[2]
        assert (preference.detail["completion_tokens"], preference.detail["cost"]) == (0, 0)
    again = run(store, tmp_path, {"rm": {"reward_model": str(folder)}})["rm"]
    assert (again.judged, again.judged_before) == (0, 4)


def test_a_response_longer_than_the_model_reads_is_left_and_counted(store: Store, tmp_path: Path) -> None:
    folder = save_model(tmp_path / "rm", max_length=12)
    fill(store, [line(0), line(1, response_a="answer " * 20)])
    report = run(store, tmp_path, {"rm": {"reward_model": str(folder)}})["rm"]
    assert (report.judged, report.left) == (1, 1)
    assert dict(report.reasons) == {"longer than the 12 tokens that the model reads": 1}


def test_a_retrained_model_needs_another_name(store: Store, tmp_path: Path) -> None:
    folder = save_model(tmp_path / "rm")
    fill(store, [line(0)])
    run(store, tmp_path, {"rm": {"reward_model": str(folder)}})
    save_model(folder, seed=1)
    with pytest.raises(InputError, match=r"the judge 'rm' gave its verdicts with weights .*give the changed judge"):
        run(store, tmp_path, {"rm": {"reward_model": str(folder)}})
    assert run(store, tmp_path, {"rm-2": {"reward_model": str(folder)}})["rm-2"].judged == 1


def test_a_model_that_is_no_reward_model_is_refused(store: Store, tmp_path: Path) -> None:
    dpo = save_model(tmp_path / "dpo", max_length=64)
    (dpo / "training.json").write_text(json.dumps({"kind": "dpo"}), encoding="utf-8")
    two = save_model(tmp_path / "two", num_labels=2)
    fill(store, [line(0)])
    with pytest.raises(InputError, match="is a dpo model; a judge needs a reward model"):
        run(store, tmp_path, {"j": {"reward_model": str(dpo)}})
    with pytest.raises(InputError, match="a classifier with 2 labels; a reward model has one, its score"):
        run(store, tmp_path, {"j": {"reward_model": str(two)}})


def test_a_model_whose_training_diverged_gives_no_verdicts(store: Store, tmp_path: Path) -> None:
    folder = save_model(tmp_path / "rm")
    model = LlamaForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        model.score.weight.fill_(np.nan)
    model.save_pretrained(folder)
    fill(store, [line(0)])
    with pytest.raises(InputError, match="scores that are not finite numbers"):
        run(store, tmp_path, {"rm": {"reward_model": str(folder)}})
    assert verdicts(store, "rm") == []
