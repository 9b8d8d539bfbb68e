"""The loop over generations: generator -> judge -> mix -> train -> next generator, beside a human-only twin.

outcome: what a loop left to be measured. loop: real models. simulator, sampled: a world with a known answer. series,
fieller, amplification, diversity, collapse, agreement: the statistics. analysis: all of them. report: the page.
"""
