"""Sentences about a ranking: what a person reads first."""

from firsthand.estimates import Estimate
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.policies.ranking import Policy, Ranking
from firsthand.evaluate.policies.read import PEOPLE
from firsthand.evaluate.table import plain


def headline(ranking: Ranking) -> str:
    """Who is first, and which of the others are not shown to be weaker."""
    first, *others = ranking.policies
    rivals = [
        other.author for other in others if ranking.pair(first.author, other.author).verdict is not Verdict.DETECTED
    ]
    others_words = "the others" if len(others) > 1 else plain(others[0].author)
    chosen = f"{_capital(who(ranking))} preferred {plain(first.author)} to {others_words} in {share(first.points)}"
    if not rivals:
        weaker = f"stronger than each of the other {len(others)}" if len(others) > 1 else "the stronger of the two"
        return f"{chosen}; it is shown to be {weaker}."
    names = listed([plain(name) for name in rivals])
    if len(rivals) == len(others):
        return f"{chosen}, but no other policy is shown to be weaker: {names}."
    return f"{chosen}. Not shown to be weaker: {names}. All others are."


def caveats(ranking: Ranking) -> list[str]:
    """What to keep in mind with these votes."""
    found = [length_words(ranking)]
    if ranking.compared.by != PEOPLE:
        found.append(
            "These are a judge's votes, not people's, and a judge may favour its own kind: firsthand evaluate audit "
            "tells, and without --by people's votes rank."
        )
    return found


def length_words(ranking: Ranking) -> str:
    """How far length alone goes."""
    longer = ranking.longer
    if longer.value is None:
        return f"How far length alone goes can't be told: {longer.why}."
    return (
        f"Where the two responses differ in length and one was preferred, it was the longer one in {share(longer)}. "
        "A policy that writes more may be stronger for that alone: see the lengths."
    )


def rank(policy: Policy) -> str:
    """`1`, or `1 to 3` where the ranks are open."""
    if policy.best_rank == policy.worst_rank:
        return str(policy.best_rank)
    return f"{policy.best_rank} to {policy.worst_rank}"


def p_words(p: float | None) -> str:
    """`0.012`, `< 0.001`, or nothing."""
    return "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def who(ranking: Ranking) -> str:
    """Whose votes these are."""
    compared = ranking.compared
    if compared.by != PEOPLE:
        return f"the judge {plain(compared.by)}"
    return "simulated raters" if compared.simulated else PEOPLE


def share(estimate: Estimate) -> str:
    """`58.3 % (50.4 to 67.8)`, or why there is none."""
    if estimate.value is None:
        return f"undefined: {estimate.why}"
    interval = "" if estimate.ci is None else f" ({100 * estimate.ci[0]:.1f} to {100 * estimate.ci[1]:.1f})"
    return f"{100 * estimate.value:.1f} %{interval}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
