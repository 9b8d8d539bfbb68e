"""The nginx example of configs/deploy as it is, before two servers on one PostgreSQL, with a person in a browser."""

import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from load_site import PASSWORD, Server, free_port, make_site, start
from playwright.sync_api import Browser, expect
from quick_start import Command
from rating_site import look_at

from firsthand.store import Store

EXAMPLE = Path(__file__).resolve().parents[2] / "configs" / "deploy" / "nginx.conf"
SETTINGS = {"login": {"trusted_proxies": ["127.0.0.1"]}, "assignment": {"gold_share": 0, "repeat_share": 0}}


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed (apt-get install nginx-light)")
def test_a_person_logs_in_and_rates_while_either_server_dies(tmp_path: Path, browser: Browser, new_postgres_database):
    site = make_site(tmp_path, new_postgres_database(), 1, 20, SETTINGS)
    ports = [free_port(), free_port()]
    servers = [start(site, ports[0]), start(site, ports[1], Command)]
    try:
        with nginx(tmp_path, servers) as address:
            context = browser.new_context(ignore_https_errors=True)
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.goto(address)
            page.fill("[name=login]", site.logins[0])
            page.fill("[name=password]", PASSWORD)
            page.press("[name=password]", "Enter")
            page.wait_for_selector("#firsthand[data-step='rate']")
            # The site believes nginx that this is https.
            assert [cookie["secure"] for cookie in context.cookies() if "firsthand" in cookie["name"]] == [True]
            for number, dies in enumerate([None, 0, 1], start=1):
                if dies is not None:
                    servers[dies].kill()
                look_at(page)
                page.keyboard.press("3")
                expect(page.locator("#count")).to_contain_text(f"{number} of 20", timeout=60_000)
                if dies == 0:
                    servers[0] = start(site, ports[0], Command)
            context.close()
        # nginx would keep everyone's address: the example says that it shall not.
        assert not (tmp_path / "access.log").exists() or (tmp_path / "access.log").read_text() == ""
    finally:
        for server in servers:
            server.kill()
    with Store(site.store) as store:
        assert sum(entry.preference is not None for entry in store.entries()) == 3


@contextmanager
def nginx(folder: Path, servers: list[Server]) -> Iterator[str]:
    """nginx with the example, but for the addresses of the servers, its own, and the certificate; yields its URL."""
    port = free_port()
    example = EXAMPLE.read_text(encoding="utf-8")
    for number, server in enumerate(servers, start=1):
        example = example.replace(f"site-{number}:7860", server.url.removeprefix("http://"))
    example = example.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    example = re.sub(r"/etc/nginx/certificate", str(folder), example)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root root;\n" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log {folder}/access.log;\n{own}{example}}}\n",
        encoding="utf-8",
    )
    keys = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", *keys]
    subprocess.run(make, check=True, capture_output=True)
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with subprocess.Popen([*command, "-g", "daemon off;"]) as process:
        try:
            _wait_for(port)
            yield f"https://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(port: int) -> None:
    """Until nginx answers; over plain HTTP it says 400."""
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("nginx did not answer")
