"""A store with people and two judges that give probabilities in both orders, made by a script with a seed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

Line = dict[str, Any]


@pytest.fixture(scope="session")
def judged_lines() -> Callable[..., list[Line]]:
    """Interchange lines: three people on the first `rated` of `prompts` prompts, judges `sharp` and `swayed` on all.

    `swayed` is noisier, and leans to the response it sees first.
    """

    def make(prompts: int = 120, rated: int = 100, seed: int = 3, sharp: float = 0.5) -> list[Line]:
        generator = np.random.default_rng(seed)
        lines = []
        for prompt in range(prompts):
            for pair in range(generator.integers(1, 4)):
                better = generator.normal(0, 2)
                comparison = {
                    "prompt": f"question {prompt}",
                    "response_a": f"first {prompt} {pair} " + "word " * int(generator.integers(0, 9)),
                    "response_b": f"second {prompt} {pair} " + "word " * int(generator.integers(0, 9)),
                    "author_a": "gpt-4",
                    "author_b": str(generator.choice(["llama-13b", "claude-v1"])),
                    "tags": {"domain": ("math", "writing")[prompt % 2]},
                }
                if prompt < rated:
                    for rater in ("ann", "ben", "cleo"):
                        felt = better + generator.normal(0, 0.4)
                        verdict = "tie" if abs(felt) < 0.1 else "a" if felt > 0 else "b"
                        lines.append({**comparison, "annotator": rater, "source": "human", "verdict": verdict})
                for judge, noise, pull in (("sharp", sharp, 0.1), ("swayed", 4.0, 1.0)):
                    felt = better + generator.normal(0, noise)
                    for side in ("a", "b"):
                        p_a = float(expit(1.5 * felt + (pull if side == "a" else -pull)))
                        answer = {"verdict": "a" if p_a > 0.5 else "b", "p_a": p_a, "shown_first": side}
                        lines.append({**comparison, **answer, "annotator": judge, "source": "synthetic"})
        return lines

    return make
