from pathlib import Path

import numpy as np
import pytest
from report_pages import sound_page
from views import LOOKED_AT

from firsthand.evaluate.held_out import read_held_out
from firsthand.evaluate.model_page import write_model_page
from firsthand.evaluate.model_report import evaluate_scores
from firsthand.evaluate.trained_model import TrainedModel


@pytest.fixture
def report(make_mix, tmp_path):
    generator = np.random.default_rng(0)
    rows = [{"prompt": f"what {n}", "chosen": "one two " * (1 + n % 4), "rejected": "yes no"} for n in range(80)]
    rows += [{**row, "simulated": True} for row in rows[:40]]
    mix = make_mix(anchor=rows, synthetic_heldout=rows[:60])
    model = TrainedModel(Path("a-model-with-a-rather-long-name-" * 4), "dpo", "smollm2", 0.1, 512)
    scores = generator.normal(0.6, 1, 180)
    scores[7] = np.nan
    found = evaluate_scores(model, (mix, "0" * 64, ["a warning"]), read_held_out(mix), scores, draws=200)
    write_model_page(found, tmp_path / "report.html")
    return (tmp_path / "report.html").as_uri()


@pytest.mark.parametrize(("width", "scheme"), LOOKED_AT)
def test_the_page_is_accessible_fits_and_asks_for_nothing(browser, report, width, scheme):
    with sound_page(browser, report, width, scheme) as page:
        assert page.get_by_text("Simulated data.").is_visible()


def test_the_plots_figures_open_by_keyboard(browser, report):
    page = browser.new_page()
    page.goto(report)
    assert not page.get_by_text("50.0 % to 55.0 %").is_visible()
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("50.0 % to 55.0 %").is_visible()
    page.close()
