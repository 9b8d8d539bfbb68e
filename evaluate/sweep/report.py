"""report.html: a sweep as one page that needs no network, what to do first; it prints, and reads without colour."""

from firsthand.evaluate.page import document
from firsthand.evaluate.sweep.analysis import Analysis
from firsthand.markup import element


def sweep_page(analysis: Analysis) -> str:
    """The whole page as HTML."""
    return document("firsthand sweep", element("p", analysis.recommendation.sentence))
