from typing import Any

import pytest

from firsthand.collect.generate.config import GenerateJob
from firsthand.config import check_config
from firsthand.errors import ConfigError

SOUND: dict[str, Any] = {
    "prompts": "demo",
    "models": {"m": {"endpoint": {"url": "http://host/v1"}}},
    "settings": {"plain": {}, "warm": {"temperature": 1.0}},
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": {}}, "models: "),
        ({"models": {"m": {}}}, "give endpoint, or trained"),
        ({"models": {"m": {"endpoint": {"url": "http://h/v1"}, "trained": "dir"}}}, "give endpoint, or trained"),
        ({"settings": {"plain": {}}}, "can't be compared: add a model"),
        ({"settings": {"a": {}, "b": {"samples": 2}}}, r"'a' and 'b' ask the same"),
        ({"pairs": "cross_author"}, r"needs two authors, there is one \(m\)"),
        ({"pairs": "same_author", "authors": "setting"}, "more samples, or settings"),
        ({"pairs": "best_vs_rest"}, "a scorer .* go together"),
        ({"scorer": "preferences"}, "a scorer .* go together"),
        ({"settings": {"a": {"parameters": {"n": 2}}}}, "n is not to be given here"),
        ({"settings": {"a": {"parameters": {"temperature": 2}}}}, "temperature is not to be given here"),
        ({"models": {"m": {"trained": "d"}}, "settings": {"a": {"parameters": {"min_p": 0.1}}}}, "takes none"),
        ({"budget": {"cost": 1}}, r"budget\.cost needs models\.m\.endpoint\.price"),
        ({"model": {}}, "unknown key, did you mean 'models'"),
    ],
)
def test_a_wrong_job_is_told_with_what_to_write(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_config({**SOUND, **changes}, GenerateJob)


def test_an_author_is_a_model_or_a_model_under_a_setting() -> None:
    models = {"m": {"endpoint": {"url": "http://h/v1"}, "family": "f"}, "n": {"trained": "dir"}}
    by_model = check_config({**SOUND, "models": models}, GenerateJob)
    assert by_model.responses_by_author() == {"m": 2, "n": 2}
    assert by_model.families() == {"m": "f"}
    by_setting = check_config({**SOUND, "models": models, "authors": "setting"}, GenerateJob)
    assert by_setting.responses_by_author() == {"m-plain": 1, "m-warm": 1, "n-plain": 1, "n-warm": 1}
    assert by_setting.families() == {"m-plain": "f", "m-warm": "f"}
