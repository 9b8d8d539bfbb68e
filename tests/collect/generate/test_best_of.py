"""Of n candidates the one that a reward model scores highest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from random_models import write_random_model
from transformers import LlamaForCausalLM, LlamaForSequenceClassification

from firsthand.cli import main
from firsthand.collect.generate.config import GenerateJob
from firsthand.collect.generate.pairing import add_comparisons
from firsthand.collect.generate.prompts import make_prompt
from firsthand.collect.generate.report import PairReport
from firsthand.collect.generate.requests import KIND, wanted
from firsthand.config import check_config
from firsthand.errors import ConfigError
from firsthand.rewards import RewardModel
from firsthand.store import Store
from firsthand.store.calls import Call, record
from firsthand.store.schema import calls

PROMPT = make_prompt("Name a river.")
VERSIONS = {"plain": "", "best": ""}
Generate = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def reward_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random reward model and smollm2's tokenizer."""
    options = {"max_position_embeddings": 96, "num_labels": 1, "initializer_range": 0.5}
    folder = tmp_path_factory.mktemp("reward")
    return write_random_model(folder, LlamaForSequenceClassification, seed=1, **options)


def job_with(reward_model: Path, n: int = 3, **setting: Any) -> GenerateJob:
    endpoint = {"url": "http://host/v1"}
    models = {"plain": {"endpoint": endpoint}, "best": {"endpoint": endpoint}}
    models["best"]["best_of"] = {"n": n, "reward_model": str(reward_model)}
    return check_config({"prompts": "demo", "models": models, "settings": {"s": setting}}, GenerateJob)


def compare(store: Store, job: GenerateJob, texts: dict[str, list[str | None]]) -> PairReport:
    """Put each model's texts into the journal, None for no answer, and compare."""
    answers = [
        Call(KIND, one.key, "answer", {"text": text})
        for model, said in texts.items()
        for one, text in zip(wanted(job, PROMPT, model, ""), said, strict=True)
        if text is not None
    ]
    record(store, answers)
    return add_comparisons(job, store, [PROMPT], VERSIONS, complete=True)


def picks(store: Store) -> list[dict[str, Any]]:
    with store.engine.connect() as connection:
        replies = [orjson.loads(row.reply) for row in connection.execute(sa.select(calls.c.reply))]
        return [reply for reply in replies if "picked" in reply]


def test_the_highest_score_is_compared_and_the_pick_is_written_down(store: Store, reward_model: Path) -> None:
    said = ["The Nile.", "A river is water that flows to a sea.", "Danube, of course!"]
    conversations = [[*PROMPT.messages, {"role": "assistant", "content": text}] for text in said]
    scores = RewardModel(str(reward_model)).scores(conversations).tolist()
    job = job_with(reward_model)
    report = compare(store, job, {"plain": ["I like the Rhine."], "best": said})
    assert (report.added, report.picked) == (1, 1)
    (comparison,) = store.comparisons()
    assert {(side.author, side.content) for side in (comparison.a, comparison.b)} == {
        ("plain", "I like the Rhine."),
        ("best", said[scores.index(max(scores))]),
    }
    assert {side.author: side.origin.get("best_of") for side in (comparison.a, comparison.b)} == {
        "plain": None,
        "best": 3,
    }
    (pick,) = picks(store)
    assert pick["scores"] == pytest.approx(scores)
    assert pick["candidates"] == [one.key for one in wanted(job, PROMPT, "best", "")]
    assert pick["picked"] == pick["candidates"][scores.index(max(scores))]
    assert (pick["author"], pick["n"], pick["prompt_id"]) == ("best", 3, PROMPT.id)
    again = compare(store, job, {"plain": ["I like the Rhine."], "best": said})
    assert (again.known, again.picked, len(picks(store))) == (1, 0, 1)


def test_candidates_that_failed_are_done_without_and_over_long_ones_never_win(store: Store, reward_model: Path) -> None:
    long = "far too long " * 60  # over the 96 tokens that the model reads
    compare(store, job_with(reward_model), {"plain": ["Rhine."], "best": [long, None, "Nile."]})
    assert {side.content for found in store.comparisons() for side in (found.a, found.b)} == {"Rhine.", "Nile."}
    assert picks(store)[0]["scores"][0] is None
    assert len(picks(store)[0]["candidates"]) == 2


def test_where_no_candidate_has_a_score_there_is_no_response(store: Store, reward_model: Path) -> None:
    long = ["far too long " * (60 + extra) for extra in range(3)]
    report = compare(store, job_with(reward_model), {"plain": ["Rhine."], "best": [*long]})
    assert (report.added, report.left_out) == (0, {"best-of-n responses: no candidate has a score": 1})


def test_candidates_have_seeds_of_their_own_and_more_of_them_keep_the_first(reward_model: Path) -> None:
    few, many = (job_with(reward_model, n) for n in (2, 4))
    plain = wanted(few, PROMPT, "plain", "")
    two, four = (wanted(job, PROMPT, "best", "") for job in (few, many))
    assert (len(plain), len(two), len(four)) == (1, 2, 4)
    assert len({one.seed for one in (*plain, *four)}) == 5
    assert [one.key for one in four[:2]] == [one.key for one in two]


def test_models_share_their_seeds_or_have_their_own(reward_model: Path) -> None:
    endpoint = {"endpoint": {"url": "http://host/v1"}}
    content = {"prompts": "demo", "models": {"one": endpoint, "two": endpoint}, "settings": {"s": {}}}
    seeds = [
        [wanted(check_config({**content, **keys}, GenerateJob), PROMPT, model, "")[0].seed for model in ("one", "two")]
        for keys in ({}, {"seeds": "own"})
    ]
    assert seeds[0][0] == seeds[0][1]
    assert len({seeds[0][0], *seeds[1]}) == 3


def test_candidates_that_are_all_the_same_are_refused(reward_model: Path) -> None:
    with pytest.raises(ConfigError, match=r"models\.best\.best_of needs candidates that differ.*settings\.s"):
        job_with(reward_model, temperature=0)
    with pytest.raises(ConfigError, match=r"best_of\.n"):
        job_with(reward_model, n=1)


def test_a_missing_reward_model_is_said_before_anything_is_written(
    write_job: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = {"trained": "smollm2", "best_of": {"n": 2, "reward_model": str(tmp_path / "no-such-folder")}}
    settings = {"hot": {"temperature": 1.0}, "hotter": {"temperature": 2.0}}
    job = write_job("http://unused/v1", models={"best": model}, settings=settings)
    assert main(["collect", "generate", str(job), "--store", str(tmp_path / "store.db")]) == 2
    assert "no-such-folder" in capsys.readouterr().err


def test_a_whole_run_writes_the_candidates_and_picks(
    generate: Generate, write_job: Callable[..., Path], reward_model: Path, tmp_path: Path
) -> None:
    writer = write_random_model(
        tmp_path / "writer", LlamaForCausalLM, max_position_embeddings=96, initializer_range=0.5
    )
    best = {"trained": str(writer), "best_of": {"n": 3, "reward_model": str(reward_model)}, "batch": 4}
    models = {"plain": {"trained": str(writer)}, "best": best}
    settings = {"hot": {"temperature": 1.0, "max_tokens": 6}}
    status, report = generate("http://unused/v1", models=models, settings=settings, pairs="cross_author")
    assert status == 0
    assert {model["name"]: model["answered"] for model in report["models"]} == {"plain": 3, "best": 9}
    assert (report["pairs"]["picked"], report["pairs"]["added"]) == (3, 3)
    status, report = generate("http://unused/v1", models=models, settings=settings, pairs="cross_author")
    assert [model["answered"] for model in report["models"]] == [0, 0]
    assert (report["pairs"]["picked"], report["pairs"]["known"]) == (0, 3)
