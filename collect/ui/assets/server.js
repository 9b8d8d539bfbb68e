// Asking the server. A Refusal is its answer, and final; an Outage is worth another try; with a Detour something else
// comes first, as agreeing to a new text does.

const PATIENCE = 15_000; // milliseconds until a silent server counts as away

export class Refusal extends Error {}
export class Outage extends Error {}
export class Detour extends Refusal {}

export const get = (path) => ask(path, { method: "GET" });

export const post = (path, body = {}) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function ask(path, options) {
  const response = await reach(path, options);
  const content = await response.json().catch(() => ({}));
  if (response.ok) return content;
  const why = content.detail ?? content.message;
  if (response.status === 401) throw new Outage("You are logged out. Log in again in another tab.");
  if (response.status >= 500 || response.status === 429) throw new Outage(why ?? "The server has a problem.");
  if (response.status === 409) throw new Detour(why ?? "Something else comes first. Load the page again.");
  throw new Refusal(why ?? `The server refused this (${response.status}). Load the page again.`);
}

async function reach(path, options) {
  try {
    return await fetch(`/api/${path}`, { ...options, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Outage("The server can't be reached.");
  }
}
