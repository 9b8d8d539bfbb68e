"""How different the responses to one prompt are: three measures, each 0 for equal responses and higher for different.

Every measure depends on how many responses there are and how long they are: more words repeat more. So responses are
compared at fixed k and matched length: of every set the same number of responses, each cut to the same number of words.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np

from firsthand.bootstrap import FloatArray

Words: TypeAlias = tuple[str, ...]
ORDER = 2
"""n of distinct-n and of the dispersion's n-grams."""
BLEU_ORDER = 4
WORD = re.compile(r"\w+|[^\w\s]")
MEASURES = ("distinct-2", "1 - self-BLEU", "dispersion")


@dataclass(frozen=True, slots=True)
class Matched:
    """What was compared: prompts in all, those left out, and of the others the mean k and the mean number of words.

    too_short: responses with fewer words than asked for, of `responses`.
    """

    prompts: int
    left_out: int
    k: float
    words: float
    too_short: int
    responses: int


def words_of(text: str) -> Words:
    """Words and punctuation marks in small letters."""
    return tuple(WORD.findall(text.lower()))


def measure_sets(
    sets: Mapping[str, Sequence[Sequence[str]]], fewest_words: int
) -> tuple[dict[str, dict[str, FloatArray]], Matched]:
    """Each set's diversity on every prompt: set -> measure -> (P,), NaN where no fair comparison is possible.

    sets: name -> the responses to each of P prompts. On a prompt, responses with fewer than `fewest_words` words are
    left out, k is the smallest number left in any set (the first k of each are taken), and all are cut to the words of
    the shortest. A prompt with k < 2 is left out for all sets.
    """
    prompts = len(next(iter(sets.values())))
    found = {name: {measure: np.full(prompts, np.nan) for measure in MEASURES} for name in sets}
    ks, lengths, too_short, responses = [], [], 0, 0
    for prompt in range(prompts):
        texts = {name: [words_of(text) for text in answers[prompt]] for name, answers in sets.items()}
        long_enough = {name: [words for words in each if len(words) >= fewest_words] for name, each in texts.items()}
        responses += sum(map(len, texts.values()))
        too_short += sum(len(texts[name]) - len(long_enough[name]) for name in texts)
        k = min(map(len, long_enough.values()))
        if k < 2:
            continue
        kept = {name: each[:k] for name, each in long_enough.items()}
        length = min(len(words) for each in kept.values() for words in each)
        ks.append(k)
        lengths.append(length)
        for name, each in kept.items():
            cut = [words[:length] for words in each]
            for measure, value in zip(MEASURES, (distinct(cut), 1 - self_bleu(cut), dispersion(cut)), strict=True):
                found[name][measure][prompt] = value
    matched = Matched(prompts, prompts - len(ks), _mean(ks), _mean(lengths), too_short, responses)
    return found, matched


def distinct(texts: Sequence[Words], n: int = ORDER) -> float:
    """distinct-n: different n-grams of all texts together over all their n-grams (Li et al. 2016)."""
    grams = [gram for text in texts for gram in ngrams(text, n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def self_bleu(texts: Sequence[Words]) -> float:
    """The mean over the texts of BLEU-4 with all others as references (Zhu et al. 2018).

    Precisions of n-grams that never occur in a reference are smoothed to 1 / (2^j times their number), j counting those
    orders (Chen and Cherry 2014, method 3), so that short texts have a value.
    """
    return float(np.mean([_bleu(text, [*texts[:place], *texts[place + 1 :]]) for place, text in enumerate(texts)]))


def dispersion(texts: Sequence[Words], n: int = ORDER) -> float:
    """1 minus the mean cosine of the texts' counts of 1- to n-grams, over all pairs of texts."""
    counts = [Counter(gram for size in range(1, n + 1) for gram in ngrams(text, size)) for text in texts]
    return 1 - float(np.mean([_cosine(one, other) for one, other in combinations(counts, 2)]))


def ngrams(text: Words, n: int) -> list[Words]:
    """The n-grams of a text, in their order."""
    return [text[start : start + n] for start in range(len(text) - n + 1)]


def _bleu(text: Words, references: Sequence[Words]) -> float:
    """BLEU-4 (Papineni et al. 2002): brevity penalty times the geometric mean of the clipped precisions."""
    logs, missing = [], 0
    for n in range(1, BLEU_ORDER + 1):
        counts = Counter(ngrams(text, n))
        most: Counter[Words] = Counter()
        for reference in references:
            most |= Counter(ngrams(reference, n))
        total = sum(counts.values())
        if not total:
            break
        matches = sum((counts & most).values())
        if not matches:
            missing += 1
        logs.append(math.log(matches / total if matches else 1 / (2**missing * total)))
    if not logs or not set(text) & {word for reference in references for word in reference}:
        return 0.0
    nearest = min((abs(len(reference) - len(text)), len(reference)) for reference in references)[1]
    brevity = 1.0 if len(text) >= nearest else math.exp(1 - nearest / len(text))
    return brevity * math.exp(sum(logs) / len(logs))


def _cosine(one: Counter[Words], other: Counter[Words]) -> float:
    product = sum(count * other[gram] for gram, count in one.items())
    norms = math.sqrt(sum(count**2 for count in one.values()) * sum(count**2 for count in other.values()))
    return product / norms if norms else 1.0


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
