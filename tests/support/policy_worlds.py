"""Votes on policies of known strengths."""

import numpy as np

from firsthand.evaluate.policies.read import Compared


def compared(rows, authors, prompt=None, length=None):
    """Comparisons from (author A, author B, outcome), the outcome `a`, `b`, `tie`, or shares of the three."""
    share = {"a": (1, 0, 0), "tie": (0, 1, 0), "b": (0, 0, 1)}
    return Compared(
        by="people",
        authors=tuple(authors),
        pair=np.array([(authors.index(a), authors.index(b)) for a, b, _ in rows]),
        outcome=np.array([share.get(outcome, outcome) for *_, outcome in rows], np.float64),
        length=np.full((len(rows), 2), np.nan) if length is None else np.array(length, np.float64),
        prompt=np.arange(len(rows)) if prompt is None else np.array(prompt),
        votes=len(rows),
        voters=1,
        simulated=False,
        left_out={},
    )


def policy_world(
    generator: np.random.Generator,
    theta: list[float],
    prompts: int = 60,
    pairs: int = 3,
    nu: float = 0.6,
    spread: float = 0.5,
) -> Compared:
    """`pairs` comparisons a prompt of policies drawn at random; a prompt moves each policy's strength by `spread`."""
    count = len(theta)
    moved = np.array(theta) + spread * generator.standard_normal((prompts, count))
    prompt = np.repeat(np.arange(prompts), pairs)
    pair = np.array([generator.choice(count, 2, replace=False) for _ in prompt])
    difference = moved[prompt, pair[:, 0]] - moved[prompt, pair[:, 1]]
    weights = np.stack([np.exp(difference / 2), np.full(len(prompt), nu), np.exp(-difference / 2)], axis=1)
    chance = weights / weights.sum(axis=1, keepdims=True)
    outcome = (generator.random(len(prompt))[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    return Compared(
        by="people",
        authors=tuple(f"policy-{number}" for number in range(count)),
        pair=pair.astype(np.int64),
        outcome=np.eye(3)[outcome],
        length=np.full((len(prompt), 2), np.nan),
        prompt=prompt,
        votes=len(prompt),
        voters=1,
        simulated=True,
        left_out={},
    )


def true_points(theta: list[float], nu: float = 0.6, spread: float = 0.5) -> np.ndarray:
    """What `Policy.points` estimates: over prompts, by Gauss-Hermite quadrature of the difference's normal, (P,)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    difference = np.subtract.outer(theta, theta)[..., None] + np.sqrt(2) * spread * nodes
    win, tie, lose = np.exp(difference / 2), nu, np.exp(-difference / 2)
    points = ((win + tie / 2) / (win + tie + lose)) @ weights / weights.sum()
    np.fill_diagonal(points, 0)
    return points.sum(axis=1) / (len(theta) - 1)
