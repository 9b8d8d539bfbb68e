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

// The past answers; resolves to the one to change, or null.
export async function choosePast(dialog, past, label) {
  const list = document.createElement("ol");
  list.className = "past";
  past.forEach((answer, index) => {
    const said = Object.assign(document.createElement("p"), { className: "said", textContent: label(answer) });
    const prompt = Object.assign(document.createElement("p"), { className: "excerpt", textContent: answer.excerpt, dir: "auto" });
    const row = document.createElement("li");
    row.append(said, prompt, closing(dialog, "Change", String((index + 1) % 10), answer.lease));
    list.append(row);
  });
  const nothing = Object.assign(document.createElement("p"), { textContent: "You have not answered anything yet." });
  const chosen = await ask(dialog, "Your last answers", [past.length ? list : nothing]);
  return past.find((answer) => answer.lease === chosen) ?? null;
}

function ask(dialog, title, content) {
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector(".body").replaceChildren(...content);
  dialog.querySelector(".actions").replaceChildren(closing(dialog, "Close", "Escape", ""));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

function closing(dialog, label, key, value) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(Object.assign(document.createElement("span"), { textContent: label }));
  showKey(button, key);
  button.addEventListener("click", () => dialog.close(value));
  return button;
}
