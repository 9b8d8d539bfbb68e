// Active time: not while the tab is hidden, and at most a minute after the person last did anything.

const IDLE = 60_000; // milliseconds

export class Stopwatch {
  #counted = 0;
  #since = performance.now();
  #acted = performance.now();

  constructor() {
    for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "scroll"])
      document.addEventListener(kind, () => this.#act(), { capture: true, passive: true });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#count() : this.#act()));
  }

  restart() {
    this.#counted = 0;
    this.#since = this.#acted = performance.now();
  }

  get seconds() {
    this.#count();
    return this.#counted / 1_000;
  }

  #act() {
    this.#count();
    if (!document.hidden) this.#acted = performance.now();
  }

  // Add what has passed since the last count; the clock is monotonic, whatever the machine's own clock does.
  #count() {
    const now = performance.now();
    const until = Math.min(now, this.#acted + IDLE);
    if (!this.hidden) this.#counted += Math.max(0, until - this.#since);
    this.#since = now;
    this.hidden = document.hidden;
  }
}
