"""Small stores that a sweep can be run on, people's and a judge's taste known."""

import numpy as np
from builders import fill

from firsthand.store import Store

WORDS = ("one", "two", "three", "four")


def sweep_store(
    store: Store, prompts: int = 60, pairs: int = 4, judge: str = "judge-1", accuracy: float = 0.9, seed: int = 0
) -> Store:
    """People, two on each comparison, prefer the response with more `yes`; one judge finds it by the given chance.

    The more often a response says yes the more exclamation marks it has, so that style tells too. Every tenth
    comparison is a tie of people. Authors are kin of the judge (`judge-1`) and another.
    """
    chance = np.random.default_rng(seed)
    lines = []
    for prompt in range(prompts):
        question = "what is " + " ".join(chance.choice(WORDS, 3))
        for _ in range(pairs):
            yes = chance.permutation(5)[:2]
            texts = [" ".join([*chance.choice(WORDS, 4), *["yes !"] * count, f"no {prompt}"]) for count in yes]
            better = "a" if yes[0] > yes[1] else "b"
            other = "b" if better == "a" else "a"
            tie = chance.random() < 0.1
            compared = {
                "prompt": f"{question} {prompt}",
                "response_a": texts[0],
                "response_b": texts[1],
                "author_a": judge if chance.random() < 0.5 else "model-y",
                "author_b": "model-z",
                "tags": {"domain": "even" if prompt % 2 else "odd"},
            }
            for rater in ("ann", "ben"):
                verdict = "tie" if tie else better
                lines.append({**compared, "source": "human", "annotator": rater, "verdict": verdict})
            verdict = better if chance.random() < accuracy else other
            shown = str(chance.choice(["a", "b"]))
            lines.append(
                {**compared, "source": "synthetic", "annotator": judge, "verdict": verdict, "shown_first": shown}
            )
    return fill(store, lines)
