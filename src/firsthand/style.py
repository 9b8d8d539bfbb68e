"""How every page looks: light and dark, from 390 px up, readable on paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --card: #ffffff; --ink: #1b1f24; --soft: #5b6470; --line: #dfe3e8; --track: #eceff2;
  --blue: #2563a8; --model: #7cabdf; --other: #b4bcc5; --good: #1a7f4b; --bad: #a8480f; --open: #5b6470;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1c2025; --ink: #e8eaed; --soft: #a3acb7; --line: #333a42; --track: #2a3037;
    --blue: #6fb0f2; --model: #35689e; --other: #59626d; --good: #57c98a; --bad: #f0a168; --open: #a3acb7;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 860px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 1.05rem; font-weight: 600; color: var(--soft); margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 4px; letter-spacing: -.01em; }
p { margin: 0 0 12px; max-width: 72ch; }
p.lead { color: var(--soft); margin-bottom: 20px; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 24px; margin-top: 20px;
}
section > :last-child { margin-bottom: 0; }
.verdict { border-left: 6px solid var(--open); }
.verdict .status { color: var(--open); font-weight: 650; margin: 0 0 6px; }
.verdict.good { border-left-color: var(--good); }
.verdict.good .status { color: var(--good); }
.verdict.bad { border-left-color: var(--bad); }
.verdict.bad .status { color: var(--bad); }
.verdict .sentence { font-size: 1.3rem; line-height: 1.4; margin: 0; letter-spacing: -.01em; }
.verdict .warning { border-left: 3px solid var(--bad); padding: 2px 0 2px 12px; margin: 16px 0 0; }
.simulated {
  border: 2px solid var(--bad); border-left-width: 8px; border-radius: 12px; padding: 12px 18px; margin: 0 0 20px;
  background: var(--card); max-width: none;
}
.simulated strong { color: var(--bad); }
a { color: var(--blue); }
.links { margin-top: 12px; }
pre {
  background: var(--track); border-radius: 8px; padding: 8px 12px; margin: 4px 0 16px; overflow-x: auto;
  font: .78rem/1.5 ui-monospace, Menlo, Consolas, monospace;
}
.step { margin: 0; }
.group { margin-top: 24px; }
.group h3 { font-size: 1rem; margin: 0 0 8px; }
.group h3 span { color: var(--soft); font-weight: 400; margin-left: 8px; }
.bar { display: grid; grid-template-columns: 110px 1fr 170px; gap: 12px; align-items: center; margin: 4px 0; }
.figure { font-variant-numeric: tabular-nums; white-space: nowrap; }
.figure small { color: var(--soft); font-size: .85em; margin-left: 6px; }
.group p { margin-top: 8px; color: var(--soft); }
.plots { display: grid; grid-template-columns: minmax(0, 380px) minmax(0, 1fr); gap: 32px; margin-bottom: 20px; }
.plots p { color: var(--soft); font-size: .93rem; }
svg { display: block; width: 100%; overflow: visible; }
svg text { fill: var(--soft); font-size: 12px; font-family: inherit; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .93rem; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 550; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 6px 24px; margin: 12px 0 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--blue); margin: 8px 0; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 3px; }
@media (max-width: 640px) {
  main { padding: 20px 14px 40px; }
  section { padding: 18px 16px; }
  .verdict .sentence { font-size: 1.12rem; }
  .bar { grid-template-columns: 1fr auto; gap: 0 12px; margin: 10px 0; }
  .bar .track { grid-row: 2; grid-column: 1 / 3; }
  .plots { grid-template-columns: minmax(0, 1fr); gap: 20px; }
  th:first-child, td:first-child { white-space: normal; min-width: 8.5rem; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 10px; }
}
@media print { section { break-inside: avoid; } }
"""
