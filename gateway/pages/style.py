"""How the pages look: one sheet, dark and light as the reader's system says, no font or picture from afar."""

STYLE = """\
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de; --tint: #f3f5f7; --link: #0a5cad;
  --good: #116329; --warn: #7a4b00; --bad: #a40e26;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e4e8ec; --quiet: #a3adb8; --line: #3a434d; --tint: #1e242b; --link: #7cb8ff;
    --good: #6fd08c; --warn: #e3b341; --bad: #ff8b8b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif;
}
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
h1 { line-height: 1.2; margin: .5rem 0; }
h2 { margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { margin: 1.5rem 0 .25rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--tint); }
tbody th { font-weight: normal; white-space: nowrap; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
td code { overflow-wrap: anywhere; } td:nth-child(5) code { white-space: nowrap; }
pre { background: var(--tint); padding: .75rem; overflow-x: auto; margin: .5rem 0; }
summary { cursor: pointer; }
.state { border: 1px solid currentcolor; border-radius: 1rem; padding: 0 .6rem; white-space: nowrap; }
.published { color: var(--good); } .deprecated, .candidate, .draft { color: var(--warn); }
.sunset, .retired { color: var(--bad); }
@media print { details > * { display: block; } body { max-width: none; } }
"""
