from dataclasses import replace

import numpy as np
import pytest
from policy_worlds import policy_world
from report_pages import sound_page
from views import LOOKED_AT

from firsthand.estimates import Estimate
from firsthand.evaluate.accuracy import measure_accuracy
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.costs import Answering, Training
from firsthand.evaluate.policies.page import write_policies_page
from firsthand.evaluate.policies.ranking import rank_policies
from firsthand.evaluate.policies.verdict import make_answer
from firsthand.evaluate.policies.ways import Way, Ways
from firsthand.evaluate.trained_model import TrainedModel

NAMES = ("smollm2", "dpo-on-the-mix-of-seventy-to-thirty", "best-of-8", "<b>another</b> model")


@pytest.fixture
def report(tmp_path):
    generator = np.random.default_rng(1)
    world = replace(policy_world(generator, [-1.0, 0.3, 0.5, -0.5], prompts=80), authors=NAMES, left_out={"skips": 7})
    gap, length = generator.normal(0.5, 1, (2, 60))
    accuracy = measure_accuracy(gap, length, np.arange(60) // 2, draws=200)
    kinds = (("reward", "best-of-8", 8), ("dpo", NAMES[1], 1))
    both = [
        Way(
            author=author,
            model=TrainedModel(tmp_path, kind),
            best_of=n,
            training=Training(700, 312.5, 180_000, "bf16"),
            answering=Answering(120, n, 61.0 * n, 500.0, 0.4 * n, None),
            accuracy=accuracy,
            kl=Estimate(1.2, (0.9, 1.4) if kind == "dpo" else None),
        )
        for kind, author, n in kinds
    ]
    config = PoliciesConfig(draws=200)
    ranking = rank_policies(world, config)
    ways = Ways(both[0], both[1], "smollm2", tmp_path, Estimate(0.0, (-0.1, 0.1)), 60, 3, False)
    write_policies_page(tmp_path / "policies.html", ranking, config, make_answer(ways, ranking, config))
    return (tmp_path / "policies.html").as_uri()


@pytest.mark.parametrize(("width", "scheme"), LOOKED_AT)
def test_the_page_is_accessible_fits_and_asks_for_nothing(browser, report, width, scheme):
    with sound_page(browser, report, width, scheme) as page:
        assert page.get_by_text("Simulated data.").is_visible()
        assert page.get_by_text("<b>another</b> model").first.is_visible()


def test_every_pair_opens_by_keyboard(browser, report):
    page = browser.new_page()
    page.goto(report)
    row = page.get_by_role("cell", name="best-of-8 over smollm2")
    assert not row.is_visible()
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    assert row.is_visible()
    page.close()
