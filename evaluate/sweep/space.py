"""From the features of responses to those of comparisons: the differences of A and B, on one scale."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.style import NAMES, STYLE
from firsthand.evaluate.sweep.features import Features
from firsthand.evaluate.sweep.hidden import HalfArray

ROWS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class Space:
    """x: (N, K), features of A minus those of B. style: (K,), the columns that exchanging the style changes."""

    x: FloatArray
    style: npt.NDArray[np.bool_]


def make_space(features: Features, train: IntArray, components: int) -> Space:
    """The space of all N comparisons; `train` are those it is scaled on, whose labels play no part.

    Every column is divided by its root mean square over `train`. The states, so scaled, enter as their principal
    components there (of the differences about 0, for A and B are exchangeable), all divided by one number that makes
    their mean square 1 in all: a penalty then weighs on the small components first.
    """
    pairs = features.response
    columns = features.surface[pairs[:, 0]] - features.surface[pairs[:, 1]]
    columns = columns / _root_mean_square((columns[train] ** 2).sum(axis=0), len(train))
    style = np.array([name in STYLE for name in NAMES])
    if features.states is None:
        return Space(columns, style)
    content = _components(features.states, pairs, pairs[train], components)
    return Space(np.concatenate([columns, content], axis=1), np.append(style, np.zeros(content.shape[1], np.bool_)))


def _components(states: HalfArray, pairs: IntArray, base: IntArray, components: int) -> FloatArray:
    """The principal components of the differences `base` (T, 2), of all differences `pairs` (N, 2)."""
    moments = sum((block.T @ block for block in _differences(states, base)), np.zeros((states.shape[1],) * 2))
    scale = _root_mean_square(np.diag(moments), len(base))
    values, vectors = np.linalg.eigh(moments / np.outer(scale, scale) / len(base))
    top = np.argsort(values)[::-1][: min(components, len(values), len(base))]
    # Without a sign of their own, components would differ from one machine to the next.
    signs = np.sign(vectors[np.abs(vectors[:, top]).argmax(axis=0), top])
    rotation = vectors[:, top] * signs / scale[:, None] / np.sqrt(max(values[top].mean(), 1e-12))
    return np.concatenate([block @ rotation for block in _differences(states, pairs)])


def _differences(states: HalfArray, pairs: IntArray) -> Iterator[FloatArray]:
    for start in range(0, len(pairs), ROWS_AT_ONCE):
        block = pairs[start : start + ROWS_AT_ONCE]
        yield states[block[:, 0]].astype(np.float64) - states[block[:, 1]].astype(np.float64)


def _root_mean_square(squares: FloatArray, count: int) -> FloatArray:
    """From sums of squares; 1 for a column that is always 0."""
    found: FloatArray = np.sqrt(squares / max(count, 1))
    return np.where(found > 0, found, 1.0)
