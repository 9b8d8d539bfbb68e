// Answers on their way to the server: in order, one at a time, each sent again until the server has acknowledged it.
// Where something else comes first, they wait until they are hurried.

import { Detour, Outage, Refusal, post } from "./server.js";

const WAITS = [1_000, 2_000, 5_000, 10_000, 20_000]; // milliseconds before the next try

export class Outbox {
  #answers = [];
  #sending = false;
  #wake = () => {};

  // known: () => leases whose texts the page has. acknowledged, refused, stuck, held: told what became of an answer.
  constructor({ known, acknowledged, refused, stuck, held }) {
    Object.assign(this, { known, acknowledged, refused, stuck, held });
  }

  get size() {
    return this.#answers.length;
  }

  holds(lease) {
    return this.#answers.some((answer) => answer.lease === lease);
  }

  add(answer) {
    this.#answers.push(answer);
    if (!this.#sending) this.#send();
  }

  // Try again at once instead of waiting.
  hurry() {
    this.#wake();
  }

  async #send() {
    this.#sending = true;
    try {
      await this.#sendAll();
    } finally {
      this.#sending = false;
    }
  }

  async #sendAll() {
    for (let tries = 0; this.#answers.length; ) {
      const answer = this.#answers[0];
      try {
        const said = await post("verdict", { ...answer, known: this.known() });
        this.#answers.shift();
        tries = 0;
        this.acknowledged(said, answer);
      } catch (error) {
        if (error instanceof Detour) {
          const hurried = this.#pause();
          this.held(error.message);
          await hurried;
        } else if (error instanceof Refusal) {
          this.#answers.shift();
          this.refused(error.message, answer);
        } else if (error instanceof Outage) {
          this.stuck(error.message);
          await this.#pause(WAITS[Math.min(tries++, WAITS.length - 1)]);
        } else {
          throw error;
        }
      }
    }
  }

  #pause(milliseconds) {
    return new Promise((wake) => {
      this.#wake = wake;
      if (milliseconds) setTimeout(wake, milliseconds);
    });
  }
}
