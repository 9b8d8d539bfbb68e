// Light and dark: as the system has it, until the person chooses.

const KEPT = "firsthand-theme";

export function startTheme(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem(KEPT);
  const apply = () => {
    const isDark = (chosen() ?? (system.matches ? "dark" : "light")) === "dark";
    document.body.classList.toggle("dark", isDark);
    document.documentElement.style.colorScheme = isDark ? "dark" : "light";
    button.textContent = isDark ? "☀" : "☾";
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEPT, document.body.classList.contains("dark") ? "light" : "dark");
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
