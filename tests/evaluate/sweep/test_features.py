"""Features: states against a plain reading of the model, a cache that is never another model's, and their scaling."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import fill, human
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from firsthand.errors import InputError
from firsthand.evaluate.model_version import model_version
from firsthand.evaluate.style import NAMES, STYLE, surface
from firsthand.evaluate.sweep import features as module
from firsthand.evaluate.sweep.config import FeatureRules
from firsthand.evaluate.sweep.features import Features, read_features
from firsthand.evaluate.sweep.hidden import HiddenStates
from firsthand.evaluate.sweep.space import make_space
from firsthand.store import Store

ANSWERS = ("yes one two", "no three four five six", "maybe seven", "yes yes no")


@pytest.fixture
def base(make_model: Callable[..., Path]) -> Path:
    return make_model(LlamaForCausalLM)


@pytest.fixture
def filled(store: Store) -> Store:
    asked = [("what is one", 0, 1), ("what is two", 2, 3), ("what is two", 0, 3), ("what is two", 2, 0)]
    return fill(
        store,
        [human(0) | {"prompt": prompt, "response_a": ANSWERS[a], "response_b": ANSWERS[b]} for prompt, a, b in asked],
    )


def rules(base: Path, tmp_path: Path, **keys: Any) -> FeatureRules:
    return FeatureRules(model=str(base), cache=tmp_path / "cache", **keys)


def all_ids(store: Store) -> list[str]:
    return [each.id for each in store.comparisons()]


@pytest.mark.usefixtures("float32")
def test_a_state_is_the_mean_over_the_responses_tokens_at_the_layer_asked_for(base: Path) -> None:
    prompt, answer = [{"role": "user", "content": "what is one"}], [{"role": "assistant", "content": "yes two"}]
    found = HiddenStates(str(base), layer=1, max_length=64)([prompt, prompt], [answer, answer * 2])
    model, tokenizer = AutoModelForCausalLM.from_pretrained(base), AutoTokenizer.from_pretrained(base)
    # <user> what is one <end> <assistant> | yes two <end>: the response starts at the seventh token.
    tokens = tokenizer.apply_chat_template(prompt + answer, return_tensors="pt", return_dict=True)["input_ids"]
    with torch.inference_mode():
        states = model(input_ids=tokens, output_hidden_states=True).hidden_states[1]
        expected = model.model.norm(states)[0, 6:].mean(dim=0).numpy()
    assert tokens.shape == (1, 9)
    assert found[0] == pytest.approx(expected, rel=2e-3, abs=2e-3)


def test_of_a_long_conversation_the_prompt_is_cut_first(base: Path) -> None:
    reader = HiddenStates(str(base), layer=1, max_length=16)
    prompt = [{"role": "user", "content": "one " * 30}]
    text = reader._text(prompt, [{"role": "assistant", "content": "yes " * 30}])
    assert len(text.tokens) == 16
    assert text.start == 8


def test_each_response_is_read_once_and_a_second_time_not_at_all(
    filled: Store, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = all_ids(filled)
    first = read_features(filled, ids, rules(base, tmp_path))
    assert first.computed == len(first.surface) == 5  # 2 responses to `one`, 3 different ones to `two`
    monkeypatch.setattr(module, "HiddenStates", None)  # a second reading would fail
    again = read_features(filled, ids[::-1], rules(base, tmp_path))
    assert again.computed == 0
    np.testing.assert_array_equal(again.states[again.response[::-1]], first.states[first.response])


def test_a_cache_that_can_not_be_written_names_its_key(filled: Store, base: Path) -> None:
    with pytest.raises(InputError, match=r"can't keep features in /dev/null/x/.*: Not a directory; .* features\.cache"):
        read_features(filled, all_ids(filled), FeatureRules(model=str(base), cache=Path("/dev/null/x")))


def test_an_interrupted_reading_goes_on_where_it_was(
    filled: Store, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TEXTS_AT_ONCE", {"cpu": 2, "cuda": 2})
    real, calls = HiddenStates.__call__, []

    def breaks_down(self: HiddenStates, *given: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, *given)

    monkeypatch.setattr(HiddenStates, "__call__", breaks_down)
    with pytest.raises(KeyboardInterrupt):
        read_features(filled, all_ids(filled), rules(base, tmp_path))
    assert read_features(filled, all_ids(filled), rules(base, tmp_path)).computed == 3


def test_other_weights_another_layer_or_length_are_read_anew(
    filled: Store, make_model: Callable[..., Path], tmp_path: Path
) -> None:
    base = make_model(LlamaForCausalLM)
    ids = all_ids(filled)
    first = read_features(filled, ids, rules(base, tmp_path))
    for keys in ({"layer": 2}, {"max_length": 20}):
        assert read_features(filled, ids, rules(base, tmp_path, **keys)).computed == 5
    make_model(LlamaForCausalLM, seed=1)  # the same folder, trained on
    other = read_features(filled, ids, rules(base, tmp_path))
    assert other.computed == 5
    assert not np.array_equal(other.states, first.states)


def test_a_cached_file_of_another_model_or_a_broken_one_is_refused(
    filled: Store, make_model: Callable[..., Path], tmp_path: Path
) -> None:
    ids = all_ids(filled)
    one, other = make_model(LlamaForCausalLM, "one"), make_model(LlamaForCausalLM, "other", seed=1)
    read_features(filled, ids, rules(one, tmp_path))
    (mine,) = (tmp_path / "cache").rglob("*.npz")
    read_features(filled, ids, rules(other, tmp_path))
    (theirs,) = set((tmp_path / "cache").rglob("*.npz")) - {mine}
    mine.write_bytes(theirs.read_bytes())
    with pytest.raises(InputError, match=f"holds features of .*{other}.*, not of .*{one}"):
        read_features(filled, ids, rules(one, tmp_path))
    mine.write_bytes(b"PK")
    with pytest.raises(InputError, match="remove the file, they are computed again"):
        read_features(filled, ids, rules(one, tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda shard: shard["states"].__setitem__((0, 0), np.nan), "a state is not a finite number"),
        (lambda shard: shard.update(states=shard["states"][:2]), r"states of shape \(2, 16\) for 5 responses"),
        (lambda shard: shard.update(owner=np.array("{")), "its owner can't be read"),
        (lambda shard: shard.update(owner=np.array("1")), "its owner can't be read"),
    ],
)
def test_damaged_states_are_refused_and_not_measured_with(
    filled: Store, base: Path, tmp_path: Path, change: Callable[[Any], None], message: str
) -> None:
    ids = all_ids(filled)
    read_features(filled, ids, rules(base, tmp_path))
    (path,) = (tmp_path / "cache").rglob("*.npz")
    with np.load(path) as file:
        shard = dict(file)
    change(shard)
    np.savez(path, **shard)
    with pytest.raises(InputError, match=rf"{message}.*remove the file, they are computed again"):
        read_features(filled, ids, rules(base, tmp_path))


def test_another_tokenizer_of_the_same_weights_is_read_anew(filled: Store, base: Path, tmp_path: Path) -> None:
    ids = all_ids(filled)
    read_features(filled, ids, rules(base, tmp_path))
    path = base / "tokenizer_config.json"
    path.write_text(path.read_text().replace('"clean_up_tokenization_spaces": false', "") + " ", encoding="utf-8")
    assert read_features(filled, ids, rules(base, tmp_path)).computed == 5


def test_a_model_is_known_by_weights_of_either_kind_and_refused_without(base: Path) -> None:
    safe = model_version(str(base))
    (weights,) = base.glob("*.safetensors")
    torch.save(load_file(weights), base / "pytorch_model.bin")
    weights.unlink()
    assert model_version(str(base)) != safe
    (base / "pytorch_model.bin").unlink()
    with pytest.raises(InputError, match="can't be told from another"):
        model_version(str(base))


def test_a_layer_that_is_not_there_is_refused(base: Path) -> None:
    with pytest.raises(InputError, match=r"features\.layer is 3, but .* has 2 layers"):
        HiddenStates(str(base), layer=3, max_length=64)


def test_style_counts_what_a_reader_sees() -> None:
    text = "# Title\n\n- one\n- **two**\n\n1. three! Really? `x = 12`"
    row = dict(zip(NAMES, surface(["two what"], [text])[0], strict=True))
    counts = {name: round(float(np.expm1(row[name]))) for name in STYLE}
    assert counts == {
        "characters": len(text),
        "headers": 1,
        "list items": 3,
        "bold": 1,
        "code": 1,
        "paragraphs": 2,
        "exclamation marks": 1,
        "question marks": 1,
        "digits": 3,
        "apologies": 0,
    }
    # title one two 1 three really x 12: eight words, none twice, one of them in the prompt.
    assert (row["repeated words"], row["words of the prompt"], row["ends in a full stop"]) == (0, 1 / 8, 0)


def test_the_space_changes_sign_with_the_sides_and_its_components_keep_the_differences() -> None:
    chance = np.random.default_rng(0)
    states = (chance.normal(size=(60, 6)) * [1, 2, 3, 4, 5, 6]).astype(np.float16)
    response = chance.permutation(60).reshape(30, 2)
    features = Features(response, chance.normal(size=(60, len(NAMES))), states)
    space = make_space(features, np.arange(20), components=6)
    exchanged = make_space(Features(response[:, ::-1], features.surface, states), np.arange(20), components=6)
    np.testing.assert_allclose(exchanged.x, -space.x, atol=1e-12)
    assert space.style.sum() == len(STYLE)
    assert (space.x[:20, : len(NAMES)] ** 2).mean(axis=0) == pytest.approx(1)
    content = space.x[:, len(NAMES) :]
    assert (content[:20] ** 2).mean() == pytest.approx(1)
    # All six components are a rotation of the six scaled states: lengths of differences are kept, to one factor.
    difference = (states[response[:, 0]].astype(float) - states[response[:, 1]]) / np.sqrt(
        ((states[response[:20, 0]].astype(float) - states[response[:20, 1]]) ** 2).mean(axis=0)
    )
    assert np.linalg.norm(content, axis=1) == pytest.approx(np.linalg.norm(difference, axis=1))
