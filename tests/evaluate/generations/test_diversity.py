"""Measures of diversity against worked examples, nltk and scikit-learn."""

import warnings

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from firsthand.evaluate.generations.diversity import (
    MEASURES,
    dispersion,
    distinct,
    measure_sets,
    self_bleu,
    words_of,
)

TEXTS = [
    "the cat sat on the mat and looked at the dog",
    "the cat sat on a chair and looked at the bird",
    "a dog ran over the hill and the cat sat on the mat",
]
WORDS = [words_of(text) for text in TEXTS]


def test_words_are_small_and_marks_stand_alone():
    assert words_of("Well, WELL... it's ü!") == ("well", ",", "well", ".", ".", ".", "it", "'", "s", "ü", "!")


def test_distinct_counts_different_bigrams():
    # a b c has (a b) (b c); a b d has (a b) (b d): three different of four.
    assert distinct([("a", "b", "c"), ("a", "b", "d")]) == 3 / 4
    assert distinct([("a", "a", "a")]) == 1 / 2


def test_self_bleu_is_that_of_nltk():
    smoothing = SmoothingFunction().method3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = np.mean(
            [
                sentence_bleu([other for other in WORDS if other is not text], text, smoothing_function=smoothing)
                for text in WORDS
            ]
        )
    assert self_bleu(WORDS) == pytest.approx(expected)


def test_self_bleu_of_equal_and_of_wholly_different_texts():
    assert self_bleu([WORDS[0], WORDS[0]]) == pytest.approx(1)
    assert self_bleu([("a", "b", "c", "d", "e"), ("f", "g", "h", "i", "j")]) == 0


def test_dispersion_is_one_minus_the_mean_cosine_of_counts():
    counts = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\w+").fit_transform(TEXTS)
    cosines = cosine_similarity(counts)
    assert dispersion(WORDS) == pytest.approx(1 - np.mean(cosines[np.triu_indices(3, 1)]))
    assert dispersion([WORDS[0], WORDS[0]]) == pytest.approx(0)


def test_sets_are_compared_with_as_many_responses_cut_to_as_many_words():
    # The second set's third response is too short: k is 2 for both. The shortest of the four kept has three words.
    sets = {
        "one": [["a b c d e", "f g h i", "j k l m"]],
        "other": [["a b c", "a b c x y z", "a b"]],
    }
    found, matched = measure_sets(sets, fewest_words=3)
    assert (matched.k, matched.words, matched.too_short, matched.responses) == (2, 3, 1, 6)
    assert found["one"]["distinct-2"] == pytest.approx([1.0])
    assert found["other"]["distinct-2"] == pytest.approx([0.5])  # a b c twice: two different of four


def test_a_prompt_without_two_long_responses_everywhere_is_left_out_for_all():
    sets = {"one": [["a b c", "d e f"], ["a b c", "d e f"]], "other": [["a b c", "d"], ["a b c", "a b c"]]}
    found, matched = measure_sets(sets, fewest_words=3)
    assert (matched.prompts, matched.left_out) == (2, 1)
    for of_set in found.values():
        for measure in MEASURES:
            assert np.isnan(of_set[measure]).tolist() == [True, False]


def test_longer_responses_are_not_taken_for_less_diverse_ones():
    chance = np.random.default_rng(0)
    vocabulary = [f"word{number}" for number in range(30)]

    def responses(length):
        return [[" ".join(chance.choice(vocabulary, length)) for _ in range(4)] for _ in range(60)]

    sets = {"short": responses(20), "long": responses(80)}
    raw = [np.mean([distinct([words_of(text) for text in each]) for each in responses]) for responses in sets.values()]
    found, _ = measure_sets(sets, fewest_words=5)
    matched = [of_set["distinct-2"].mean() for of_set in found.values()]
    assert raw[0] - raw[1] > 0.05
    assert matched[0] == pytest.approx(matched[1], abs=0.01)
