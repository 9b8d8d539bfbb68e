// Settling a contradiction: the pair as its raters saw it, a choice, and only then what they had said.

import { ask } from "./server.js";
import { Stopwatch } from "./stopwatch.js";

const stopwatch = new Stopwatch();
const $ = (id) => document.getElementById(id);
let lease = null;

// failed: told why the pair can't be had. done: called once the dialog is closed.
export function startSettling({ failed, done }) {
  $("settle-close").addEventListener("click", () => $("settle").close());
  $("settle").addEventListener("close", async () => {
    if (lease) await ask("leave", { lease }).catch(() => {});
    lease = null;
    done();
  });
  $("settle").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches("textarea")) return;
    const button = [...$("settle-choices").children].find((one) => one.dataset.choice && one.textContent.startsWith(event.key));
    if (button && event.key.length === 1) button.click();
  });
  return async (comparison) => {
    try {
      open(await ask("take", { comparison }));
    } catch (error) {
      failed(error.message);
    }
  };
}

function open(pair) {
  lease = pair.lease;
  const prompt = pair.prompt.map(({ html }) => textBox(html));
  $("settle-pair").replaceChildren(panel("Prompt", prompt), panel("Response A", [textBox(pair.first)]), panel("Response B", [textBox(pair.second)]));
  $("settle-choices").replaceChildren(...pair.choices.map(choiceButton));
  $("settle-why").value = "";
  $("settle-why").closest("label").hidden = pair.rationale === "off";
  $("settle-said").replaceChildren();
  $("settle-words").hidden = false;
  $("settle").showModal();
  stopwatch.restart();
  $("settle").scrollTop = 0;
}

function choiceButton({ id, key, label }) {
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.dataset.choice = id;
  const cap = Object.assign(document.createElement("kbd"), { textContent: key });
  button.append(cap, label);
  button.addEventListener("click", () => settle(id));
  return button;
}

async function settle(choice) {
  const said = { lease, choice, criteria: {}, rationale: $("settle-why").value, seconds: stopwatch.seconds };
  try {
    const { message, votes } = await ask("settle", said);
    lease = null;
    const told = Object.assign(document.createElement("div"), { innerHTML: votes });
    $("settle-words").hidden = true;
    $("settle-choices").replaceChildren();
    $("settle-why").closest("label").hidden = true;
    $("settle-said").replaceChildren(`${message} The raters had said:`, told);
    $("settle-close").focus();
  } catch (error) {
    $("settle-said").textContent = error.message;
  }
}

function panel(name, content) {
  const box = Object.assign(document.createElement("div"), { className: "side", tabIndex: 0, role: "region" });
  box.setAttribute("aria-label", name);
  box.append(Object.assign(document.createElement("h3"), { textContent: name }), ...content);
  return box;
}

function textBox(html) {
  return Object.assign(document.createElement("div"), { className: "text", dir: "auto", innerHTML: html });
}
