from pathlib import Path
from typing import Any

import numpy as np
import pytest
from views import LOOKED_AT, accessibility_faults

from firsthand.train.curves import Curve, plot, thinned
from firsthand.train.progress_page import RunState, progress_page


def logged(steps: int) -> list[dict[str, Any]]:
    """Rows of a run that leaves people for the judge."""
    rows: list[dict[str, Any]] = []
    for step in range(0, steps + 1, 10):
        row: dict[str, Any] = {"step": step, "loss": 0.7 - step / 1000}
        if step % 50 == 0:
            for source, accuracy in (("human", 0.6 + 0.1 * np.sin(step / 100)), ("synthetic", 0.6 + step / 2000)):
                for name, value in (("accuracy", accuracy), ("reward_gap", step / 300), ("brier", 0.25 - step / 4000)):
                    key = f"eval_{source}_{name}"
                    row |= {key: value, f"{key}_low": value - 0.04, f"{key}_high": value + 0.05}
        rows.append(row)
    return rows


def state(finished: bool) -> RunState:
    sentence = "At step 300: agreement with people has fallen since step 150, from 70.0 % to 61.4 %."
    return RunState("Training of rm: reward on <b>smollm2</b>", logged(300), 500, finished, "bad", sentence)


@pytest.mark.parametrize(("width", "scheme"), LOOKED_AT)
def test_the_live_page_is_accessible_fits_and_asks_for_nothing(
    browser: Any, tmp_path: Path, width: int, scheme: Any
) -> None:
    path = tmp_path / "progress.html"
    path.write_text(progress_page(state(finished=True)), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(path.as_uri())
    assert (requests, complaints) == ([path.as_uri()], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert accessibility_faults(page) == []
    page.close()


def test_a_page_of_a_running_job_loads_what_was_written_since(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "progress.html"
    running = progress_page(state(finished=False))
    path.write_text(running.replace('content="20"', 'content="1"'), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.get_by_text("Running; this page loads itself again: step 300 of 500").is_visible()
    path.write_text(progress_page(state(finished=True)), encoding="utf-8")
    page.get_by_text("Finished: step 300 of 500").wait_for()
    page.close()


def test_a_curve_says_its_figures_and_stays_inside_the_plot() -> None:
    curve = Curve("agreement", "blue", False, [(0, 0.5, None), (100, 0.75, (0.7, 0.8))])
    drawing = plot("Accuracy", [curve], 200)
    assert 'aria-label="Accuracy: agreement 0.75 (0.7 to 0.8) at step 100"' in drawing
    assert plot("Accuracy", [Curve("none", "blue", False, [])], 200) == "<p>Accuracy: nothing yet</p>"
    flat = plot("Loss", [Curve("loss", "soft", False, [(1, 0.0, None), (2, 0.0, None)])], 2)
    assert "nan" not in flat
    assert "inf" not in flat


def test_a_long_curve_is_thinned_to_means() -> None:
    points = thinned([(step, float(step % 2)) for step in range(1, 801)])
    assert len(points) == 400
    assert points[0] == (2, 0.5, None)
    assert thinned([(1, 0.3)]) == [(1, 0.3, None)]
