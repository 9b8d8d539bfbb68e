"""The versions of TRL whose internals the trainers were held against."""

from importlib.metadata import version

from firsthand.errors import InputError

TESTED = ("1.16",)
"""Major and minor versions with which tests/train/test_trl_contract.py passes; pyproject.toml asks for the same."""


def check_trl() -> None:
    """Raise InputError where another TRL is installed: where a loss has moved, something else would be trained."""
    installed = version("trl")
    if ".".join(installed.split(".")[:2]) not in TESTED:
        raise InputError(
            f"TRL {installed} is installed; the trainers override internals of TRL and were tested with "
            f"{', '.join(TESTED)} only. Install that: pip install 'trl=={TESTED[-1]}.*'"
        )
