// The practice round: pairs whose answer is explained; nothing of it is sent.

export class Practice {
  // show(pair, text): put a pair on the screen. explain(choice, text, next): say it, go on when the person is ready.
  constructor(pairs, { show, explain, done }) {
    Object.assign(this, { pairs, show, explain, done, number: 0 });
  }

  begin() {
    this.number = 0;
    this.#next();
  }

  answered({ choice }) {
    const { expected, why } = this.pairs[this.number];
    const isSame = choice === expected || /^[ab]\d?$/.test(choice) && choice[0] === expected;
    this.explain(choice, `${isSame ? "We think so too." : "We see it differently."} ${why}`, () => {
      this.number += 1;
      this.#next();
    });
  }

  #next() {
    if (this.number === this.pairs.length) return this.done();
    const last = this.pairs.length;
    this.show(this.pairs[this.number], `Practice, ${this.number + 1} of ${last}: nothing of this is recorded.`);
  }
}
