/** How all pages look: light and dark by the reader's setting, readable on a telephone, no font or image from elsewhere. */
export const stylesheet = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1f1d1a; --soft: #6a655d; --line: #e3dfd8; --stripe: #f6f4f0;
  --accent: #a8410a; --track: #ece8e1; --shade: #1f1d1a4d; --busy: #1d5fa8; --good: #25713a; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #191816; --card: #211f1d; --ink: #e9e5df; --soft: #a29b91; --line: #38352f; --stripe: #262421;
    --accent: #f09a5b; --track: #38352f; --shade: #000000d9; --busy: #7db4f0; --good: #7cc48d; --bad: #f28b82;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
a { color: var(--accent); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
header {
  display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem;
  padding: .6rem 1.25rem; background: var(--card); border-bottom: 1px solid var(--line);
}
.site { display: inline-flex; align-items: center; gap: .5rem; font-weight: 650; color: var(--ink); overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; }
nav a { color: var(--soft); padding: .2rem 0; }
nav a[aria-current] { color: var(--ink); box-shadow: inset 0 -2px var(--accent); }
#status { margin-left: auto; font-size: .8rem; color: var(--soft); }
#status[data-state]::before { content: "●"; margin-right: .4em; }
#status[data-state=live]::before { color: var(--good); }
#status[data-state=trouble]::before { color: var(--bad); }
main { padding: 1rem 1.25rem 2rem; max-width: 110rem; margin: 0 auto; }
footer { padding: .75rem 1.25rem 1.5rem; max-width: 110rem; margin: 0 auto; color: var(--soft); font-size: .8rem; }
h1 { font-size: 1.45rem; line-height: 1.25; margin: .4rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
h2 small { font-weight: 400; color: var(--soft); }
.scroll {
  overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; scrollbar-width: thin;
  /* a shade at the edge beyond which there is more: at the ends, what scrolls along covers it */
  background:
    linear-gradient(to right, var(--card) 40%, transparent) left / 3rem 100% no-repeat local,
    linear-gradient(to left, var(--card) 40%, transparent) right / 3rem 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) left / .9rem 100% no-repeat,
    linear-gradient(to left, var(--shade), transparent) right / .9rem 100% no-repeat,
    var(--card);
}
table { border-collapse: collapse; width: 100%; font-size: .87rem; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; padding: .45rem .75rem; color: var(--soft); font-size: .8rem; border-top: 1px solid var(--line); }
th, td { padding: .4rem .6rem; text-align: left; vertical-align: top; }
th { font-weight: 600; color: var(--soft); font-size: .78rem; white-space: nowrap; border-bottom: 1px solid var(--line); vertical-align: bottom; }
th a { color: inherit; }
tbody tr + tr td { border-top: 1px solid var(--line); }
tbody tr:hover td { background: var(--stripe); }
.number { text-align: right; white-space: nowrap; }
td, dd, pre { unicode-bidi: isolate; }
td { max-width: 34rem; overflow-wrap: break-word; }
time, .id, .keep { white-space: nowrap; }
.name { display: block; min-width: 11rem; }
code, pre, .id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .93em; }
.soft, .empty { color: var(--soft); }
.empty { margin: .3rem 0; }
.facts { display: flex; flex-wrap: wrap; gap: .6rem 2.2rem; margin: 0 0 1rem; }
.facts dt { color: var(--soft); font-size: .78rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.badge { display: inline-block; font-size: .78rem; font-weight: 600; white-space: nowrap; }
.badge::before { content: ""; display: inline-block; width: .55em; height: .55em; border-radius: 50%; margin-right: .45em; background: currentColor; }
.badge.good { color: var(--good); } .badge.busy { color: var(--busy); } .badge.bad { color: var(--bad); } .badge.plain { color: var(--soft); }
.bar { display: inline-flex; align-items: center; gap: .6rem; white-space: nowrap; }
progress { appearance: none; width: 6rem; height: .5rem; border: 0; border-radius: 4px; overflow: hidden; background: var(--track); }
progress::-webkit-progress-bar { background: var(--track); }
progress::-webkit-progress-value { background: var(--accent); }
progress::-moz-progress-bar { background: var(--accent); }
td progress { width: 4.5rem; }
button {
  font: inherit; font-size: .8rem; color: var(--bad); background: none; cursor: pointer;
  border: 1px solid var(--line); border-radius: 6px; padding: .1rem .6rem;
}
button:hover, button:focus-visible { border-color: var(--bad); }
form { margin: 0; display: inline; }
details { margin-top: 1.25rem; }
summary { cursor: pointer; font-weight: 600; margin-bottom: .5rem; }
pre {
  margin: 0; padding: .75rem 1rem; overflow: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.4; tab-size: 4;
}
pre.log { height: calc(100vh - 15rem); min-height: 16rem; font-size: .82rem; }
.error { color: var(--bad); white-space: pre-wrap; overflow-wrap: anywhere; }
td > .error:only-child { display: block; min-width: 18rem; }
.pages { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; margin: .6rem 0; font-size: .87rem; color: var(--soft); }
.drawing { padding: .5rem .75rem; }
.timeline { display: block; width: 100%; min-width: 40rem; height: auto; }
.timeline text { fill: var(--ink); font: 11px system-ui, sans-serif; }
.timeline .axis { stroke: var(--line); } .timeline .tick { fill: var(--soft); }
.timeline .running { fill: var(--busy); } .timeline .completed { fill: var(--good); } .timeline .failed { fill: var(--bad); }
.timeline .cancelled { fill: var(--soft); }
@media (max-width: 40rem) {
  header, main, footer { padding-left: .8rem; padding-right: .8rem; }
  th, td { padding: .35rem .55rem; }
  .facts { gap: .5rem 1.5rem; }
  #status { margin-left: 0; }
}
`;
