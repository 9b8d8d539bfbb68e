// Tables whose columns sort: by a click on a head, and by keyboard, since each head becomes a button.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, at) => row.cells[at].dataset.value ?? row.cells[at].textContent;
  const compare = (one, other) => {
    const numbers = [one, other].map(Number);
    if (one !== "" && other !== "" && !numbers.some(Number.isNaN)) return numbers[0] - numbers[1];
    return (one === "") - (other === "") || one.localeCompare(other);
  };
  for (const [at, head] of heads.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].sort((one, other) => compare(value(one, at), value(other, at)));
      table.tBodies[0].append(...(down ? rows.reverse() : rows));
    });
  }
}
