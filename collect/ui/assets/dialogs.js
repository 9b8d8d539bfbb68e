// Asking and telling in a dialog. Escape closes it, as the browser does it.

import { showKey } from "./keys.js";

// Ask for one of `options`; null where the person closes the dialog.
export async function chooseOne(dialog, title, options) {
  const list = document.createElement("div");
  list.className = "options";
  options.forEach((option, index) => list.append(closing(dialog, option, String(index + 1), option)));
  const chosen = await ask(dialog, title, [list]);
  return options.includes(chosen) ? chosen : null;
}

// Show HTML that the server made.
export async function tell(dialog, title, html) {
  const text = document.createElement("div");
  text.className = "text";
  text.innerHTML = html;
  await ask(dialog, title, [text]);
}

// The past answers, which `load` brings; resolves to the one to change, or null. The dialog is there at once: keys that
// are pressed meanwhile are not about the pair behind it.
export async function choosePast(dialog, load, label) {
  const moment = Object.assign(document.createElement("p"), { textContent: "One moment." });
  const chosen = ask(dialog, "Your last answers", [moment]);
  let past = [];
  try {
    past = await load();
    moment.replaceWith(listOf(dialog, past, label));
  } catch (error) {
    moment.textContent = error.message;
  }
  const lease = await chosen;
  return past.find((answer) => answer.lease === lease) ?? null;
}

function listOf(dialog, past, label) {
  if (!past.length) return Object.assign(document.createElement("p"), { textContent: "You have not answered anything yet." });
  const list = document.createElement("ol");
  list.className = "past";
  past.forEach((answer, index) => {
    const said = Object.assign(document.createElement("p"), { className: "said", textContent: label(answer) });
    const prompt = Object.assign(document.createElement("p"), { className: "excerpt", textContent: answer.excerpt, dir: "auto" });
    const row = document.createElement("li");
    row.append(said, prompt, closing(dialog, "Change", String((index + 1) % 10), answer.lease));
    list.append(row);
  });
  return list;
}

function ask(dialog, title, content) {
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector(".body").replaceChildren(...content);
  dialog.querySelector(".actions").replaceChildren(closing(dialog, "Close", "Escape", ""));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const ended = new AbortController();
    const end = () => {
      if (dialog.open) return; // the last dialog's event, come late
      ended.abort();
      resolve(dialog.returnValue);
    };
    for (const event of ["chosen", "close"]) dialog.addEventListener(event, end, { signal: ended.signal });
  });
}

function closing(dialog, label, key, value) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(Object.assign(document.createElement("span"), { textContent: label }));
  showKey(button, key);
  button.addEventListener("click", () => {
    dialog.close(value);
    // The browser's own event comes later, after the key that the person presses next.
    dialog.dispatchEvent(new Event("chosen"));
  });
  return button;
}
