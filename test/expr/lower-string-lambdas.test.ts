/** Functions over strings as users write them: native on plain rows, and never wrong on any. */
import { expect, test } from "bun:test";
import { compareWithFunction, functionOfText, wrongMaps } from "./same-as-function.ts";
import { runMap } from "./lowering-harness.ts";

const lines = [
  "",
  "one",
  "one two",
  "2024-01-05,ok,12.5,7",
  "  padded\t",
  "GET /index.html 200",
  ",,,",
  "a,b,c,d",
  "k=v",
  "42",
];
const odd = [...lines, "é,ß", "日本,語", "🔥 fire", "İ", "\u00a0x\u00a0", "\ue000", "😀", "a\u0301b", "x".repeat(40)];

/** On `lines` these are native throughout, but where the function throws. */
const texts = [
  "x => x.split(',')[0]",
  "x => x.split(',')[2]",
  "x => x.split(' ').length",
  "x => x.split(',').length > 3 ? x.split(',')[1] : 'none'",
  "x => { const p = x.split(','); return [p[0], p.length]; }",
  "x => x.split(' ').some(word => word.startsWith('/'))",
  "x => x.split(', ')[0]",
  "x => [x, x.length]",
  "x => x.length > 3 && x.includes(',')",
  "x => x.trim().toUpperCase()",
  "x => x.slice(0, 3) + '-' + x.slice(-2)",
  "x => x.substring(4, 1)",
  "x => `${x}:${x.length}`",
  "x => x[0] ?? 'empty'",
  "x => x.charAt(1) === 'n'",
  "x => x.charCodeAt(0) | 0",
  "x => x.at(-1)",
  "x => x === 'one two' || x === ''",
  "x => x < 'b' ? 'low' : x >= 'one' ? 'high' : 'middle'",
  "x => x.indexOf('=') < 0 ? [x, ''] : [x.slice(0, x.indexOf('=')), x.slice(x.indexOf('=') + 1)]",
  "x => x.lastIndexOf(',')",
  "x => x.endsWith('d') || x.endsWith('html 200')",
  "x => +x.trim()",
  "x => Number(x) > 40",
  "x => parseInt(x) + 1",
  "x => parseFloat(x.split(',')[3] ?? '0')",
  "x => x.padStart(8, '0')",
  "x => x.replace(',', ';').replaceAll(' ', '_')",
  "x => x.repeat(2)",
  "x => 'a,b'.split(',').length + x.length",
  "x => x.concat('!', x)",
  "x => x.split(',').join(' / ')",
  "x => x.split(', ').join()",
];

test("plain strings take no JavaScript", () => {
  expect(wrongMaps(texts, lines)).toEqual([]);
});

test.each(texts)("%s", text => {
  const { wrong, left } = compareWithFunction(runMap(text, odd), functionOfText(text), odd);
  expect(wrong).toEqual([]);
  expect(left).toBeLessThan(odd.length / 2);
});

test("what only JavaScript has is refused", () => {
  const refused = ["x => x.split(',', 2)[0]", "x => x.split('')[0]", "x => x.localeCompare('a')", "x => x.split(0)[0]"];
  expect(refused.map(text => runMap(text, lines))).toEqual(
    [
      "splits with a limit",
      "splits into characters",
      "calls localeCompare of a string",
      "splits at something that is not a string",
    ].map(reason => ({ native: false, reason })),
  );
});

test("a separator of the row is one ASCII character, or the row is left to JavaScript", () => {
  const text = "([x, by]) => [x.split(by)[1] ?? '', x.split(by).length, x.split(by).join('+')]";
  for (const by of [",", " ", "", "é", "a,"]) {
    const rows = odd.map(line => [line, by]);
    const { wrong, left } = compareWithFunction(runMap(text, rows), functionOfText(text), rows);
    expect([by, wrong, left]).toEqual([by, [], /^[, ]$/.test(by) ? 0 : odd.length]);
  }
});
