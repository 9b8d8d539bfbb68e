"""The examples in configs/deploy name the same servers and addresses."""

import re
from pathlib import Path

import yaml

from firsthand.collect.serve_config import ServeConfig
from firsthand.config import check_config

DEPLOY = Path(__file__).resolve().parents[2] / "configs" / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")


def test_only_the_proxy_is_trusted():
    config = check_config(yaml.safe_load((DEPLOY / "serve.yaml").read_text(encoding="utf-8")), ServeConfig)
    assert config.login.trusted_proxies == (COMPOSE["services"]["proxy"]["networks"]["inside"]["ipv4_address"],)
    assert config.login.header is None


def test_the_proxy_passes_on_to_every_server_and_nobody_else_reaches_them():
    servers = {name for name in COMPOSE["services"] if name.startswith("site-")}
    assert set(re.findall(r"server (site-\d+):7860;", NGINX)) == servers
    assert all("ports" not in COMPOSE["services"][name] for name in [*servers, "db"])


def test_the_proxy_tells_what_the_site_needs_to_know():
    sent = dict(re.findall(r"proxy_set_header (\S+) (\S+);", NGINX))
    assert sent == {"Host": "$http_host", "X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$scheme"}
