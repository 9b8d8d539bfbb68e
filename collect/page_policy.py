"""The Content-Security-Policy of Gradio's pages: each lets through the inline scripts that it has, and no others."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firsthand.collect.serve import CONTENT_SECURITY_POLICY

PAGES = ("/", "/admin/", "/audit/")
_SCRIPT = re.compile(rb"<script(?P<attributes>[^>]*)>(?P<content>.*?)</script>", re.DOTALL)


class PagePolicy:
    """Puts the hashes of a page's inline scripts into its policy; stands inside SecureHeaders."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does; a page is read to its end first."""
        if scope.get("path") not in PAGES or scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def send_with_policy(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            MutableHeaders(scope=start).setdefault("Content-Security-Policy", policy_of(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, send_with_policy)


def policy_of(html: bytes) -> str:
    """The policy for a page: the site's, and the SHA-256 of each of its inline scripts."""
    inline = [found["content"] for found in _SCRIPT.finditer(html) if b"src=" not in found["attributes"]]
    hashes = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in inline)
    allowed = " ".join(["script-src 'self'", *(f"'sha256-{one}'" for one in hashes)])
    return CONTENT_SECURITY_POLICY.replace("script-src 'self'", allowed)
