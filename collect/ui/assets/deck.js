// The buttons under a pair, and the answer they make.

import { chooseOne } from "./dialogs.js";
import { showKey } from "./keys.js";
import { press } from "./pair.js";

const TOO_SOON = 400; // milliseconds; a choice sooner than this was a second click, meant for the pair before

export class Deck {
  // settings: what the server says of the page. answered: takes {choice, criteria, rationale, skip_reason, flag}.
  constructor(root, settings, { answered, say }) {
    Object.assign(this, { settings, answered, say });
    this.root = root.querySelector("#deck");
    this.dialog = root.querySelector("#dialog");
    this.scale = root.querySelector("#scale");
    this.note = root.querySelector("#note");
    this.field = this.note.querySelector("textarea");
    this.skip = root.querySelector("#skip");
    this.flag = root.querySelector("#flag");
    this.#buildScale();
    this.#buildCriteria();
    this.#buildNote();
    for (const button of [this.skip, this.flag]) showKey(button);
    // Passing messages stand above the deck, however high it is.
    new ResizeObserver(() => root.style.setProperty("--deck", `${this.root.offsetHeight}px`)).observe(this.root);
    this.skip.addEventListener("click", () => this.#askSkip());
    this.flag.addEventListener("click", () => this.#askFlag());
  }

  // Ready for a pair; `given` is what was said of it before.
  open(given = {}) {
    this.root.hidden = this.root.inert = false;
    this.since = performance.now();
    this.criteria = { ...given.criteria };
    this.reason = given.flag ?? null;
    this.field.value = given.rationale ?? "";
    this.#grow();
    press(this.flag, this.reason !== null);
    for (const button of this.root.querySelectorAll("[data-choice]")) press(button, button.dataset.choice === given.choice);
    for (const button of this.root.querySelectorAll("[data-criterion]")) this.#pressCriterion(button);
  }

  // The answer as it was given, to be looked at.
  freeze(choice) {
    this.root.inert = true;
    for (const button of this.root.querySelectorAll("[data-choice]")) press(button, button.dataset.choice === choice);
  }

  close() {
    this.root.hidden = true;
  }

  #buildScale() {
    for (const { id, key, label } of this.settings.choices) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.choice = id;
      button.append(Object.assign(document.createElement("span"), { textContent: label }));
      showKey(button, key);
      button.addEventListener("click", () => this.#choose(button));
      if (id === "both_bad") this.skip.before(button);
      else this.scale.append(button);
    }
  }

  #buildCriteria() {
    const area = this.root.querySelector("#criteria");
    area.hidden = !this.settings.criteria.length;
    for (const { name, keys } of this.settings.criteria) {
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", `More ${name}`);
      group.append(Object.assign(document.createElement("span"), { className: "name", textContent: `More ${name}` }));
      ["a", "tie", "b"].forEach((value, place) => {
        const button = document.createElement("button");
        button.type = "button";
        Object.assign(button.dataset, { criterion: name, value });
        button.append(value === "tie" ? "Same" : value.toUpperCase());
        showKey(button, keys[place]);
        button.addEventListener("click", () => this.#chooseCriterion(name, value));
        group.append(button);
      });
      area.append(group);
    }
  }

  #buildNote() {
    this.note.hidden = this.settings.rationale === "off";
    this.note.querySelector(".quiet").textContent = this.settings.rationale === "required" ? "(needed)" : "(optional)";
    showKey(this.note, "n");
    this.note.removeAttribute("aria-keyshortcuts");
    this.field.setAttribute("aria-keyshortcuts", "n");
    this.field.addEventListener("input", () => this.#grow());
  }

  #choose(button) {
    if (performance.now() - this.since < TOO_SOON) return this.say("That was too quick to be meant: not counted.");
    if (this.settings.rationale === "required" && !this.field.value.trim()) {
      this.field.focus();
      return this.say("Say why in a few words first; then Escape, and choose.");
    }
    button.classList.add("given");
    setTimeout(() => button.classList.remove("given"), 250);
    this.#answer({ choice: button.dataset.choice });
  }

  #chooseCriterion(name, value) {
    if (this.criteria[name] === value) delete this.criteria[name];
    else this.criteria[name] = value;
    for (const button of this.root.querySelectorAll("[data-criterion]")) this.#pressCriterion(button);
  }

  #pressCriterion(button) {
    press(button, this.criteria[button.dataset.criterion] === button.dataset.value);
  }

  async #askSkip() {
    const reason = await chooseOne(this.dialog, "Why do you skip this pair?", this.settings.skip_reasons);
    if (reason !== null) this.#answer({ choice: "skip", skip_reason: reason });
  }

  async #askFlag() {
    const title = "What is wrong with this pair? It is sent with your answer.";
    const none = this.reason === null ? [] : ["Nothing: take the flag away"];
    const reason = await chooseOne(this.dialog, title, [...this.settings.flag_reasons, ...none]);
    if (reason === null) return;
    this.reason = none.includes(reason) ? null : reason;
    press(this.flag, this.reason !== null);
    this.say(this.reason === null ? "Not flagged." : `Flagged: ${this.reason}. Now choose or skip.`);
  }

  #answer(said) {
    this.answered({
      skip_reason: null,
      criteria: this.criteria,
      rationale: this.field.value,
      flag: this.reason,
      ...said,
    });
  }

  #grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, 140)}px`;
  }
}
