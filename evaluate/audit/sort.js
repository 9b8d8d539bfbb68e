// Tables whose columns sort: by a click on a head, and by keyboard, since each head becomes a button.

export function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  for (const [at, head] of heads.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(table, at, down);
    });
  }
}

// Cells without a value stay at the end.
function sort(table, at, down) {
  const value = (row) => row.cells[at].dataset.value;
  const rows = [...table.tBodies[0].rows];
  const known = rows.filter((row) => value(row) !== "").sort((one, other) => compare(value(one), value(other)));
  table.tBodies[0].append(...(down ? known.reverse() : known), ...rows.filter((row) => value(row) === ""));
}

function compare(one, other) {
  const [first, second] = [Number(one), Number(other)];
  return Number.isNaN(first) || Number.isNaN(second) ? one.localeCompare(other) : first - second;
}

for (const table of document.querySelectorAll("table.sortable")) sortable(table);
