"""A validated mix: only labels that a rule admits, every other one counted with its reason."""

from pathlib import Path
from typing import Any

import pytest
from builders import fill, human, synthetic

from firsthand.admission import Admission, Rule, write_admission
from firsthand.config import check_config
from firsthand.errors import ConfigError, InputError
from firsthand.store import Store
from firsthand.train.admitted import OTHER_TEMPLATE, REASONS, REFUSED, UNKNOWN, UNSURE
from firsthand.train.mix import draw_mix, write_mix
from firsthand.train.mix_config import MixConfig


def rule(judge: str, tag: dict[str, str | None] | None, threshold: float | None) -> Rule:
    return Rule(
        judge=judge, templates=[""], tag=tag, admitted=threshold is not None, threshold=threshold,
        agreement=0.9, lower_bound=0.86, n=240, n_prompts=100, more_labels=0, why="because",
    )  # fmt: skip


def config(path: Path | None, **synthetic_rules: Any) -> MixConfig:
    named = {} if path is None else {"admission": str(path)}
    return check_config(
        {
            "ratio": {"human": 0.5, "synthetic": 0.5},
            "anchor": {"fraction": 0},
            "synthetic": {"validated": True, **named, **synthetic_rules},
        },
        MixConfig,
    )


@pytest.fixture
def judged(store: Store) -> Store:
    """Ten comparisons of math, of code and without a tag; judge-1 is 0.6 to 0.9 sure in turn, judge-2 always 1."""
    tags = [{"domain": "math"}, {"domain": "code"}, {}]
    lines = [human(1000 + number) for number in range(40)]
    for number in range(30):
        sure = (0.6, 0.7, 0.8, 0.9)[number % 4]
        lines.append(synthetic(number, tags=tags[number % 3], p_a=sure))
        lines.append(synthetic(number, judge="judge-2", tags=tags[number % 3]))
    return fill(store, lines)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    found = [
        rule("judge-1", {"domain": "math"}, 0.8),
        rule("judge-1", {"domain": "code"}, None),
    ]
    path = tmp_path / "rules.json"
    write_admission(Admission(target=0.85, confidence=0.95, method="m", seed=13, split="s", rules=found), path)
    return path


def test_labels_are_admitted_by_judge_tag_and_confidence(judged: Store, rules: Path) -> None:
    mix = draw_mix(judged, config(rules))
    # math is every third comparison, 0, 3, ... 27; 0.8 or 0.9 sure are those with number % 4 > 1: 3, 6, 15, 18, 27.
    admitted = mix.splits["train"].query("source == 'synthetic'")
    assert len(admitted) == 5
    assert set(admitted["annotator"]) == {"judge-1"}
    assert (admitted["p_chosen"] >= 0.8).all()
    drops = mix.facts["drops"]
    assert drops[UNSURE] == {"synthetic": 5}
    assert drops[REFUSED] == {"synthetic": 10}
    assert drops[UNKNOWN] == {"synthetic": 10 + 30}


def test_the_manifest_counts_by_judge_and_tag(judged: Store, rules: Path) -> None:
    admission = draw_mix(judged, config(rules)).facts["admission"]
    assert (admission["target"], admission["confidence"]) == (0.85, 0.95)
    counts = {
        (row["judge"], (row["tag"] or {}).get("domain")): (row["admitted"], *(row["refused"][why] for why in REASONS))
        for row in admission["labels"]
    }
    assert counts == {
        ("judge-1", "math"): (5, 0, 0, 0, 5),
        ("judge-1", "code"): (0, 0, 10, 0, 0),
        ("judge-1", None): (0, 10, 0, 0, 0),
        ("judge-2", "math"): (0, 10, 0, 0, 0),
        ("judge-2", "code"): (0, 10, 0, 0, 0),
        ("judge-2", None): (0, 10, 0, 0, 0),
    }


def test_the_card_tells_it_and_equal_input_gives_equal_bytes(judged: Store, rules: Path, tmp_path: Path) -> None:
    manifests = [write_mix(judged, config(rules), tmp_path / name) for name in ("one", "two")]
    assert manifests[0] == manifests[1]
    card = (tmp_path / "one" / "README.md").read_text()
    assert "| judge-1 | domain: math | 5 | 0 | 0 | 0 | 5 |" in card
    assert "at least 85%" in card


def test_labels_of_a_template_that_was_not_validated_are_refused(judged: Store, rules: Path) -> None:
    # Ten more of math, 0.9 sure; asked with t, which the rule does not list: alone, or in one of the two orders.
    for number in range(10):
        said: dict[str, Any] = {"tags": {"domain": "math"}, "p_a": 0.9}
        asked = ["t"] if number < 6 else ["t", None]
        lines = [
            synthetic(100 + number, **said, shown_first=side) | {"judge": {"prompt_sha256": template}}
            for side, template in zip("ab", asked, strict=False)
        ]
        fill(judged, lines)
    facts = draw_mix(judged, config(rules)).facts
    assert facts["drops"][OTHER_TEMPLATE] == {"synthetic": 10}
    (math,) = (
        row for row in facts["admission"]["labels"] if row["judge"] == "judge-1" and row["tag"] == {"domain": "math"}
    )
    assert (math["admitted"], math["refused"][OTHER_TEMPLATE]) == (5, 10)


def test_nothing_admitted_is_wrong_input(judged: Store, rules: Path) -> None:
    with pytest.raises(InputError, match="50% synthetic rows but none is left"):
        draw_mix(judged, config(rules, judges=["judge-2"]))


def test_validated_without_a_file_names_the_command_that_makes_it() -> None:
    with pytest.raises(ConfigError, match="firsthand evaluate judges --rules FILE"):
        config(None)
    with pytest.raises(ConfigError, match="validated: true"):
        check_config({"ratio": {"human": 0.5, "synthetic": 0.5}, "synthetic": {"admission": "rules.json"}}, MixConfig)


def test_without_it_the_manifest_says_so(judged: Store) -> None:
    plain = check_config({"ratio": {"human": 0.5, "synthetic": 0.5}}, MixConfig)
    assert draw_mix(judged, plain).facts["admission"] is None
