"""Configurations: all problems at once, each with its path; and every shipped one loads."""

import re
from pathlib import Path

import pytest

from firsthand.config import Config, check_config, load_config
from firsthand.errors import ConfigError, InputError
from firsthand.train.mix_config import MixConfig, parse_ratio


class Inner(Config):
    fraction: float = 0.2


class Outer(Config):
    seed: int
    anchor: Inner = Inner()
    tags: tuple[str, ...] = ()


def test_all_problems_are_told_at_once_with_path_value_and_suggestion() -> None:
    with pytest.raises(ConfigError) as caught:
        check_config({"sed": 1, "anchor": {"fracton": 0.1, "fraction": "much"}, "tags": ["a", 3]}, Outer, "mix.yaml")
    assert dict(caught.value.problems) == {
        "seed": "missing; this key is required",
        "sed": "unknown key, did you mean 'seed'?",
        "anchor.fraction": "Input should be a valid number, unable to parse string as a number (got 'much')",
        "anchor.fracton": "unknown key, did you mean 'fraction'?",
        "tags.1": "Input should be a valid string (got 3)",
    }
    assert str(caught.value).startswith("mix.yaml: 5 problems\n")
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"seed: [1", "is not valid YAML"),
        (b"seed: 2024-02-31", "is not valid YAML: day is out of range"),
        (b"seed: " + b"[" * 2000, "is not valid YAML"),
        (b"seed: 1\ntags: []\nseed: 2", "the key 'seed' stands twice\n.*line 3"),
        (b"- 1\n- 2", "expected keys and values, got list"),
        (b"seed: \xff", "can't read the configuration"),
        (b"", "seed: missing"),
    ],
)
def test_a_file_that_is_no_configuration(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "mix.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_config(path, Outer)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"can't read the configuration .*nowhere\.yaml"):
        load_config(tmp_path / "nowhere.yaml", Outer)


def test_overrides_replace_top_level_keys(tmp_path: Path) -> None:
    path = tmp_path / "mix.yaml"
    path.write_text("seed: 1\nanchor: {fraction: 0.3}")
    assert load_config(path, Outer, {"seed": 2}) == Outer(seed=2, anchor=Inner(fraction=0.3))


def test_a_mix_whose_shares_do_not_add_up_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"ratio: human 0\.7 and synthetic 0\.7 must add up to 1"):
        check_config({"ratio": {"human": 0.7, "synthetic": 0.7}}, MixConfig)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("human=0.7,synthetic=0.3", {"human": 0.7, "synthetic": 0.3}),
        ("synthetic=0.25", {"human": 0.75, "synthetic": 0.25}),
        ("human=1", {"human": 1.0, "synthetic": 0.0}),
    ],
)
def test_ratio_on_the_command_line(text: str, shares: dict[str, float]) -> None:
    assert parse_ratio(text) == shares


@pytest.mark.parametrize("text", ["", "0.7", "human", "human=x", "people=0.5,synthetic=0.5", "human=0.5,human=0.5"])
def test_a_ratio_that_can_not_be_read_is_shown_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match=rf"the ratio is {re.escape(repr(text))}; expected shares such as human=0\.7"):
        parse_ratio(text)
