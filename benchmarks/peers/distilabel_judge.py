"""Judge with distilabel's OpenAI client; prints {"seconds", "verdicts"}.

Standard input: {"url", "questions": messages of every question} or {"url", "pairs": [instruction, first, second]}.
Questions are asked as they stand for one token each with its log-probabilities, so every answer is a verdict. Pairs go
through distilabel's own task of comparing two answers, PrometheusEval, at its default length of answer (128 tokens):
the model writes a feedback and then a verdict, which the task reads out, or None.

Runs in an environment of its own: python -m venv peer && peer/bin/pip install 'distilabel[openai]==1.5.3' requests
"""

import json
import sys
import time

from distilabel.models import OpenAILLM
from distilabel.steps.tasks import ChatGeneration, PrometheusEval

ONE_TOKEN = {"max_new_tokens": 1, "temperature": 0.0, "logprobs": True, "top_logprobs": 20}

work = json.load(sys.stdin)
asked = "questions" in work
llm = OpenAILLM(
    model="smollm2",
    base_url=work["url"],
    api_key="none",
    timeout=600,
    generation_kwargs=ONE_TOKEN if asked else {"temperature": 0.0},
)
if asked:
    task, answer = ChatGeneration(llm=llm), "generation"
    rows = [{"messages": messages} for messages in work["questions"]]
else:
    task, answer = PrometheusEval(llm=llm, mode="relative", rubric="helpfulness"), "result"
    rows = [{"instruction": prompt, "generations": [first, second]} for prompt, first, second in work["pairs"]]
task.load()
started = time.perf_counter()
(answers,) = task.process(rows)
taken = time.perf_counter() - started
assert len(answers) == len(rows)
print(json.dumps({"seconds": taken, "verdicts": sum(each[answer] is not None for each in answers)}))
