/** Loops, assignments and captured arrays as generated code: what is the function's, what is left to JavaScript, and why. */
import { describe, expect, test } from "bun:test";
import { runMap } from "./lowering-harness.ts";
import { compareWithFunction, wrongMaps } from "./same-as-function.ts";

const tuples = [
  [1, 2, 3],
  [0, -0, NaN],
  [5, -5, 0.5],
  [Infinity, 7, 2 ** 40],
];
const lists = [[], [1], [3, 1, 2], [NaN, -0, 5, 8, 8]];

describe("is the function", () => {
  test("over tuples", () => {
    const texts = [
      "x => { let s = 0; for (let i = 0; i < x.length; i++) s += x[i] * i; return s }",
      "x => { let s = 0; for (let i = x.length - 1; i >= 0; i -= 1) s = s * 10 + x[i]; return s }",
      "x => { let s = 0, i = 0; while (i < 3) { s += x[i]; i++ } return [s, i] }",
      "x => { const y = x[0]; let z = y; z += 1; return [y, z, y - z] }",
      "([a, b, c]) => { if (a > b) [a, b] = [b, a]; if (b > c) { const t = b; b = c; c = t } return [a, b, c] }",
      "x => { let s = 0; for (const y of x) { if (y !== y) continue; if (y > 4) break; s += y } return s }",
      "x => { let s = 1; for (let i = 0; i < 100; i++) { s = (s * 31 + x[i % 3]) % 1009; } return s }",
      "x => { let s = 0; for (let i = 0; i < 3; i++) for (let k = i; k < 3; k++) s += x[i] * x[k]; return s }",
      "x => { let s = 0; for (const a of x) for (const b of [1, a]) s += a * b; return s }",
    ];
    expect(wrongMaps(texts, tuples)).toEqual([]);
  });

  test("over lists", () => {
    const texts = [
      "x => { let most; for (const y of x) if (most === undefined || y > most) most = y; return most }",
      "x => { let last = null; for (let i = 0; i < x.length; i++) last = x[i]; return last ?? -1 }",
      "x => { for (const y of x) if (y > 2) return y; }",
      "x => { for (let i = 0; i < x.length; i++) if (x[i] === 8) return i; return null }",
      "x => { let n = 0; for (const y of x.filter(z => z > 1)) n += y; return n }",
      "x => { let k = 2; const twice = x.map(y => y * k); k = 100; return (twice[0] ?? 0) + k }",
      "x => { let k = 1; const m = [k, k].map(y => x.map(z => z * y + k)); k = 5; return [m[0][0] ?? 0, k] }",
      "x => { let s = 0; const add = y => s + y; for (const y of x) s = add(y); return s }",
    ];
    expect(wrongMaps(texts, lists)).toEqual([]);
  });

  test("over numbers and text", () => {
    const texts = [
      "x => { let n = x | 0; let bits = 0; while (n !== 0) { bits += n & 1; n >>>= 1 } return bits }",
      "x => { let s = 0; while (x-- > 0) { if (s > 30) continue; s += x } return [s, x] }",
      "x => { let s = 0, n = 5; while (--n) s += n * x; return [s, n] }",
      "x => { do x /= 2; while (x > 1); return x }",
      "x => { let y = 'a'; for (let i = 0; i < x; i++) y += '-'; return y }",
      "x => { let flag = false; flag ||= x > 3; let z = x; z &&= z + 1; z ??= 9; return [flag, z] }",
      "x => { switch (x) { case 1: x = 10; case 2: x += 1; break; default: x = 0 } return x }",
      "x => { let y = x; y++; y--; y **= 2; y %= 7; y <<= 1; return [y, -y] }",
      "x => { let i = -0; for (; i < x && i < 3; i++); return i }",
    ];
    expect(wrongMaps(texts, [1, 2, 3.5, -0, 7, 40])).toEqual([]);
  });

  test("with captured arrays", () => {
    const captures = { ws: [1.5, -0, NaN], grid: Array.from({ length: 20 }, (_, i) => [i, -i]), none: [] };
    const texts = [
      "x => [ws[x], ws[x + 0.5], ws[-x], ws.length]",
      "x => { let s = 0; for (let i = 0; i < grid.length; i++) s += grid[i][0] * x + grid[i][1]; return s }",
      "x => { let s = 0; for (const [a, b] of grid) s += a * b * x; return s }",
      "x => { let best = 0; for (let i = 1; i < grid.length; i++) if (grid[i][x] > grid[best][x]) best = i; return best }",
      "x => grid.map(([a]) => a * x).reduce((s, y) => s + y, 0) + none.length",
      "x => none[x] ?? x",
    ];
    const wrong = texts.flatMap(text => {
      const fn = new Function(...Object.keys(captures), `return (${text})`)(...Object.values(captures));
      const compared = compareWithFunction(runMap(text, [0, 1], captures), fn, [0, 1]);
      return compared.wrong.length + compared.left > 0 ? [text, compared] : [];
    });
    expect(wrong).toEqual([]);
  });
});

describe("is left to JavaScript", () => {
  const reason = (text: string, rows: readonly unknown[]) => {
    const outcome = runMap(text, rows);
    return outcome.native ? "" : outcome.reason;
  };

  test("where a variable changes its kind", () => {
    expect(reason("x => { let y = x; y = 'a'; return y }", [1])).toBe("assigns a number, then a string");
    expect(reason("x => { let y = x; y = 1; return y }", [[1, "a"]])).toBe("assigns an array, then a number");
    expect(reason("x => { for (const y of x) if (y) return 'a'; return 1 }", [[1], [1, 2]])).toBe(
      "returns a string, then a number",
    );
  });

  test("where a loop does not end", () => {
    for (const text of [
      "x => { for (;;); }",
      "x => { while (x > 0) x += 1; }",
      "x => { let y = 0; do y = x; while (y) }",
    ])
      expect(runMap(text, [1])).toEqual({ native: true, rows: [{ gaveUp: "takes too many rounds of a loop" }] });
  });

  test("where it throws within a loop", () => {
    const text = "x => { for (const y of x) { if (y === 2) throw new Error('two') } return 1 }";
    expect(runMap(text, [[1], [1, 2], []])).toEqual({
      native: true,
      rows: [{ value: 1 }, { gaveUp: "it throws" }, { value: 1 }],
    });
  });
});
