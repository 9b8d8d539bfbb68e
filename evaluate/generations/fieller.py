"""The interval of a ratio of two estimates."""

from firsthand.evaluate.audit.finding import Interval


def fieller(above: float, below: float, var_above: float, var_below: float, cov: float, t: float) -> Interval | None:
    """The interval of above / below (Fieller 1954); None where `below` is not told from 0 at this level.

    All R with (above - R below)^2 <= t^2 (var_above - 2 R cov + R^2 var_below). With g = t^2 var_below / below^2 and
    r = above / below they are

        (r - g cov / var_below -+ (t / |below|) sqrt(var_above - 2 r cov + r^2 var_below
            - g (var_above - cov^2 / var_below))) / (1 - g),

    an interval as long as g < 1; else every R, or all but an interval: the ratio is then not known.
    """
    if below == 0 or t**2 * var_below >= below**2:
        return None
    g, r = t**2 * var_below / below**2, above / below
    if var_below == 0:
        half = t / abs(below) * var_above**0.5
        return r - half, r + half
    inside = var_above - 2 * r * cov + r**2 * var_below - g * (var_above - cov**2 / var_below)
    half = t / abs(below) * max(inside, 0.0) ** 0.5
    centre = r - g * cov / var_below
    return (centre - half) / (1 - g), (centre + half) / (1 - g)
