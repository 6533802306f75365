/** The report's style sheet, for light and dark. */
export const style = `
:root { color-scheme: light dark; --paper: #fbfaf8; --ink: #23201d; --soft: #6f6963; --line: #e3ded8;
  --own: #d9480f; --script: #d6a419; --c: #3b6fb6; --sort: #3b6fb6; --spark: #7a5195; --other: #8c8c8c; --card: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --paper: #171614; --ink: #ece8e3; --soft: #a39c94; --line: #35322e;
  --own: #ff7a3d; --script: #e3b93c; --c: #6f9fe0; --sort: #6f9fe0; --spark: #b48ad0; --other: #8f8a84; --card: #1f1d1b; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 820px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; margin: 0 0 8px; }
h2 { font-size: 19px; margin: 40px 0 8px; border-bottom: 1px solid var(--line); padding-bottom: 4px; }
.facts { color: var(--soft); margin: 0 0 12px; }
figure { margin: 12px 0; padding: 12px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
figcaption { font-weight: 600; margin-bottom: 8px; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg text.note { fill: var(--soft); }
.spread { stroke: var(--ink); stroke-width: 1.5; opacity: 0.7; }
.grid { stroke: var(--line); }
.even { stroke: var(--soft); stroke-dasharray: 3 3; }
polyline { fill: none; stroke-width: 2; }
rect, circle { fill: var(--other); }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 5px; margin: 0 4px 0 10px; background: var(--other); }
.series-firesteel { fill: var(--own); background: var(--own); }
.series-script, .series-js-loop { fill: var(--script); background: var(--script); }
.series-c, .series-sort { fill: var(--c); background: var(--c); }
.series-spark { fill: var(--spark); background: var(--spark); }
.line-0 { stroke: var(--own); } circle.line-0 { fill: var(--own); }
.line-1 { stroke: var(--c); } circle.line-1 { fill: var(--c); }
.line-2 { stroke: var(--script); } circle.line-2 { fill: var(--script); }
.line-3 { stroke: var(--spark); } circle.line-3 { fill: var(--spark); }
pre { overflow-x: auto; padding: 12px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; font-size: 12px; }
`;
