"""llama.cpp in this process, started on demand on a free local port, by the package xllamacpp."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firsthand.endpoint.config import EMBEDDED
from firsthand.errors import InputError
from firsthand.hardware import idle_cores
from firsthand.smollm2 import SMOLLM2, smollm2_gguf

MOST_SLOTS = 8
"""Answers that llama.cpp works on at once; each takes memory for a whole context, other calls wait in its queue."""


@contextmanager
def llamacpp_server(address: str, *, model: str, in_flight: int, context: int) -> Iterator[str]:
    """Serve the model at `address` (`llamacpp:...`) as `model` while the block runs; yields the API's URL.

    It listens on this machine alone and ends with the process, however that ends.
    Raises InputError when its packages are missing, or there is no such file or it can't be loaded.
    """
    path = gguf_path(address.removeprefix(EMBEDDED))
    if importlib.util.find_spec("xllamacpp") is None:
        raise InputError(f"{address!r} needs the package xllamacpp; run: pip install 'firsthand[demo]'")
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.model_alias = {model}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.verbosity = -1
    parameters.ui = False
    parameters.cpuparams.n_threads = idle_cores()
    parameters.n_parallel = min(in_flight, MOST_SLOTS)
    parameters.n_ctx = parameters.n_parallel * context
    try:
        server = xllamacpp.Server(parameters)
    except RuntimeError as error:
        raise InputError(f"llama.cpp can't load {path}: {error} Give a GGUF file of a language model") from None
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server  # its last reference: a traceback that holds this frame would keep it running


def gguf_path(name: str) -> Path:
    """The file of `smollm2`, or of the path `name`; raises InputError when there is none."""
    if name == SMOLLM2:
        return smollm2_gguf()
    path = Path(name).expanduser()
    if not path.is_file():
        raise InputError(f"there is no file {name}; give {EMBEDDED}FILE.gguf, or {EMBEDDED}{SMOLLM2}")
    return path
