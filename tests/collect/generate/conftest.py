"""A job in a file, run as a user would."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from firsthand.cli import main

Generate = Callable[..., tuple[int, Any]]


@pytest.fixture
def write_job(tmp_path: Path) -> Callable[..., Path]:
    """Writes a job over three prompts, two settings of one model; arguments replace its keys."""

    def write(url: str | list[str], endpoint: dict[str, Any] | None = None, **changes: Any) -> Path:
        prompts = tmp_path / "prompts.jsonl"
        if not prompts.exists():
            rows = [{"prompt": f"Name {number} animals.", "tags": {"domain": "zoo"}} for number in (2, 3, 4)]
            prompts.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        model = {"endpoint": {"url": url, "model": "smollm2", "in_flight": 2, **(endpoint or {})}, "family": "hf"}
        settings = {"cold": {"temperature": 0, "max_tokens": 6}, "hot": {"temperature": 2.0, "max_tokens": 6}}
        job = {"prompts": str(prompts), "models": {"smollm2": model}, "settings": settings, **changes}
        path = tmp_path / "job.yaml"
        path.write_text(yaml.safe_dump(job))
        return path

    return write


@pytest.fixture
def generate(tmp_path: Path, write_job: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> Generate:
    """Runs the command on a job; returns its status and what it printed as JSON."""

    def run(*arguments: Any, options: tuple[str, ...] = (), **changes: Any) -> tuple[int, Any]:
        path = write_job(*arguments, **changes)
        capsys.readouterr()
        status = main(["collect", "generate", str(path), "--store", str(tmp_path / "store.db"), "--json", *options])
        printed = capsys.readouterr().out
        return status, json.loads(printed) if printed else None

    return run
