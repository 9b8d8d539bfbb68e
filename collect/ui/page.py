"""The rating page: a prompt, two responses, five verdicts; blind, and usable by keyboard alone.

The comparison and the order of its sides stay on the server, in the session's state; the browser sends a verdict and
nothing else. The rater is the user of the session, as the server knows them, never what a request claims.
"""

import html
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import gradio as gr

from firsthand.collect.rating import Task, next_task, progress, record_verdict
from firsthand.collect.ui.text import as_html
from firsthand.records import Response, Side, Verdict
from firsthand.store import Store

VERDICTS = (
    ("1", "A better", Verdict.A),
    ("2", "Tie", Verdict.TIE),
    ("3", "B better", Verdict.B),
    ("4", "Both bad", Verdict.BOTH_BAD),
    ("5", "Skip", Verdict.SKIP),
)
"""Key, label, and what they mean; A is the response shown first."""

END = (
    "<section><h2>All done</h2><p>There is nothing left for you to rate. Every verdict is kept; you can close this "
    "page. Thank you.</p></section>"
)
KEYCAPS = "".join(f'#verdicts #key-{key}::before {{ content: "{key}"; }}\n' for key, _, _ in VERDICTS)
CSS = files("firsthand.collect.ui").joinpath("page.css").read_text(encoding="utf-8") + KEYCAPS
SCRIPT = files("firsthand.collect.ui").joinpath("page.js").read_text(encoding="utf-8")


def mount_options() -> dict[str, Any]:
    """What gr.mount_gradio_app needs to show the page as it is meant: own style, no outside fonts, nothing kept."""
    return {
        "theme": gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        # Not as Gradio's own css: it rewrites the rules it is given, and breaks those for narrow screens.
        "head": f"<style>{CSS}</style><script>{SCRIPT}</script>",
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "pwa": False,
        "show_error": False,
    }


def build_page(store: Store, notice: str = "") -> gr.Blocks:
    """The page over `store`; `notice` is a plain text that stands above the first comparison."""
    with gr.Blocks(title="firsthand: rate", analytics_enabled=False, fill_width=True) as page:
        task = gr.State(None)
        with gr.Row(elem_id="top"):
            head = gr.HTML(elem_id="head", padding=False)
            status = gr.HTML('<p role="status"></p>', elem_id="status", padding=False)
        gr.HTML(_notice(store, notice), elem_id="notice", padding=False)
        end = gr.HTML(elem_id="end", padding=False)
        with gr.Column(elem_id="task", visible=False) as body:
            prompt = gr.HTML(elem_id="prompt", padding=False)
            with gr.Row(elem_id="responses", equal_height=True):
                first = gr.HTML(elem_id="first", padding=False)
                second = gr.HTML(elem_id="second", padding=False)
            with gr.Row(elem_id="verdicts"):
                buttons = {
                    verdict: gr.Button(label, elem_id=f"key-{key}", min_width=0, size="md")
                    for key, label, verdict in VERDICTS
                }
        shown = [task, head, status, end, body, prompt, first, second]
        once: dict[str, Any] = {
            "outputs": shown,
            "show_progress": "hidden",
            "concurrency_limit": None,
            "api_visibility": "private",
        }
        page.load(_opener(store), **once)
        for verdict, button in buttons.items():
            voted = button.click(_voter(store, verdict), inputs=[task], trigger_mode="once", **once)
            voted.then(None, js="() => window.scrollTo(0, 0)")
    return page


def _opener(store: Store) -> Callable[[gr.Request], list[Any]]:
    def open_page(request: gr.Request) -> list[Any]:
        return _view(store, _rater(request), "")

    return open_page


def _voter(store: Store, verdict: Verdict) -> Callable[[Task | None, gr.Request], list[Any]]:
    label = next(label for _, label, known in VERDICTS if known is verdict)

    def vote(task: Task | None, request: gr.Request) -> list[Any]:
        rater = _rater(request)
        # A session can be continued by whoever knows its name; its task belongs to the rater it was shown to.
        if task is None or task.rater != rater:
            return _view(store, rater, "")
        counted = record_verdict(store, task, verdict)
        return _view(store, rater, f"Recorded: {label}." if counted else "Not counted: that came too soon or twice.")

    return vote


def _rater(request: gr.Request) -> str:
    if not request.username:
        raise PermissionError("a rating page without a user; the server must say who is rating")
    return str(request.username)


def _view(store: Store, rater: str, status: str) -> list[Any]:
    """Values of the page's parts, in the order of `shown`, for the rater's next task or the end."""
    task = next_task(store, rater)
    done = progress(store, rater)
    head = (
        f'<h1>Which answer is better?</h1><p class="progress"><progress value="{done.rated}" max="{done.total or 1}" '
        f'aria-label="Comparisons rated"></progress> {done.rated} of {done.total} rated</p>'
    )
    said = f'<p role="status">{html.escape(status)}</p>'
    if task is None:
        return [None, head, said, END, gr.update(visible=False), "", "", ""]
    first, second = task.comparison.a, task.comparison.b
    if task.shown_first is Side.B:
        first, second = second, first
    prompt = _panel("Prompt", as_html(task.comparison.prompt))
    return [task, head, said, "", gr.update(visible=True), prompt, _response("A", first), _response("B", second)]


def _response(name: str, response: Response) -> str:
    return _panel(f"Response {name}", as_html(response.content or ""))


def _panel(title: str, body: str) -> str:
    return f'<section aria-label="{title}"><h2>{title}</h2><div class="text" dir="auto">{body}</div></section>'


def _notice(store: Store, notice: str) -> str:
    """The server's notice, and a plain word on simulated annotators wherever the store holds any."""
    lines = [notice] if notice else []
    simulated = [name for name, annotator in store.annotators().items() if annotator.simulated]
    if simulated:
        lines.append(f"This store also holds verdicts of simulated annotators ({', '.join(simulated)}): not people.")
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)
