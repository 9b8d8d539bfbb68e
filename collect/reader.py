"""Reading a long file in a process of its own, so that reading and writing take a processor each.

`python -m firsthand.collect.reader` takes a pickled Job from its input, then, for each batch, what `Reading.settle` is
told; it gives packed batches to its output and at the end a Summary, or the InputError that kept it from reading.
It reads at most BATCHES_AHEAD batches ahead of what the pipe takes. It ends when the importing process does, since its
pipes then break.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any, TypeAlias, cast

from firsthand.ahead import map_ahead
from firsthand.collect.reading import Batch, Job, Reading, Summary
from firsthand.errors import InputError
from firsthand.flat import packed, unpacked

BATCHES_AHEAD = 40
PIPE_BYTES = 2**20
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**28), "MALLOC_MMAP_THRESHOLD_": str(2**25)}
"""Settings of glibc: each batch takes the memory of the one before, instead of giving it back and asking for more."""

Refusals: TypeAlias = "SimpleQueue[dict[int, str]]"
"""What the importing process says of the batches, the oldest first."""


class ReadingBeside:
    """A Reading in another process, with the same methods."""

    def __init__(self, process: "subprocess.Popen[bytes]", job: Job) -> None:
        self.process, self.job = process, job
        self.input, self.output = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        self.summary = Summary(job.name, "")
        self._send(job)

    def batches(self) -> Iterator[Batch]:
        """Like those of Reading; one more is read while the last is used."""
        while isinstance(value := self._receive(), tuple):
            entries, position = value
            yield Batch(unpacked(entries), position)
        self.summary = value

    def settle(self, refused: dict[int, str]) -> None:
        """Tell what became of the oldest batch."""
        self._send(refused)

    def finished(self) -> Summary:
        """The summary, when all batches are settled."""
        return self.summary

    def _send(self, value: Any) -> None:
        try:
            _write(self.input, value)
        except BrokenPipeError:
            raise self._ended() from None

    def _receive(self) -> Any:
        try:
            value = _received(self.output)
        except (EOFError, pickle.UnpicklingError):
            raise self._ended() from None
        if isinstance(value, InputError):
            raise value
        return value

    def _ended(self) -> InputError:
        return InputError(
            f"{self.job.name}: the process that reads it ended with status {self.process.wait()}; "
            "what was imported until then is kept, import it again for the rest"
        )


@contextmanager
def reading_beside(job: Job) -> Iterator[ReadingBeside]:
    """Start reading `job` in another process, which is gone when this is left."""
    python_path = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    environment = os.environ | KEEP_MEMORY | {"PYTHONPATH": python_path}
    command = [sys.executable, "-m", "firsthand.collect.reader"]
    process = subprocess.Popen(  # noqa: S603 - no part of it is input
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, pipesize=PIPE_BYTES
    )
    try:
        yield ReadingBeside(process, job)
    except BaseException:
        process.kill()
        raise
    finally:
        process.communicate()


def main() -> None:
    """Read the job that comes on the input."""
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # What a library prints does not belong between the batches.
    try:
        try:
            _read(_received(sys.stdin.buffer), results)
        except InputError as error:
            _write(results, error)
    except (BrokenPipeError, EOFError, KeyboardInterrupt):
        os._exit(1)  # The importing process has ended, or is about to say that it was interrupted.


def _read(job: Job, results: IO[bytes]) -> None:
    # A thread waits for the pipe to take a batch, so that the next one is read in the meantime.
    with Reading(job) as reading:
        refusals: Refusals = SimpleQueue()
        receiver = Thread(target=_receive, args=(refusals,), daemon=True)
        receiver.start()
        for _ in map_ahead(partial(_write, results), _packed_batches(reading, refusals), depth=BATCHES_AHEAD):
            pass
        while reading.unsettled:
            reading.settle(refusals.get())
        _write(results, reading.finished())
    receiver.join()


def _packed_batches(reading: Reading, refusals: Refusals) -> Iterator[tuple[bytes, int]]:
    for batch in reading.batches():
        yield packed(batch.entries), batch.position
        # At once, so that the next rows take the memory of those that are settled while it is still in the caches.
        while not refusals.empty():
            reading.settle(refusals.get())


def _receive(refusals: Refusals) -> None:
    try:
        while True:
            refusals.put(_received(sys.stdin.buffer))
    except EOFError:
        os._exit(0)  # The importing process has ended, or has all that it wants.


def _write(pipe: IO[bytes], value: Any) -> None:
    pickle.dump(value, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _received(pipe: IO[bytes]) -> Any:
    return pickle.load(pipe)  # noqa: S301 - what comes is firsthand's own


if __name__ == "__main__":
    main()
