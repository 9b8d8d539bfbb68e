import numpy as np
import pytest
from report_pages import sound_page
from sweep_tables import point, simulated_analysis, sweep_of, table_of
from views import LOOKED_AT

from firsthand.evaluate.sweep.analysis import AnalysisConfig, analyse
from firsthand.evaluate.sweep.files import write_sweep
from firsthand.evaluate.sweep.simulate import JudgeWorld


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    write_sweep(simulated_analysis(JudgeWorld(affinity=2.0), refits=4), folder)
    return (folder / "report.html").as_uri()


@pytest.mark.parametrize(("width", "scheme"), LOOKED_AT)
def test_the_page_is_accessible_fits_and_asks_for_nothing(browser, report, width, scheme):
    with sound_page(browser, report, width, scheme):
        pass


def test_the_mix_opens_by_keyboard_and_plots_tell_their_figures(browser, report):
    page = browser.new_page()
    page.goto(report)
    assert not page.get_by_text("firsthand train mix mix.yaml").is_visible()
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("firsthand train mix mix.yaml").is_visible()
    assert page.get_by_role("img", name="percentage points against share of synthetic rows").first.is_visible()
    page.close()


def test_hostile_names_stay_text(browser, tmp_path):
    table = table_of([1.0, 0.0] * 30, tag=[0] * 60, tags=("<img src=x onerror=alert(1)>",))
    points = [point("add", ratio, np.tile([1.0, -1.0], 30)) for ratio in (0.0, 0.5)]
    write_sweep(analyse(sweep_of(table, points), None, AnalysisConfig()), tmp_path)
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("img").count() == 0
    assert page.get_by_text("<img src=x onerror=alert(1)>").first.is_visible()
    page.close()
