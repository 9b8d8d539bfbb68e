from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from random_models import write_random_model
from transformers import LlamaForCausalLM

from firsthand.rewards import weights_version
from firsthand.store import Store
from firsthand.store.schema import calls

Generate = Callable[..., tuple[int, Any]]


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder with a small random model and smollm2's tokenizer."""
    return write_random_model(tmp_path / "trained", LlamaForCausalLM, max_position_embeddings=96)


def test_a_trained_model_answers_and_resumes_like_an_endpoint(
    trained: Path, generate: Generate, tmp_path: Path
) -> None:
    models = {"tuned": {"trained": str(trained), "family": "hf", "batch": 2}}
    status, report = generate("http://unused/v1", models=models)
    assert status == 0
    assert (report["models"][0]["answered"], report["models"][0]["failures"]) == (6, {})
    assert report["pairs"]["added"] == 3
    with Store(str(tmp_path / "store.db")) as store, store.engine.connect() as connection:
        rows = list(connection.execute(sa.select(calls)))
        assert {comparison.a.author for comparison in store.comparisons()} == {"tuned"}
        assert {one.a.origin["weights"] for one in store.comparisons()} == {weights_version(trained)}
    cold = {row.key: orjson.loads(row.reply)["text"] for row in rows if orjson.loads(row.reply)["setting"] == "cold"}
    assert all(row.completion_tokens == 6 for row in rows)
    status, report = generate("http://unused/v1", models=models)
    assert (report["models"][0]["known"], report["models"][0]["answered"], report["pairs"]["known"]) == (6, 0, 3)
    (tmp_path / "store.db").unlink()
    generate("http://unused/v1", models={"tuned": {**models["tuned"], "batch": 1}})
    with Store(str(tmp_path / "store.db")) as store, store.engine.connect() as connection:
        rows = list(connection.execute(sa.select(calls)))
    assert cold == {
        row.key: orjson.loads(row.reply)["text"] for row in rows if row.key in cold
    }  # padding changes nothing


def test_a_prompt_over_the_models_length_is_a_failure_of_its_own(trained: Path, generate: Generate) -> None:
    settings = {"short": {"temperature": 0, "max_tokens": 6}, "long": {"max_tokens": 90}}
    status, report = generate("http://unused/v1", models={"tuned": {"trained": str(trained)}}, settings=settings)
    assert status == 0
    assert report["models"][0]["failures"] == {"context": 3}
    assert "over the model's 96" in report["models"][0]["examples"]["context"]


def test_other_weights_under_the_same_name_are_asked_anew(trained: Path, generate: Generate) -> None:
    models = {"tuned": {"trained": str(trained)}}
    generate("http://unused/v1", models=models)
    model = LlamaForCausalLM.from_pretrained(trained)
    model.model.norm.weight.data[0] = 2.0
    model.save_pretrained(trained)
    _, report = generate("http://unused/v1", models=models)
    assert (report["models"][0]["known"], report["models"][0]["answered"]) == (0, 6)
