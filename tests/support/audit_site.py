"""The rating site over real votes of people and GPT-4, and a few comparisons with hostile texts and names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builders import fill
from crew import PASSWORD
from quality_site import QualitySite, wait_for
from quick_start import Command

from firsthand.collect.accounts.account import Role
from firsthand.collect.accounts.people import add
from firsthand.evaluate.audit.example import example_entries
from firsthand.store import Store

HOSTILE = "<img src=x onerror=alert(1)>"
AUTHOR = "</script><b>claude</b>"


@contextmanager
def audit_site(folder: Path) -> Iterator[QualitySite]:
    """`firsthand collect serve` over the votes, with an admin (ada), an auditor (otto) and an expert (eva)."""
    path = folder / "audit.db"
    with Store(str(path)) as store:
        store.add(list(example_entries()))
        fill(store, _hostile())
        roles = {"ada": Role.ADMIN, "otto": Role.AUDITOR, "eva": Role.EXPERT}
        accounts = {login: add(store, login, role, password=PASSWORD) for login, role in roles.items()}
    with Command(["collect", "serve", "--store", str(path), "--port", "0"]) as process:
        try:
            url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
            wait_for(url)
            yield QualitySite(url, path, accounts)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _hostile() -> Iterator[dict[str, object]]:
    """People chose the other response, the judge its own: the first that a reader of the finding sees."""
    for number in range(3):
        said = {
            "response_a": f"{HOSTILE} own {number}",
            "response_b": f"# Heading\n<script>alert(2)</script> other {number}",
            "author_a": "gpt-4",
            "author_b": AUTHOR,
            "prompt": f"{HOSTILE} question {number}",
            "tags": {"domain": HOSTILE},
        }
        for rater in range(6):
            yield said | {"annotator": f"rater-{rater}", "source": "human", "verdict": "b"}
        yield said | {"annotator": "gpt-4", "source": "synthetic", "verdict": "a"}
