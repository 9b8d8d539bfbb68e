"""The scripts, styles and HTML of a page, at addresses that change with their content."""

import hashlib
from collections.abc import Mapping
from importlib.resources.abc import Traversable

from fastapi import FastAPI, HTTPException
from fastapi.responses import Response

TYPES = {"css": "text/css", "js": "text/javascript", "html": "text/html"}
KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}


def read_files(folder: Traversable) -> dict[str, bytes]:
    """The files of TYPES in a folder, by name."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in TYPES}


def add_files(app: FastAPI, address: str, files: Mapping[str, bytes]) -> str:
    """Serve `files` under `address`; returns where: new content has a new address, so that no browser asks twice."""
    version = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()[:16]

    def send_file(asked: str, name: str) -> Response:
        if asked != version or name not in files:
            raise HTTPException(404, "There is no such file; load the page again.")
        return Response(files[name], media_type=TYPES[name.rpartition(".")[2]], headers=KEPT)

    app.add_api_route(f"{address}/{{asked}}/{{name}}", send_file, methods=["GET"])
    return f"{address}/{version}"


def head_of(where: str, styles: tuple[str, ...], script: str) -> str:
    """What loads the files: styles as they are, the script as a module."""
    links = (f'<link rel="stylesheet" href="{where}/{name}">' for name in styles)
    return "".join((*links, f'<script type="module" src="{where}/{script}"></script>'))
