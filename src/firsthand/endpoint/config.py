"""What a configuration says of an endpoint."""

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator

from firsthand.config import Config
from firsthand.errors import InputError

EMBEDDED = "llamacpp:"
"""What the address of an embedded model begins with; after it, `smollm2` or the path of a GGUF file."""
OURS = ("model", "messages", "stream", "n")
"""Keys of a request that are not for a configuration's `parameters` to give."""


class Price(Config):
    """US dollars per million tokens."""

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """The cost of so many tokens, in US dollars."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1_000_000


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class EndpointConfig(Config):
    """A model behind one address or several.

    url: an address of an OpenAI-compatible API (`http://host:8000/v1`), `llamacpp:smollm2`, `llamacpp:FILE.gguf`, or a
    list of addresses that serve the same model: calls are spread over them. model: its name there; absent, the only one
    the endpoint lists. api_key_env: the environment variable that holds the key. in_flight: calls under way at once.
    timeout_seconds: for one attempt, waiting in the server's queue included. attempts: how often a call is tried before
    it counts as failed. price: for the cost and its budget. context: tokens an embedded model takes, answer included.
    """

    url: Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]
    model: str | None = None
    api_key_env: str | None = None
    in_flight: int = Field(default=8, ge=1, le=1000)
    timeout_seconds: float = Field(default=300, gt=0)
    attempts: int = Field(default=6, ge=1, le=100)
    price: Price | None = None
    context: int = Field(default=4096, ge=256)

    @field_validator("url")
    @classmethod
    def _addresses(cls, urls: list[str]) -> list[str]:
        for url in urls:
            parts = urlsplit(url)
            _ = parts.port  # raises ValueError where it is none
            if url.startswith(EMBEDDED):
                if not url.removeprefix(EMBEDDED):
                    raise ValueError(f"{EMBEDDED} needs a model after it: {EMBEDDED}smollm2 or {EMBEDDED}FILE.gguf")
            elif parts.scheme not in ("http", "https") or not parts.netloc:
                raise ValueError(f"expected http://HOST:PORT/v1, https://..., {EMBEDDED}smollm2 or {EMBEDDED}FILE.gguf")
            elif parts.username or parts.password:
                raise ValueError("an address may not hold a key; name its environment variable in api_key_env")
        return urls

    def api_key(self) -> str | None:
        """The key, from the environment; None where no variable is named. Raises InputError when it is not set."""
        if self.api_key_env is None:
            return None
        key = os.environ.get(self.api_key_env)
        if not key:
            raise InputError(f"the environment variable {self.api_key_env} (api_key_env) is not set; put the key there")
        if not key.isprintable():
            raise InputError(
                f"the environment variable {self.api_key_env} (api_key_env) holds a line break or another "
                "character that no key has; set it again, without"
            )
        return key

    def name(self) -> str:
        """A name for the model where the configuration gives none: that of the file, else of the address."""
        if self.model is not None:
            return self.model
        address = self.url[0]
        if address.startswith(EMBEDDED):
            return Path(address.removeprefix(EMBEDDED)).stem
        return urlsplit(address).netloc
