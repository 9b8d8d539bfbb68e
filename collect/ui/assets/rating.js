// The work itself: pairs that come before they are needed, answers that go out, and answers that are changed.

import { choosePast } from "./dialogs.js";
import { Outbox } from "./outbox.js";
import { TRY_AGAIN } from "./screen.js";
import { Refusal, get, post } from "./server.js";
import { Stopwatch } from "./stopwatch.js";

const LOOK_AGAIN = 30_000; // milliseconds until the page asks whether there is new work
const HEAR_EVERY = 5; // answers after which the page asks whether a rule has something to say

export class Rating {
  #items = [];
  #acknowledgedSoFar = 0;
  #edited = null;
  #atBreak = 0; // active seconds at work since the last break
  #here = { answers: 0, seconds: 0 };

  // moved: called when the person's step may have changed.
  constructor({ screen, pair, deck, page, root, moved }) {
    Object.assign(this, { screen, pair, deck, page, root, moved });
    this.stopwatch = new Stopwatch();
    this.outbox = new Outbox({
      known: () => this.#items.map((item) => item.lease),
      acknowledged: (said, answer) => this.#acknowledged(said, answer),
      refused: (why) => this.#refused(why),
      stuck: (why) => this.#stuck(why),
      held: (why) => this.#held(why),
    });
    root.querySelector("#undo").addEventListener("click", () => this.#undo());
    root.querySelector("#past").addEventListener("click", () => this.#choosePast());
    setInterval(() => this.root.dataset.step === "end" && !document.hidden && this.#lookAgain(), LOOK_AGAIN);
    window.addEventListener("beforeunload", (event) => this.outbox.size && event.preventDefault());
  }

  async begin() {
    this.screen.show("waiting");
    this.#take(await this.screen.insist(() => get("items")));
    this.outbox.hurry();
    this.#showNext();
  }

  answered(said) {
    const seconds = this.stopwatch.seconds;
    if (this.#edited) return this.#amend({ ...said, lease: this.#edited.lease, seconds });
    const { lease } = this.#items.shift();
    this.#here.answers += 1;
    this.#here.seconds += seconds;
    this.#atBreak += seconds;
    this.outbox.add({ ...said, lease, seconds });
    this.#showNext();
    this.#remindOfBreak();
  }

  // What the server says comes next; the texts of pairs that are here already are not sent again.
  #take({ items, progress }) {
    const here = new Map(this.#items.map((item) => [item.lease, item]));
    this.#items = items.filter(({ lease }) => !this.outbox.holds(lease)).map((item) => (item.first === undefined ? here.get(item.lease) : item)).filter(Boolean);
    this.screen.progress(progress);
  }

  #showNext() {
    this.#edited = null;
    const [item] = this.#items;
    if (item) {
      this.shown = item.lease;
      this.screen.show("rate");
      this.pair.show(item);
      this.deck.open();
      this.stopwatch.restart();
      return;
    }
    this.shown = null;
    this.pair.hide();
    this.deck.close();
    this.screen.ribbon("");
    if (this.outbox.size) this.screen.plain("waiting", "One moment", "Your last answers are on their way.");
    else this.#end();
  }

  #acknowledged(said) {
    this.screen.alert("");
    this.#take(said);
    if (said.status === "refused") this.#refused(said.message);
    else this.screen.say(said.message || "Saved.");
    if (++this.#acknowledgedSoFar % HEAR_EVERY === 0) this.#hear();
    if (this.#edited || this.#items[0]?.lease === this.shown && this.shown) return;
    this.#showNext();
  }

  async #hear() {
    const { warning } = await get("state").catch(() => ({}));
    if (warning !== undefined) this.screen.warn(warning);
  }

  async #refused(why) {
    const state = await this.screen.insist(() => get("state"));
    if (state.step !== "rate") return this.moved();
    if (!this.#items.length && !this.outbox.size) await this.begin();
    this.screen.alert(why, "Close", () => this.screen.alert("")); // last: what insists ends the message that stands
  }

  // The server takes no answer before the person has done something else: what they gave waits for that.
  async #held(why) {
    const state = await this.screen.insist(() => get("state"));
    if (state.step === "rate") return this.outbox.hurry();
    await this.moved();
    const before = state.step === "consent" ? "The text below has changed." : why;
    this.screen.alert(`${before} ${this.#unsaved()} not saved yet, but kept here: leave this page open, and go on.`, "Close", () => this.screen.alert(""));
  }

  #unsaved() {
    return this.outbox.size === 1 ? "Your last answer is" : `Your last ${this.outbox.size} answers are`;
  }

  #stuck(why) {
    this.screen.alert(`${why} ${this.#unsaved()} not saved yet, but kept here: leave this page open, it goes on trying.`, TRY_AGAIN, () => this.outbox.hurry());
  }

  async #undo() {
    if (this.outbox.size) return this.screen.say("Your last answer is still on its way; try again in a moment.");
    try {
      const said = await post("undo");
      if (said.status === "refused") return this.screen.say(said.message);
      this.#take(said);
      this.#here.answers -= 1;
      this.#showNext();
      this.screen.say("Your last answer is withdrawn. Here is the pair again.");
    } catch (error) {
      this.screen.say(error.message);
    }
  }

  async #choosePast() {
    const load = async () => (await get("history")).past;
    const chosen = await choosePast(this.root.querySelector("#dialog"), load, (answer) => this.#label(answer));
    if (chosen) this.#edit(chosen);
  }

  #edit(answer) {
    this.#edited = answer;
    this.screen.show("edit");
    this.screen.ribbon(`You are changing an earlier answer: ${this.#label(answer)}.`, {
      label: "Leave it as it was",
      key: "Escape",
      pressed: () => this.#closeEdit("Left as it was."),
    });
    this.pair.show(answer);
    this.deck.open(answer);
    this.stopwatch.restart();
  }

  async #amend(answer) {
    try {
      const said = await post("amend", answer);
      if (said.status === "refused") throw new Refusal(said.message);
      this.#closeEdit("Your answer is changed.");
    } catch (error) {
      this.screen.say(`Not changed: ${error.message} Choose again to try again.`);
    }
  }

  #closeEdit(text) {
    this.screen.ribbon("");
    this.#showNext();
    this.screen.say(text);
  }

  #label({ choice, skip_reason, flag }) {
    const said = choice === "skip" ? `Skipped: ${skip_reason}` : this.page.choices.find(({ id }) => id === choice).label;
    return flag ? `${said} (flagged)` : said;
  }

  #remindOfBreak() {
    const minutes = this.page.break_after_minutes;
    if (!minutes || this.#atBreak < 60 * minutes) return;
    const text = `You have been rating for ${Math.round(this.#atBreak / 60)} min. A short break keeps your judgement fresh; nothing is lost meanwhile.`;
    this.screen.ribbon(text, { label: "Go on", key: "g", pressed: () => this.screen.ribbon("") });
    this.#atBreak = 0;
  }

  #end() {
    const { answers, seconds } = this.#here;
    const here = answers > 0 ? `<p>Today, here: ${answers} ${answers === 1 ? "answer" : "answers"} in ${Math.max(1, Math.round(seconds / 60))} min.</p>` : "";
    this.screen.words("end", "Thank you", here + this.page.thanks, [
      { label: "Look for new pairs", key: "Enter", pressed: () => this.begin() },
    ]);
  }

  // Quietly: where nothing is found, or the server is away, the page and the focus stay as they are.
  async #lookAgain() {
    const found = await get("items").catch(() => null);
    if (!found || this.root.dataset.step !== "end") return;
    this.#take(found);
    if (this.#items.length) this.#showNext();
  }
}
