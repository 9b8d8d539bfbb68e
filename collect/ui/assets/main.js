// The page: waits for Gradio's frame, puts page.html into it, then leads the person through the steps.

import { Deck } from "./deck.js";
import { tell } from "./dialogs.js";
import { listenForKeys, showKey } from "./keys.js";
import { Pair } from "./pair.js";
import { Practice } from "./practice.js";
import { Rating } from "./rating.js";
import { Screen } from "./screen.js";
import { Outage, get, post } from "./server.js";
import { startTheme } from "./theme.js";

const state = load();
const html = fetch(new URL("page.html", import.meta.url)).then((answer) => answer.text());
const frame = await appears("#rating");
frame.innerHTML = await html;
const root = frame.querySelector("#firsthand");
startTheme(root.querySelector("#theme"));
for (const button of root.querySelectorAll("nav [data-key], #expand, #alert [data-key]")) showKey(button);
listenForKeys(root);
// The second click of a double click was not meant for what stands there by then. The deck says so itself.
root.addEventListener("click", (event) => event.detail > 1 && !event.target.closest("#deck") && event.stopPropagation(), { capture: true });
const screen = new Screen(root);
begin(await state);

// A page that comes back from the browser's memory may be about another person, or another day.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

async function load() {
  for (;;) {
    try {
      return await get("state");
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      await new Promise((wake) => setTimeout(wake, 2_000));
    }
  }
}

function appears(selector) {
  return new Promise((resolve) => {
    const look = () => {
      const found = document.querySelector(selector);
      if (!found) return;
      watcher.disconnect();
      resolve(found);
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document.documentElement, { childList: true, subtree: true });
    look();
  });
}

function begin(first) {
  const { page } = first;
  const pair = new Pair(root, (text) => screen.say(text));
  const deck = new Deck(root, page, { answered: (said) => answered(said), say: (text) => screen.say(text) });
  let answered = () => {};

  const rating = new Rating({ screen, pair, deck, page, root, moved: async () => enter(await load()) });
  const practice = new Practice(page.practice, {
    show(view, text) {
      screen.show("practice");
      screen.ribbon(text);
      pair.show(view);
      deck.open();
    },
    explain(choice, text, next) {
      screen.ribbon(text, { label: "Go on", key: "Enter", pressed: next });
      deck.freeze(choice);
      window.scrollTo(0, 0);
    },
    async done() {
      enter(await screen.insist(() => post("practised")));
    },
  });

  root.querySelector("#title").textContent = page.title;
  root.querySelector("#rater").textContent = first.rater;
  root.querySelector("#admin").hidden = !first.reads_admin;
  root.querySelector("#help").addEventListener("click", () => tell(root.querySelector("#dialog"), "Instructions", page.instructions));
  enter(first);

  function enter({ step, reason, progress, warning, page: { consent } }) {
    screen.progress(progress);
    screen.warn(warning);
    pair.hide();
    deck.close();
    screen.ribbon("");
    if (step === "consent") {
      screen.words("consent", "Before you begin", consent.html, [
        { label: "I agree", key: "Enter", main: true, pressed: async () => enter(await screen.insist(() => post("consent", { version: consent.version }))) },
        { label: "I don't agree: log out", key: "Escape", pressed: () => location.assign("/logout") },
      ]);
    } else if (step === "instructions") {
      const label = page.practice.length ? "Start the practice round" : "Start";
      answered = (said) => practice.answered(said);
      screen.words("instructions", "How to rate", page.instructions, [
        { label, key: "Enter", main: true, pressed: () => practice.begin() },
      ]);
    } else if (step === "rate") {
      answered = (said) => rating.answered(said);
      rating.begin();
    } else if (step === "paused") {
      const why = reason ? `The reason given: ${reason}` : "No reason was given.";
      screen.plain("paused", "You are paused", `${why} Everything you said is kept. Ask whoever invited you how to go on.`);
    } else {
      screen.plain("reads", "You don't rate here", "Your account reads the results and changes nothing. They are at /admin.");
    }
  }
}
