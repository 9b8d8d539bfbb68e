// Keeps the admin page's sections up to date and sends what an admin does. The server makes and escapes the HTML.

import { ask } from "./server.js";
import { startSettling } from "./settle.js";

const EVERY = 5000; // milliseconds between two looks at the server
const TYPING = 200; // milliseconds of quiet after which what was typed is looked for
const $ = (id) => document.getElementById(id);
const shown = {};
const texts = {};
const roster = { find: "", page: 0 }; // which part of the table of raters is shown
let asking = null;
let settle = null;
let typing = 0;

async function refresh() {
  try {
    const view = await ask(`view?${new URLSearchParams(roster)}`);
    for (const [name, html] of Object.entries(view.sections)) show(name, html);
    $("search").hidden = !view.many && !roster.find;
    $("coverage-title").textContent = view.coverage_by ? `Coverage by ${view.coverage_by}` : "Coverage";
    fresh(view.age === null ? "Measuring…" : `Live · measured ${age(view.age)}`, "live");
  } catch (error) {
    fresh(`Not live: ${error.message || "the server can't be reached"}`, "stale");
  }
}

function fresh(words, kind) {
  if ($("fresh").textContent !== words) $("fresh").textContent = words;
  $("fresh").className = kind;
}

const age = (seconds) => (seconds < 60 ? "just now" : `${Math.round(seconds / 60)} min ago`);

// Only what has changed is replaced, and what was open or focused stays so.
function show(name, html) {
  const box = $(name);
  if (shown[name] === html || !box) return;
  shown[name] = html;
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const open = [...box.querySelectorAll("details[open]")].map((details) => details.dataset.key);
  box.innerHTML = html;
  for (const key of open) unfold(box.querySelector(`details[data-key="${CSS.escape(key)}"]`));
  if (focused) box.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

// The texts can be long: they are fetched when someone wants to read them.
async function unfold(details) {
  if (!details) return;
  details.open = true;
  const box = details.querySelector(".texts");
  if (box.hasChildNodes()) return;
  try {
    texts[details.dataset.key] ??= (await ask(`texts/${details.dataset.key}`)).html;
    box.innerHTML = texts[details.dataset.key];
  } catch (error) {
    box.textContent = error.message;
  }
}

const ACTS = {
  pause: (data) => ({
    title: `Pause ${data.name}?`,
    words: "They can't rate until someone resumes them. What they have rated is kept. They are shown the reason.",
    body: (reason) => ({ rater: data.key, reason }),
    reason: true,
  }),
  resume: (data) => ({
    title: `Let ${data.name} rate again?`,
    words: "The rules start anew with what they rate from now on.",
    body: (reason) => ({ rater: data.key, reason }),
  }),
  requeue: (data) => ({
    title: "Ask one more rater?",
    words: "The comparison goes to one more person than planned.",
    body: () => ({ comparison: data.key }),
  }),
};

function begin(button) {
  if (button.dataset.act === "settle") return settle(button.dataset.key);
  asking = { act: button.dataset.act, button, ...ACTS[button.dataset.act](button.dataset) };
  $("ask-title").textContent = asking.title;
  $("ask-words").textContent = asking.words;
  $("ask-do").textContent = button.textContent;
  $("ask-reason").closest("label").hidden = !asking.reason;
  $("ask-reason").required = Boolean(asking.reason);
  $("ask-reason").value = "";
  $("ask").showModal();
  (asking.reason ? $("ask-reason") : $("ask-do")).focus();
}

async function finish(event) {
  event.preventDefault();
  const { act, body } = asking;
  $("ask").close();
  try {
    const said = await ask(act, body($("ask-reason").value));
    say(said.message, "done");
  } catch (error) {
    say(error.message, "failed");
  }
  await refresh();
}

// Another part of the table of raters.
async function look(part) {
  Object.assign(roster, part);
  await refresh();
}

function say(words, kind) {
  $("said").textContent = words;
  $("said").className = kind;
}

function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#admin button[data-act]");
    if (button) begin(button);
    const turn = event.target.closest?.("#raters button[data-page]");
    if (turn) look({ page: Number(turn.dataset.page) });
  });
  $("find").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => look({ find: $("find").value.trim(), page: 0 }), TYPING);
  });
  settle = startSettling({ failed: (why) => say(why, "failed"), done: refresh });
  document.addEventListener("toggle", (event) => event.target.matches?.("#queue details[open]") && unfold(event.target), true);
  $("ask").querySelector("form").addEventListener("submit", finish);
  $("ask-cancel").addEventListener("click", () => $("ask").close());
  refresh();
  setInterval(() => document.hidden || refresh(), EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}

const shell = await fetch(new URL("page.html", import.meta.url)).then((answer) => answer.text());
// Gradio draws its frame some time after the page has loaded.
const waiting = setInterval(() => {
  if (!$("admin")) return;
  clearInterval(waiting);
  $("admin").innerHTML = shell;
  start();
}, 30);
