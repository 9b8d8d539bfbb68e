"""How long judgekit and metajudge take for one draw of chance-corrected agreement on the table FILE; prints seconds.

FILE is what evaluate_judges_speed.py writes for it: prompt, people, and a column a judge, of a, b and neither.
judgekit: Cohen's kappa of each judge with people, prompts drawn. metajudge: Krippendorff's alpha of all, people among
them, comparisons drawn. Runs in an environment of its own:
python -m venv peer && peer/bin/pip install judgekit==0.2.1 metajudge==0.3.0
"""

import json
import sys
import time

import pandas as pd
from judgekit.agreement import cohen_kappa
from judgekit.bootstrap import bootstrap_ci
from metajudge import Ratings, krippendorff_alpha

DRAWS = 20

table = pd.read_csv(sys.argv[1])
judges = [name for name in table if name not in ("prompt", "people")]
codes = {"a": 0.0, "b": 1.0, "neither": 2.0}
coded = table.replace(codes).astype(dict.fromkeys(("people", *judges), float))

seconds = {}
started = time.perf_counter()
for judge in judges:
    of_prompts = [
        list(zip(rows[judge], rows["people"], strict=True))
        for _, rows in coded.dropna(subset=judge).groupby("prompt", sort=False)
    ]

    def kappa(drawn: list[list[tuple[float, float]]]) -> float:
        pairs = [pair for prompt in drawn for pair in prompt]
        return cohen_kappa(*zip(*pairs, strict=True), labels=list(codes.values()))

    print(judge, kappa(of_prompts), bootstrap_ci(kappa, of_prompts, n_resamples=DRAWS), file=sys.stderr)
seconds["judgekit"] = (time.perf_counter() - started) / DRAWS

long = coded.drop(columns="prompt").melt(ignore_index=False, var_name="rater", value_name="score").dropna()
ratings = Ratings.from_long(long.reset_index(names="item"), item="item", rater="rater", score="score")
started = time.perf_counter()
print(krippendorff_alpha(ratings, level="nominal", n_bootstrap=DRAWS), file=sys.stderr)
seconds["metajudge"] = (time.perf_counter() - started) / DRAWS
print(json.dumps(seconds))
