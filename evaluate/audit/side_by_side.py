"""The same work for every judge, in processes side by side where there is much of it."""

import multiprocessing
from collections.abc import Callable
from typing import TypeVar

from firsthand.hardware import threads

MUCH = 20_000
"""Comparisons from which on loading a process takes less time than it saves."""
Result = TypeVar("Result")


def for_judges(work: Callable[[int], Result], judges: int, comparisons: int) -> list[Result]:
    """`work` of the numbers of all judges; where it is done in other processes, it is pickled with what it holds."""
    processes = min(judges, threads())
    if processes == 1 or comparisons < MUCH or multiprocessing.current_process().daemon:
        return [work(judge) for judge in range(judges)]
    from joblib import Parallel, delayed

    # joblib hands large arrays over by a file in memory, and gives each process its share of the threads.
    done: list[Result] = Parallel(n_jobs=processes)(delayed(work)(judge) for judge in range(judges))
    return done
