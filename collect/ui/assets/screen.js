// What surrounds a pair: progress, messages, and the pages of words before and after the work.

import { showKey } from "./keys.js";
import { Outage, Refusal } from "./server.js";

const SAID_FOR = 4_000; // milliseconds that a passing message stands
export const TRY_AGAIN = "Try again now";
const UNDERSTOOD = "firsthand-notice";
const HEEDED = "firsthand-warning";

export class Screen {
  constructor(root) {
    this.root = root;
    this.bar = root.querySelector("#bar");
    this.count = root.querySelector("#count");
    this.status = root.querySelector("#status");
    this.alertBox = root.querySelector("#alert");
    this.ribbonBox = root.querySelector("#ribbon");
    this.wordsBox = root.querySelector("#words");
    const notice = root.querySelector("#notice");
    notice.hidden = !notice.querySelector("p").textContent || sessionStorage.getItem(UNDERSTOOD) === "yes";
    notice.querySelector("button").addEventListener("click", () => {
      sessionStorage.setItem(UNDERSTOOD, "yes");
      notice.hidden = true;
    });
    this.alertBox.querySelector("button").addEventListener("click", () => this.alertPressed());
    this.warningBox = root.querySelector("#warning");
    this.warningBox.querySelector("button").addEventListener("click", () => {
      sessionStorage.setItem(HEEDED, this.#toWhom(this.warning));
      this.warningBox.hidden = true;
    });
  }

  // What a rule noticed in the person's own work, until they say that they have read it.
  warn(text) {
    this.warning = text;
    this.warningBox.hidden = !text || sessionStorage.getItem(HEEDED) === this.#toWhom(text);
    this.warningBox.querySelector("p").textContent = text && `Please take a little more care. ${text}`;
  }

  // What one person has read, the next one at this tab has not.
  #toWhom(text) {
    return `${this.root.querySelector("#rater").textContent}: ${text}`;
  }

  // step: loading, consent, instructions, practice, rate, edit, waiting, end, paused, reads.
  show(step) {
    this.root.dataset.step = step;
    this.wordsBox.hidden = true;
    const kind = { practice: "pair", edit: "pair", rate: "pair rate" }[step] ?? step;
    for (const tool of this.root.querySelectorAll("nav [data-for]"))
      tool.hidden = !tool.dataset.for.split(" ").some((one) => kind.split(" ").includes(one));
  }

  progress({ rated, open }) {
    this.bar.max = Math.max(1, rated + open);
    this.bar.value = rated;
    const word = Object.assign(document.createElement("span"), { className: "word", textContent: " rated" });
    this.count.replaceChildren(`${rated.toLocaleString("en")} of ${(rated + open).toLocaleString("en")}`, word);
  }

  say(text) {
    clearTimeout(this.timer);
    this.status.textContent = text;
    this.timer = setTimeout(() => (this.status.textContent = ""), SAID_FOR);
  }

  // A message that stays until it is over: "" ends it. label: what the button does, `pressed`.
  alert(text, label = "", pressed = null) {
    this.alertPressed = pressed;
    this.alertBox.hidden = !text;
    this.alertBox.querySelector("p").textContent = text;
    this.alertBox.querySelector("button span").textContent = label;
  }

  // A line above the pair, with a button where there is something to do.
  ribbon(text, { label, key, pressed } = {}) {
    this.ribbonBox.hidden = !text;
    this.ribbonBox.querySelector("p").textContent = text;
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label ?? "", hidden: !label });
    this.ribbonBox.querySelector("button").replaceWith(button);
    if (!label) return;
    showKey(button, key);
    button.addEventListener("click", pressed);
    button.classList.toggle("main", key === "Enter");
  }

  words(step, title, html, actions) {
    this.show(step);
    this.wordsBox.hidden = false;
    this.wordsBox.querySelector("h2").textContent = title;
    this.wordsBox.querySelector(".text").innerHTML = html;
    this.wordsBox.querySelector(".actions").replaceChildren(...actions.map(action));
    window.scrollTo(0, 0);
    this.wordsBox.querySelector("h2").focus();
  }

  plain(step, title, text, actions = []) {
    const paragraph = Object.assign(document.createElement("p"), { textContent: text });
    this.words(step, title, paragraph.outerHTML, actions);
  }

  // Ask the server until it answers, telling the person why it takes long.
  async insist(ask) {
    for (;;) {
      try {
        const answer = await ask();
        this.alert("");
        return answer;
      } catch (error) {
        if (!(error instanceof Outage || error instanceof Refusal)) throw error;
        await new Promise((again) => {
          this.alert(error.message, TRY_AGAIN, again);
          if (error instanceof Outage) setTimeout(again, 3_000);
        });
      }
    }
  }
}

function action({ label, key, main = false, pressed }) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: main ? "main" : "" });
  button.append(Object.assign(document.createElement("span"), { textContent: label }));
  showKey(button, key);
  button.addEventListener("click", pressed);
  return button;
}
