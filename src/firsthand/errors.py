"""Every error firsthand raises on purpose, and the exit status it ends a command with."""

from collections.abc import Sequence


class FirsthandError(Exception):
    """A failure that firsthand explains: what happened, the value received, what to do."""

    exit_status = 1


class InputError(FirsthandError):
    """Wrong input or a wrong request; nothing was lost, and the message says what to change."""

    exit_status = 2


class RecordError(InputError, ValueError):
    """One record (a line of a file, a row of a table) that can't be taken as it stands."""


class ConfigError(InputError):
    """A configuration with one or more problems, all of them told at once.

    `problems` holds (path in the YAML, what is wrong) pairs.
    """

    def __init__(self, where: str, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = list(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"
        lines = "".join(f"\n  {path or '(top level)'}: {message}" for path, message in self.problems)
        super().__init__(f"{where}: {count}{lines}")
