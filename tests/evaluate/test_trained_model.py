import json

import pytest
from transformers import LlamaForCausalLM

from firsthand.errors import InputError
from firsthand.evaluate.trained_model import TrainedModel, mix_of, read_model


def training(**changes):
    record = {"kind": "dpo", "base_model": "smollm2", "beta": 0.1, "max_length": 512}
    return {**record, "mix": {"path": "runs/mix", "content_sha256": "abc"}, **changes}


def test_what_training_recorded_is_read(tmp_path):
    (tmp_path / "training.json").write_text(json.dumps(training()), encoding="utf-8")
    found = read_model(tmp_path)
    assert (found.kind, found.base_model, found.beta, found.max_length) == ("dpo", "smollm2", 0.1, 512)
    assert (str(found.mix), found.mix_sha256) == ("runs/mix", "abc")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "ppo"}, r"kind is 'ppo'; expected one of reward, dpo"),
        ({"beta": None}, "needs beta and base_model"),
        ({"base_model": None}, "needs beta and base_model"),
    ],
)
def test_a_record_that_can_not_be_used_is_refused(tmp_path, changes, said):
    (tmp_path / "training.json").write_text(json.dumps(training(**changes)), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_model(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_a_damaged_record_is_refused(tmp_path, text):
    (tmp_path / "training.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"training\.json"):
        read_model(tmp_path)


def test_an_ordinary_reward_model_needs_no_record(make_model):
    found = read_model(make_model())
    assert (found.kind, found.mix, found.max_length) == ("reward", None, 64)


def test_a_language_model_without_a_record_is_refused(make_model):
    with pytest.raises(InputError, match=r"no sequence classifier.*training\.json that train dpo writes"):
        read_model(make_model(LlamaForCausalLM))


def test_a_classifier_with_two_labels_is_refused(make_model):
    with pytest.raises(InputError, match="2 labels"):
        read_model(make_model(num_labels=2))


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a model folder"):
        read_model(tmp_path)
    with pytest.raises(InputError, match="not a folder"):
        read_model(tmp_path / "absent")


def test_the_recorded_mix_is_taken_while_it_is_unchanged(tmp_path, make_mix):
    mix = make_mix(sha256="abc")
    model = TrainedModel(tmp_path, "reward", mix=mix, mix_sha256="abc")
    assert mix_of(model, None) == (mix, "abc", [])


def test_a_mix_that_has_changed_is_refused(tmp_path, make_mix):
    model = TrainedModel(tmp_path, "reward", mix=make_mix(sha256="new"), mix_sha256="old")
    with pytest.raises(InputError, match=r"has changed since .*content new, was old.*--data"):
        mix_of(model, None)


def test_a_mix_that_is_gone_is_refused(tmp_path):
    model = TrainedModel(tmp_path, "reward", mix=tmp_path / "gone", mix_sha256="old")
    with pytest.raises(InputError, match=r"gone is not a mix.*--data"):
        mix_of(model, None)


def test_a_model_of_elsewhere_needs_data(tmp_path, make_mix):
    model = TrainedModel(tmp_path, "reward")
    with pytest.raises(InputError, match="pass --data MIX"):
        mix_of(model, None)
    mix = make_mix()
    assert mix_of(model, mix) == (mix, "0" * 64, [])


def test_another_mix_than_the_trained_one_is_warned_of(tmp_path, make_mix):
    model = TrainedModel(tmp_path, "reward", mix=tmp_path / "mix", mix_sha256="abc")
    warnings = mix_of(model, make_mix(sha256="other"))[2]
    assert len(warnings) == 1
    assert "another mix" in warnings[0]


def test_a_manifest_without_a_hash_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="no content_sha256"):
        mix_of(TrainedModel(tmp_path, "reward"), tmp_path)
