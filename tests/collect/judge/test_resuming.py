"""Judging killed at random points and started again: no call that was completed is made twice, and none is missing."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from faulty_endpoint import FaultyEndpoint, faulty_endpoint
from judging import command, comparisons, judge, verdicts
from quick_start import Command

from firsthand.collect.judge.asked import asked_by
from firsthand.collect.judge.config import Choice, Judge, Method
from firsthand.collect.judge.questions import Backlog, questions
from firsthand.collect.judge.template import load_template
from firsthand.store import Store, schema

PATIENCE = 600
"""Seconds for a process to start, or to end when it is interrupted."""


class Asked:
    """A plan without faults that notes what is asked, in order."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, _number: int, body: dict[str, Any]) -> None:
        self.texts.append(body["messages"][-1]["content"])


def arguments(folder: Path, store: Store) -> list[str]:
    return ["collect", "judge", str(folder / "judge.yaml"), "--store", str(store.engine.url)]


def wait_for(asked: Asked, count: int, process: Command | subprocess.Popen[bytes]) -> None:
    """Wait until `count` requests have come, or the process is done."""
    deadline = time.monotonic() + PATIENCE
    while len(asked.texts) < count and process.poll() is None:
        assert time.monotonic() < deadline, "the process asks nothing"
        time.sleep(0.002)


def texts_by_key(folder: Path, store: Store, one: dict[str, Any]) -> dict[str, str]:
    """Every call that the whole job takes: its key in the journal, and what is asked."""
    configured = Judge.model_validate(one)
    asked = asked_by(Method.LOGPROBS, "j", configured, load_template(configured, folder))
    listed = questions(store, asked, Choice(), Backlog())
    return {question.key: question.messages[-1]["content"] for question in listed}


def answered_keys(store: Store) -> list[str]:
    with store.engine.connect() as connection:
        query = sa.select(schema.calls.c.key).where(schema.calls.c.outcome == "answer")
        return list(connection.execute(query).scalars())


def kill_and_resume(endpoint: FaultyEndpoint, asked: Asked, store: Store, folder: Path, kills: int) -> None:
    """Judge, killed `kills` times at random points, then to the end; check what was asked and what is kept."""
    generator = random.Random(13)
    one = judge(folder, endpoint.url, verdict="logprobs")
    (folder / "judge.yaml").write_text(json.dumps({"judges": {"j": one}}), encoding="utf-8")
    texts = texts_by_key(folder, store, one)
    per_run = len(texts) // (kills + 1)
    killed = 0
    for _ in range(kills):
        kept = {texts[key] for key in answered_keys(store)}
        before = len(asked.texts)
        with Command(arguments(folder, store)) as process:
            wait_for(asked, before + generator.randint(1, max(1, 2 * per_run)), process)
            time.sleep(generator.uniform(0, 0.05))
            killed += process.poll() is None
            process.kill()
        assert not kept & set(asked.texts[before:]), "a completed call was made again"
    kept = {texts[key] for key in answered_keys(store)}
    before = len(asked.texts)
    with Command(arguments(folder, store)) as process:
        assert process.wait(timeout=PATIENCE) == 0
    assert sorted(asked.texts[before:]) == sorted(set(texts.values()) - kept), "each call that was missing, once"
    assert sorted(answered_keys(store)) == sorted(texts)
    assert killed > kills / 2, "most processes ended before they were killed"


def test_a_job_killed_and_resumed_repeats_no_completed_call_and_misses_none(
    store: Store, tmp_path: Path, llamacpp_url: str
) -> None:
    comparisons(store, 8)
    asked = Asked()
    with faulty_endpoint(llamacpp_url, asked) as proxy:
        kill_and_resume(proxy, asked, store, tmp_path, kills=2)
    assert len(verdicts(store)) == 16


@pytest.mark.load
@pytest.mark.timeout(3600)
def test_a_job_killed_twenty_times(either_store: Store, tmp_path: Path, llamacpp_url: str) -> None:
    comparisons(either_store, 100)
    asked = Asked()
    with faulty_endpoint(llamacpp_url, asked) as proxy:
        kill_and_resume(proxy, asked, either_store, tmp_path, kills=20)
    assert len(verdicts(either_store)) == 200


def test_an_interrupted_job_keeps_what_was_answered(store: Store, tmp_path: Path) -> None:
    comparisons(store, 200)
    asked = Asked()
    with faulty_endpoint(None, asked, delay=0.05) as endpoint:
        job = {"judges": {"j": judge(tmp_path, endpoint.url)}}
        (tmp_path / "judge.yaml").write_text(json.dumps(job), encoding="utf-8")
        command_line = [sys.executable, "-m", "firsthand", *arguments(tmp_path, store)]
        with subprocess.Popen(command_line, stderr=subprocess.PIPE) as process:
            wait_for(asked, 50, process)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert b"interrupted; what was acknowledged is kept" in told
        assert len(answered_keys(store)) == len(asked.texts) < 400
        assert command(tmp_path, store, **job) == 0
    assert len(asked.texts) == len(set(asked.texts)) == 400
    assert len(verdicts(store)) == 400
