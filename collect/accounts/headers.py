"""What a proxy says of a request, taken only from the proxies that the configuration names.

The address and the scheme (X-Forwarded-For, X-Forwarded-Proto) of the person's own connection, and, where
`login.header` is set, who the proxy says they are. The proxy must set that header itself on every request.
"""

import ipaddress
from typing import Any, cast

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from firsthand.collect.serve_config import Login

NAMED_BY_PROXY = "firsthand.named_by_proxy"
"""Where the scope of a request holds the login that a trusted proxy names."""


class TrustedProxies:
    """Puts the person's own address and scheme, and the login that a proxy names, into the scope of a request.

    The server below must not do the first itself (uvicorn: proxy_headers=False): the proxy's address would be gone.
    """

    def __init__(self, app: ASGIApp, login: Login) -> None:
        self.app = app
        self.header = login.header
        self.networks = [ipaddress.ip_network(proxy) for proxy in login.trusted_proxies]
        self.forwarding: Any = ProxyHeadersMiddleware(cast(Any, app), list(login.trusted_proxies))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with what a trusted proxy says of it."""
        if scope["type"] != "http" or not self._is_trusted(scope.get("client")):
            await self.app(scope, receive, send)
            return
        named = Headers(scope=scope).getlist(self.header) if self.header else []
        # Of two, one came from the browser, through a proxy that does not take it out.
        scope[NAMED_BY_PROXY] = _as_utf8(named[0]) if len(named) == 1 else None
        await self.forwarding(scope, receive, send)

    def _is_trusted(self, client: tuple[str, int] | None) -> bool:
        try:
            address = ipaddress.ip_address(client[0]) if client else None
        except ValueError:
            return False
        return address is not None and any(address in network for network in self.networks)


def _as_utf8(value: str) -> str:
    """A header that starlette read as Latin-1, read as the UTF-8 that proxies send."""
    return value.encode("latin-1").decode("utf-8", errors="replace")
