// The prompt and the two responses on the screen.

import { clearDifferences, showDifferences } from "./differences.js";

export class Pair {
  constructor(root, say) {
    this.root = root.querySelector("#pair");
    this.prompt = root.querySelector("#prompt .scroll");
    this.responses = [...root.querySelectorAll("#responses .scroll")];
    this.flagged = [...root.querySelectorAll("#responses .flagged")];
    this.differences = root.querySelector("#differences");
    this.together = root.querySelector("#together");
    this.expand = root.querySelector("#expand");
    this.say = say;
    this.differences.addEventListener("click", () => this.#toggle(this.differences, () => this.#mark(true)));
    this.together.addEventListener("click", () => this.#toggle(this.together));
    this.expand.addEventListener("click", () => this.#toggle(this.expand, () => this.#fit()));
    this.responses.forEach((area, side) => area.addEventListener("scroll", () => this.#follow(side)));
  }

  show(view) {
    this.root.hidden = false;
    this.prompt.replaceChildren(...conversation(view.prompt));
    [view.first, view.second].forEach((html, side) => {
      this.responses[side].innerHTML = html;
      const names = view.flagged[side];
      this.flagged[side].textContent = names.length ? `Names a model: ${names.join(", ")}` : "";
    });
    for (const area of [this.prompt, ...this.responses]) area.scrollTop = 0;
    window.scrollTo(0, 0);
    press(this.expand, false);
    this.#fit();
    // Of a long conversation the last message is the one that was answered.
    if (view.prompt.length > 1) this.prompt.scrollTop = this.prompt.scrollHeight;
    this.#mark(false);
    this.root.focus({ preventScroll: true });
  }

  hide() {
    this.root.hidden = true;
    clearDifferences();
  }

  #toggle(button, then = () => {}) {
    press(button, button.getAttribute("aria-pressed") !== "true");
    then();
  }

  #mark(asked) {
    clearDifferences();
    if (this.differences.getAttribute("aria-pressed") !== "true") return;
    const said = showDifferences(...this.responses);
    if (asked) this.say(said);
  }

  #fit() {
    this.root.classList.toggle("expanded", this.expand.getAttribute("aria-pressed") === "true");
    const isLong = this.prompt.scrollHeight > this.prompt.clientHeight + 1;
    this.expand.hidden = !isLong && this.expand.getAttribute("aria-pressed") !== "true";
  }

  // Together means by the same part of the way, so that both ends are reached at once.
  #follow(side) {
    if (this.together.getAttribute("aria-pressed") !== "true" || this.led === side) return void (this.led = null);
    const [from, to] = [this.responses[side], this.responses[1 - side]];
    const part = from.scrollTop / Math.max(1, from.scrollHeight - from.clientHeight);
    const top = Math.round(part * (to.scrollHeight - to.clientHeight));
    if (Math.abs(to.scrollTop - top) < 1) return;
    this.led = 1 - side;
    to.scrollTop = top;
  }
}

export const press = (button, on) => button.setAttribute("aria-pressed", String(on));

function conversation(messages) {
  return messages.map(({ role, html }) => {
    const turn = document.createElement("div");
    turn.className = "turn";
    turn.dataset.role = role;
    const text = document.createElement("div");
    text.className = "text";
    text.dir = "auto";
    text.innerHTML = html;
    if (messages.length > 1) {
      const who = document.createElement("p");
      who.className = "role";
      who.textContent = role;
      turn.append(who);
    }
    turn.append(text);
    return turn;
  });
}
