"""Synthetic preferences from nothing to a validated mix: the shipped configurations made small, no network."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from firsthand.cli import main
from firsthand.records import Annotator, Source
from firsthand.sample import sample_entries
from firsthand.sample.simulate import simulated_entries
from firsthand.store import Store

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
JUDGE, RECORDED = "smollm2-judge", "recorded-judge"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs a command on the demo's store; returns what it printed as JSON.

    The store also has a judge that says what one of the people says, so that there is one to admit.
    """
    with Store(str(tmp_path / "demo.db")) as store:
        store.add(list(sample_entries()))
        said = list(simulated_entries(list(store.comparisons())))
        judge = Annotator(RECORDED, Source.SYNTHETIC)
        store.add([*said, *(replace(one, annotator=judge) for one in said if one.annotator.name == "simulated-1")])

    def command(*words: object) -> Any:
        capsys.readouterr()
        assert main([*map(str, words), "--store", str(tmp_path / "demo.db")]) == 0
        return json.loads(capsys.readouterr().out) if "--json" in words else None

    return command


def small(folder: Path, name: str, change: Callable[[dict[str, Any]], object]) -> Path:
    """The shipped configuration `name`, changed."""
    config = yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8"))
    change(config)
    path = folder / name
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def judging(folder: Path, limit: int, **endpoint: Any) -> Path:
    def change(config: dict[str, Any]) -> None:
        config["comparisons"]["limit"] = limit
        judge = config["judges"][JUDGE]
        judge["endpoint"] |= endpoint
        judge |= {name: str(CONFIGS / judge[name]) for name in ("template", "rubric")}

    return small(folder, "judge.yaml", change)


def test_generated_judged_held_against_people_and_admitted(
    run: Callable[..., Any], tmp_path: Path, llamacpp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def two_short_ones(config: dict[str, Any]) -> None:
        config["limit"] = 2
        config["settings"]["steady"]["max_tokens"] = config["settings"]["loose"]["max_tokens"] = 6

    generated = run("collect", "generate", small(tmp_path, "generate.yaml", two_short_ones), "--json")
    assert generated["models"][0]["answered"] == 4

    (judged,) = run("collect", "judge", judging(tmp_path, 3), "--json")
    assert (judged["judged"], judged["verdicts"], judged["method"]) == (3, 6, "logprobs")
    # The same configuration, pointed at a server: what was judged stays so.
    (more,) = run("collect", "judge", judging(tmp_path, 4, url=llamacpp_url), "--json")
    assert (more["judged_before"], more["judged"], more["failures"]) == (3, 1, {})

    rules = tmp_path / "rules.json"
    found = run("evaluate", "judges", "--json", "--target", 0.5, "--rules", rules)
    assert {one["judge"]: one["labels"] for one in found["judges"]}[JUDGE] == 4
    assert [one["judge"] for one in found["admission"]["rules"] if one["admitted"]] == [RECORDED]

    def validated(config: dict[str, Any]) -> None:
        config["synthetic"] |= {"validated": True, "admission": str(rules)}

    run("train", "mix", small(tmp_path, "mix.yaml", validated), "--out", tmp_path / "mix")
    manifest = json.loads((tmp_path / "mix" / "manifest.json").read_text(encoding="utf-8"))
    counts = {row["judge"]: row for row in manifest["admission"]["labels"]}
    assert counts[RECORDED]["admitted"] > 0
    assert counts[JUDGE]["admitted"] == 0
    assert manifest["realised"]["synthetic"]["rows"] > 0
