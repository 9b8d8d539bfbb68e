// One key, one verdict: the key that each button shows. Quiet while someone types, and with a modifier held.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const button = document.querySelector(`button#key-${CSS.escape(event.key)}`);
  if (button && !button.disabled) {
    event.preventDefault();
    button.click();
  }
});
