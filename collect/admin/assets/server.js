// Asking the server: the answer, or an error whose message says why not.

export async function ask(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`/api/admin/${path}`, options || {});
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(text(said.detail) || text(said.message) || `The server answered ${answer.status}.`);
  return said;
}

const text = (value) => (typeof value === "string" ? value : "");
