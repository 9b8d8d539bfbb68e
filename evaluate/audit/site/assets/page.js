// Sends what is to be audited and shows the findings. The server makes and escapes the HTML.

import { sortable } from "./sort.js";

const AGAIN = 500; // milliseconds until an audit that is not done is asked for again
const $ = (id) => document.getElementById(id);
const chosen = { query: null }; // the audit on the page

async function ask(path) {
  const answer = await fetch(`/api/audit/${path}`);
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(typeof said.detail === "string" ? said.detail : `The server answered ${answer.status}.`);
  return said;
}

// Asks until there is an answer, or another audit has been asked for.
async function sections(path, query) {
  while (query === chosen.query) {
    const said = await ask(`${path}?${query}`);
    if (!said.waiting) return said.sections;
    await new Promise((done) => setTimeout(done, AGAIN));
  }
  return null;
}

async function audit() {
  const query = new URLSearchParams(new FormData($("choose")));
  query.set("asked", crypto.getRandomValues(new Uint32Array(2)).join("-"));
  chosen.query = query;
  $("said").textContent = "";
  $("fresh").textContent = "Auditing…";
  $("found").classList.add("old");
  try {
    const found = await sections("view", query);
    if (!found) return;
    for (const [name, html] of Object.entries(found)) $(name).innerHTML = html;
    sortable($("table").querySelector("table"));
    $("found").classList.remove("old");
    $("found").hidden = false;
    $("fresh").textContent = "Audited just now";
  } catch (error) {
    $("fresh").textContent = "";
    $("said").textContent = error.message || "The server can't be reached.";
    $("said").className = "failed";
    $("found").hidden = true;
  }
}

async function follow(button, page = 0) {
  const box = button.closest(".follow");
  const list = box.querySelector(".comparisons");
  const opener = box.querySelector("[data-finding]");
  if (button === opener && list.hasChildNodes()) {
    list.replaceChildren();
    opener.setAttribute("aria-expanded", "false");
    return;
  }
  const query = new URLSearchParams(chosen.query);
  query.set("finding", opener.dataset.finding);
  query.set("page", page);
  try {
    let said = await ask(`comparisons?${query}`);
    while (said.waiting) said = await ask(`comparisons?${query}`);
    list.innerHTML = said.sections.comparisons;
    opener.setAttribute("aria-expanded", "true");
    if (button !== opener) list.querySelector("summary")?.focus();
  } catch (error) {
    list.textContent = error.message;
  }
}

// The texts can be long: they are fetched when someone wants to read them.
async function unfold(details) {
  const box = details.querySelector(".texts");
  if (!box || box.hasChildNodes()) return;
  try {
    box.innerHTML = (await ask(`texts/${details.dataset.key}`)).html;
  } catch (error) {
    box.textContent = error.message;
  }
}

async function start() {
  $("choose").addEventListener("submit", (event) => {
    event.preventDefault();
    audit();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#findings button");
    if (button?.dataset.finding) follow(button);
    else if (button?.dataset.page) follow(button, Number(button.dataset.page));
  });
  document.addEventListener("toggle", (event) => event.target.open && unfold(event.target), true);
  try {
    $("choices").innerHTML = (await ask("choices")).html;
    if ($("choices").querySelector("[name=judge]")) await audit();
  } catch (error) {
    $("said").textContent = error.message;
  }
}

const shell = await fetch(new URL("page.html", import.meta.url)).then((answer) => answer.text());
// Gradio draws its frame some time after the page has loaded.
const waiting = setInterval(() => {
  if (!$("admin")) return;
  clearInterval(waiting);
  $("admin").innerHTML = shell;
  start();
}, 30);
