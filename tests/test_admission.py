import json
from pathlib import Path

import pytest

from firsthand.admission import Admission, Rule, read_admission, write_admission
from firsthand.errors import ConfigError, InputError


def rule(judge: str = "gpt-4", tag: dict[str, str | None] | None = None, threshold: float | None = 0.8) -> Rule:
    return Rule(
        judge=judge, templates=[""], tag=tag, admitted=threshold is not None, threshold=threshold,
        agreement=0.9, lower_bound=0.86, n=240, n_prompts=100, more_labels=0, why="because",
    )  # fmt: skip


def admission(*rules: Rule) -> Admission:
    return Admission(target=0.85, confidence=0.95, method="m", seed=13, split="s", rules=list(rules))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    written = admission(rule(tag={"domain": "math"}), rule(threshold=None))
    write_admission(written, path)
    assert read_admission(path)[0] == written
    assert json.loads(path.read_text())["schema"] == 1


def test_a_rule_that_names_the_tag_goes_before_one_for_all() -> None:
    every, math, none = rule(), rule(tag={"domain": "math"}), rule(tag={"domain": None})
    found = admission(every, math, none)
    assert found.rule_for("gpt-4", {"domain": "math"}) is math
    assert found.rule_for("gpt-4", {}) is none
    assert found.rule_for("gpt-4", {"domain": "writing"}) is every
    assert found.rule_for("claude", {}) is None


def test_a_file_that_is_missing_or_no_json_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="firsthand evaluate judges --rules FILE"):
        read_admission(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("[1, 2")
    with pytest.raises(InputError, match=r"bad\.json"):
        read_admission(tmp_path / "bad.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(InputError, match="expected an object"):
        read_admission(tmp_path / "list.json")


def test_a_file_with_wrong_values_tells_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    write_admission(admission(rule()), path)
    content = json.loads(path.read_text())
    content["target"] = 2
    content["rules"][0]["threshold"] = 0.2
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError) as raised:
        read_admission(path)
    assert {where for where, _ in raised.value.problems} == {"target", "rules.0.threshold"}


def test_a_rule_that_contradicts_itself_or_another_is_refused() -> None:
    with pytest.raises(ValueError, match=r"admitted is false but threshold is 0\.8"):
        Rule(**{**rule().model_dump(), "admitted": False})
    with pytest.raises(ValueError, match=r"two rules for the judge 'gpt-4' and the tag \{'domain': 'math'\}"):
        admission(rule(tag={"domain": "math"}), rule(tag={"domain": "math"}, threshold=None), rule())
