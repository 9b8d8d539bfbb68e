"""`firsthand ...` in a process of its own that begins with everything loaded: to import the site takes it seconds.

The processes are forked from one that has done nothing but import LOADED; what runs in them is the command itself. How
the real command starts is tested in tests/test_demo.py and tests/load/test_killed_servers.py.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

LOADED = ["firsthand.server", "firsthand.collect.generate.running", "firsthand.collect.judge.running"]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(LOADED)


class Command:
    """A running command, with what tests use of subprocess.Popen; `stdout` is what it prints, line by line.

    It leads a session of its own: os.killpg reaches the processes it has started as well.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        ours, theirs = _context.Pipe(duplex=False)
        self._process = _context.Process(target=_run, args=(theirs, [*arguments], dict(os.environ)))
        self._process.start()
        theirs.close()
        self.stdout = os.fdopen(os.dup(ours.fileno()), encoding="utf-8")
        ours.close()
        assert self._process.pid
        self.pid = self._process.pid

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_error: Any) -> None:
        self.wait()
        self.stdout.close()

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """`returncode`."""
        return self.returncode

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL, for the processes it has started too."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return `returncode`; raises subprocess.TimeoutExpired after `timeout` seconds."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("firsthand", timeout or 0)
        return self.returncode


def _run(out: Connection, arguments: list[str], environment: dict[str, str]) -> None:
    os.setsid()
    os.dup2(out.fileno(), sys.stdout.fileno())
    out.close()
    os.environ.clear()
    os.environ.update(environment)

    from firsthand.cli import main

    sys.exit(main(arguments))
