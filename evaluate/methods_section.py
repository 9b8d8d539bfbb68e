"""The methods section of a report: what can be cited."""

from collections.abc import Iterable

from latex2mathml.converter import convert

from firsthand.markup import Html, element


def methods_section(
    rules: Iterable[tuple[str, str]],
    heading: str,
    equations: Iterable[tuple[str, str]],
    texts: Iterable[str],
    references: Iterable[str],
) -> Html:
    """When each verdict is given; under `heading` the equations, each after its words in LaTeX; texts; sources."""
    return element(
        "section",
        element("h2", "Methods"),
        element("h3", "Verdicts"),
        element("dl", *(part for word, rule in rules for part in (element("dt", word), element("dd", rule)))),
        element("h3", heading),
        *(part for words, latex in equations for part in (element("p", words), _equation(latex))),
        *(element("p", text) for text in texts),
        element("h3", "Sources"),
        element("ul", *(element("li", reference) for reference in references)),
        class_="methods",
    )


def _equation(latex: str) -> Html:
    return element("div", Html(convert(latex, display="block")), class_="equation", tabindex="0", role="math")
