"""HTTP requests to one address of an OpenAI-compatible API."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi

from firsthand import __version__
from firsthand.endpoint.failures import failure_of
from firsthand.endpoint.reply import CallFailed, FailureKind


@dataclass(frozen=True, slots=True)
class Api:
    """An address and the connections to it; `open_api` makes one."""

    url: str
    timeout_seconds: float
    session: aiohttp.ClientSession

    async def get(self, path: str) -> bytes:
        """The body of the answer to a GET of `path`; raises CallFailed where there is none, or none of success."""
        return await self._request("GET", path, None)

    async def post(self, path: str, body: bytes) -> bytes:
        """The body of the answer to a POST of the JSON `body`; raises CallFailed as `get` does."""
        return await self._request("POST", path, body)

    async def _request(self, method: str, path: str, body: bytes | None) -> bytes:
        try:
            async with self.session.request(method, f"{self.url}/{path}", data=body) as response:
                content = await response.read()
        except TimeoutError:
            message = f"no answer within {self.timeout_seconds:g} s (timeout_seconds)"
            raise CallFailed(FailureKind.TIMEOUT, message) from None
        except (aiohttp.ClientError, OSError, UnicodeError) as error:  # UnicodeError: no name of a host
            reason = str(error) or type(error).__name__
            raise CallFailed(FailureKind.OUTAGE, f"no connection: {reason}") from error
        if not 200 <= response.status < 300:
            raise failure_of(response.status, response.headers, content)
        return content


@asynccontextmanager
async def open_api(url: str, key: str | None, timeout_seconds: float, *, proxied: bool) -> AsyncIterator[Api]:
    """Connections to the API at `url`, as many as there are calls, closed when the block ends.

    timeout_seconds: for one request, from asking to the last byte. proxied: through the environment's proxy, if any.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=_trusted()),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={
            "Authorization": f"Bearer {key or 'none'}",
            "Content-Type": "application/json",
            "User-Agent": f"firsthand/{__version__}",
        },
        proxy=_proxy(url) if proxied else None,
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
    )
    async with session:
        yield Api(url.rstrip("/"), timeout_seconds, session)


def _trusted() -> ssl.SSLContext:
    """The machine's certificate authorities and Mozilla's, as some machines have none that Python finds."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for `url`; aiohttp would look for it at every request, and in ~/.netrc."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme, proxies.get("all"))
    return None if proxy is None or proxy_bypass(parts.netloc) else proxy
