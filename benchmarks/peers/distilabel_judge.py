"""Ask the questions on standard input with distilabel's OpenAI client; prints the seconds it takes.

Runs in an environment of its own: python -m venv peer && peer/bin/pip install 'distilabel[openai]==1.5.3' requests
"""

import json
import sys
import time

from distilabel.models import OpenAILLM
from distilabel.steps.tasks import ChatGeneration

work = json.load(sys.stdin)
llm = OpenAILLM(
    model="smollm2",
    base_url=work["url"],
    api_key="none",
    timeout=600,
    generation_kwargs={"max_new_tokens": 1, "temperature": 0.0, "logprobs": True, "top_logprobs": 20},
)
task = ChatGeneration(llm=llm, input_batch_size=len(work["questions"]))
task.load()
started = time.perf_counter()
(answers,) = task.process([{"messages": messages} for messages in work["questions"]])
taken = time.perf_counter() - started
assert len(answers) == len(work["questions"])
assert all(answer["generation"] for answer in answers)
print(taken)
