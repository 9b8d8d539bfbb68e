// One key each: a key presses the button that shows it. Quiet while someone types, and with a modifier held.

const SCROLL = { ArrowDown: 60, ArrowUp: -60, PageDown: 0.85, PageUp: -0.85, " ": 0.85, Home: -Infinity, End: Infinity };

export function listenForKeys(root) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.repeat && !(event.key in SCROLL)) return;
    const button = buttonOf(root, event);
    if (button) {
      event.preventDefault();
      press(button);
    } else if (event.key in SCROLL && !event.target.closest("button, a, .scroll, dialog")) {
      scrollResponses(root, event);
    }
  });
}

// A button that shows its key.
export function showKey(button, key = button.dataset.key) {
  button.dataset.key = key;
  const cap = document.createElement("kbd");
  cap.textContent = key === "Escape" ? "Esc" : key === "Enter" ? "↵" : key.toUpperCase();
  cap.setAttribute("aria-hidden", "true");
  button.prepend(cap);
  button.setAttribute("aria-keyshortcuts", key);
}

function buttonOf(root, event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // Enter presses what has the focus, as everywhere.
  if (key === "Enter" && event.target.closest("button, a")) return null;
  const area = root.querySelector("dialog[open]") ?? root;
  // On some keyboards digits need Shift; the place of the key tells them all the same.
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  const named = (name) => [...area.querySelectorAll("[data-key]")].find((one) => one.dataset.key === name && shown(one));
  return named(key) ?? (digit && named(digit));
}

const shown = (element) => !element.disabled && !element.closest("[inert]") && element.checkVisibility();

function press(element) {
  if (element.matches("button")) element.click();
  else element.querySelector("textarea").focus();
}

function scrollResponses(root, event) {
  const areas = [...root.querySelectorAll("#responses .scroll")].filter((area) => area.scrollHeight > area.clientHeight);
  if (!areas.length) return;
  event.preventDefault();
  for (const area of areas) {
    const by = SCROLL[event.key];
    const step = Math.abs(by) < 1 ? by * area.clientHeight : by;
    if (Number.isFinite(step)) area.scrollTop += step;
    else area.scrollTop = step > 0 ? area.scrollHeight : 0;
  }
}
