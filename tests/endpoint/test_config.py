import pytest

from firsthand.config import check_config
from firsthand.endpoint.config import EndpointConfig
from firsthand.errors import ConfigError


def test_one_address_or_several() -> None:
    assert EndpointConfig(url="llamacpp:smollm2").url == ["llamacpp:smollm2"]
    assert EndpointConfig(url=["http://a/v1", "https://b:1/v1"]).url == ["http://a/v1", "https://b:1/v1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"url": "localhost:8000"}, "expected http://HOST:PORT/v1"),
        ({"url": "llamacpp:"}, "needs a model after it"),
        ({"url": []}, "at least 1 item"),
        ({"url": "http://me:secret@host/v1"}, "api_key_env"),
        ({"url": "http://host:99999/v1"}, "Port out of range"),
        ({"url": "http://host/v1", "api_key": "sk-1"}, "unknown key, did you mean 'api_key_env'"),
    ],
)
def test_a_wrong_endpoint_is_told_with_what_to_write(content: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_config(content, EndpointConfig)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"url": "http://host:1/v1", "model": "m"}, "m"),
        ({"url": "llamacpp:models/some-model.gguf"}, "some-model"),
        ({"url": "llamacpp:smollm2"}, "smollm2"),
        ({"url": "http://host:1/v1"}, "host:1"),
    ],
)
def test_a_model_without_a_name_is_called_after_its_address(content: dict[str, str], name: str) -> None:
    assert EndpointConfig(**content).name() == name
