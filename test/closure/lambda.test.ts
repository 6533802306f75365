/** What functions become: a table of them, with the expression or the reason beside each. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lambdaOfBuiltin } from "../../src/closure/lambda.ts";
import { isLambda, type Lambda, type NoLambda } from "../../src/expr/ir.ts";
import { arrayOf } from "../../src/expr/tables.ts";
import { printLambda } from "../../src/expr/print-expr.ts";
import { mustRead, readLambda } from "../expr/text-lambda.ts";

const cases: readonly (readonly [text: string, captures?: Record<string, unknown>])[] = [
  ["x => x * 2"],
  ["(a, b) => a + b"],
  ["line => line.split(' ')"],
  ["w => [w, 1]"],
  ["r => r.price * (1 - r.discount)"],
  ["([k, v]) => ({ k, v })"],
  ["function (x) { return x }"],
  ["x => { const y = x + 1; return y * y; }"],
  ["x => { let y = x; { const x = 3; return x + y } }"],
  ["x => { if (x > 1) return 'a'; else if (x < 0) return 'b'; return 'c' }"],
  ["x => { if (x) { const y = 1; if (y) return 2 } return 3 }"],
  ["x => { switch (x) { case 1: case 2: return 'low'; case 3: break; default: return 'high' } return 'mid' }"],
  ["x => { if (x === null) throw new Error('no'); return x.a }"],
  ["x => {}"],
  ["x => { x + 1 }"],
  ["({ a, b: { c: d }, ['e']: f, 0: g }) => [a, d, f, g]"],
  ["([, a, [b]]) => a + b"],
  ["({ a = 1 }) => a"],
  ["(a, b = a) => a + b"],
  ["x => `<${x}>`"],
  ["x => `${x}${x}`"],
  ["x => ``"],
  ["x => x?.a"],
  ["x => x?.a?.b"],
  ["x => x?.a.b"],
  ["x => x.a?.trim().length"],
  ["x => x?.[0]"],
  ["x => (x?.a).b"],
  ["(x: any) => x!.a as number"],
  ["x => x?.a!.b"],
  ["x => typeof x === 'string' ? x.length : +x"],
  ["x => ({ ...x, y: 1, 'z-z': 2, 3: 4 })"],
  ["x => [-1, -0, +1, !0, ~x, void 0, undefined, NaN, Infinity, Math.PI, Number.MAX_SAFE_INTEGER, null]"],
  ["x => Math.max(x, 1) + Number(x) + parseInt(x, 10) + Number.parseFloat(x)"],
  ["x => isNaN(x) || Number.isInteger(x)"],
  ["a => a.map(x => x + 1).filter((x, i) => i > 0).reduce((s, x) => s + x, 0)"],
  ["a => a.map(([k, v]) => k).some(Boolean)"],
  ["a => a.map(Number).every(x => x)"],
  ["x => { const f = y => y + 1; return f(f(x)) }"],
  ["x => { function g(y, z) { return y + z } return g(x) }"],
  ["x => (y => y * 2)(x + 1)"],
  ["x => { const { floor } = Math; return floor(x) }"],
  ["x => { const twice = (f, y) => f(f(y)); return twice(z => z * 3, x) }"],
  ["x => x + k", { k: 5 }],
  ["x => x.split(sep)", { sep: "," }],
  ["x => x[name]", { name: "price" }],
  ["x => x * c.rate + c.weights[1] + c.names.length", { c: { rate: 2, weights: [1, 2], names: [] } }],
  ["x => c.missing ?? x", { c: {} }],
  ["x => { const { rate: r } = c; const [a] = c.w; return r * a * x }", { c: { rate: 2, w: [7] } }],
  ["x => Math.abs(k) * x", { k: 1, Math: 3 }],
  ["x => (x, 3)"],
  ["x => a.b.c + x", { a: { b: { c: 1 } } }],
  ["x => x === undefined"],
  ["x => ((x))"],
  ["x => x['a']"],
  ["x => x['0']"],
  ["x => x[x.i + 1]"],
  ["x => { 'use strict'; return x }"],
  ["x => { var y = x; return y }"],
  ["x => { const a = x, b = a + 1; return b }"],
  ["x => { let y; return y }"],
  ["x => { for (const y of x) return y }"],
  ["x => { let y = 0; y += x; return y }"],
  ["p => { let s = 0; for (let i = 0, n = p.length; i < n; i++) { if (p[i] < 0) continue; s += p[i] } return s }"],
  ["x => { while (x > 1) x /= 2; return x }"],
  ["x => { let s = 0; while (x-- > 0) s += x; return s }"],
  ["x => { do { x -= 1; if (x === 7) break } while (x > 0); return x }"],
  ["x => { let a = 0, b = 1; for (; x > 0; x--) [a, b] = [b, a + b]; return a }"],
  ["x => { if (x < 0) return 'none'; let y = ''; for (const c of x) y = y + c; return y }"],
  ["x => { let a, b; a = b = x; a ??= 1; b ||= 2; a &&= 3; return a + b }"],
  ["x => { let y = 0; switch (x) { case 1: y = 1; case 2: y += 1; break; default: y = 9 } return y }"],
  ["x => { for (const [k, { v = 1 }] of x) if (k) return v; return 0 }"],
  ["x => { let k = 2; const ys = x.map(y => y * k); k = 3; return ys[0] }"],
  ["x => { const f = n => { let s = 0; while (n > s) s++; return s }; return f(x) + f(2) }"],
  ["([a, b]) => { if (a > b) { const t = a; a = b; b = t } return [a, b] }"],
  ["x => ws[x] * ws.length + ws[0]", { ws: [1, -0, NaN] }],
  ["x => ws.reduce((s, w) => s + w * x, 0) + ws[1]", { ws: Float64Array.of(1, 2) }],
  ["x => { let s = 0; for (const { at: [a], n } of cs) s += a * n; return s }", { cs: [{ at: [1, 2], n: 3 }] }],
  [
    "(x, i) => rows[i][x] + rows[1][x]",
    {
      rows: [
        [1, 2],
        [3, 4],
      ],
    },
  ],
  ["x => { const at = i => ws[i]; return at(x) }", { ws: Int32Array.of(1) }],
  // no
  ["x => ws[x]", { ws: [1, , 2] }],
  ["x => ws[x]", { ws: [1, "2"] }],
  ["x => ws[x]", { ws: [[1], [2, 3]] }],
  ["x => ws[x]", { ws: [new Proxy([1], {})] }],
  ["x => ws[x]", { ws: new Array(200_000).fill(1) }],
  ["x => ws[x]", { ws: new (class extends Array {})() }],
  ["x => ws.x", { ws: Object.assign([1], { x: 1 }) }],
  ["x => { let y = 0; x.map(z => { y += z }); return y }"],
  ["x => { const y = 0; y = x; return y }"],
  ["x => { outer: for (;;) for (;;) break outer }"],
  ["x => { for (const y in x) return y }"],
  ["x => { let y = 0; while ((y = x - y) > 0); return y }"],
  ["x => { x.a += 1; return x }"],
  ["x => { for (x of [1, 2]); return x }"],
  ["x => { k = x; return k }", { k: 1 }],
  ["x => { ({ a: x } = x); return x }"],
  ["x => { x.a = 1; return x }"],
  ["x => x.match(/a/)"],
  ["x => x.replace(/a/g, '')"],
  ["x => fetchPrice(x)"],
  ["x => new Map()"],
  ["x => new Date(x)"],
  ["async x => x"],
  ["function* (x) { yield x }"],
  ["function (x) { return this.y + x }"],
  ["x => console.log(x)"],
  ["x => JSON.parse(x)"],
  ["x => Math.random() * x"],
  ["x => Date.now()"],
  ["x => k.get(x)", { k: new Map() }],
  ["x => k * x", { k: 5n }],
  ["x => k", { k: [1] }],
  ["x => k[x]", { k: [1] }],
  ["x => k(x)", { k: (y: any) => y }],
  [
    "x => k.g",
    {
      k: {
        get g() {
          return 1;
        },
      },
    },
  ],
  ["x => k.a", { k: new Proxy({}, {}) }],
  ["x => k.toString", { k: {} }],
  ["x => k.a()", { k: { a: 1 } }],
  ["x => y => x"],
  ["x => [...x]"],
  ["x => Math.max(...x)"],
  ["([a, ...b]) => a"],
  ["({ a, ...b }) => a"],
  ["(...a) => a"],
  ["x => { const f = y => f(y); return f(x) }"],
  ["x => { try { return x } catch { return 1 } }"],
  ["x => x.push(1)"],
  ["x => x.map(f)", { f: 1 }],
  ["a => a.reduce((s, x) => s + x)"],
  ["a => a.map((x, i, all) => all.length)"],
  ["x => 'a' in x"],
  ["x => x instanceof Date"],
  ["x => delete x.a"],
  ["x => 10n"],
  ["x => x++"],
  ["x => { return y; const y = 1 }"],
  ["x => { while (x) ; }"],
  ["x => tag`a${x}`"],
  ["x => x.trim?.()"],
  ["x => x[Symbol.iterator]"],
  ["x => import.meta.url"],
  ["x => { class A {} ; return new A() }"],
  ["x => { if (x) { var y = 1 } return y }"],
  ["(a = b, b) => a", { b: 1 }],
  ["x => ({ get a() { return 1 } })"],
  ["x => ({ a() { return 1 } })"],
  ["x => ({ __proto__: x })"],
  ["x => [1,,2]"],
  ["({}) => 1"],
  ["x => { switch (x) { case 1: const y = 1; break; case 2: return y } }", { y: 9 }],
  ["x => undefinedName"],
  ["x => x.a.b.c.constructor"],
  ["x => eval('x')"],
  ["x => x.flatMap(y => y)"],
  ["x => { a: { break a } return 1 }"],
  ["x => 'a'.concat(x)"],
  ["(a, b) => ({ ...a, n: a.n + b.n })"],
  ["x => { const [a, , b = 2] = x; return a + b }"],
  ["x => x.toString"],
  ["x => k.f(x)", { k: { f: Math.floor } }],
  ["x => f(x)", { f: Math.sqrt }],
  ["x => [k.a, k.a, j]", { k: { a: 1 }, j: 1 }],
  ["x => x.map(({ a }) => ({ a, x }))"],
  ["x => x ? ((y) => { if (y) return 1 })(x.y) : null"],
  ["x => `${x}\n${x.y}!`"],
  ["x => x.items.map((item, i) => item * weights[0] + i)", { weights: [2] }],
  ["x => { if (x) { return 1 } else { throw new Error() } }"],
  ["x => { return }"],
  ["x => x ** 2 >>> 1"],
  ["x => { const y = x.a; { const y = 2; if (x.b) return y } return y }"],
  ["x => { switch (x) { default: return 1; case 2: return 3 } }"],
  ["x => x instanceof Map"],
  ["x => k.x", { k: null }],
  ["x => JSON.stringify(x)"],
  ["x => { var x; return x }"],
  ["x => k.extra", { k: Object.assign([1], { extra: 2 }) }],
  ["x => k.hidden", { k: Object.defineProperty({}, "hidden", { value: 1 }) }],
  ["x => k[5]", { k: [1] }],
];

function captured(value: Lambda["captures"][number]): string {
  return typeof value === "object" && value !== null ? Bun.inspect(arrayOf(value)).replace(/\s+/g, " ") : String(value);
}

function shown(read: Lambda | NoLambda): string {
  if (!isLambda(read)) return `JavaScript: it ${read.reason}${read.at === undefined ? "" : `, ${read.at}`}`;
  const captures = read.captures.map((value, at) => ` c${at} = ${captured(value)}`);
  return `${printLambda(read)}${captures.length === 0 ? "" : ` with${captures.join(",")}`}`;
}

test("functions and their expressions", () => {
  const text = cases
    .map(([source, captures]) => `${source.replaceAll("\n", "\\n")}\n    ${shown(readLambda(source, captures))}\n`)
    .join("");
  const path = join(import.meta.dirname, "golden", "lambdas.txt");
  if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(path, text);
  expect(text).toBe(existsSync(path) ? readFileSync(path, "utf8") : "");
});

test("functions of the language as they are", () => {
  expect(shown(lambdaOfBuiltin("Math.sqrt", "map"))).toBe("(x0) => Math.sqrt(x0)");
  expect(shown(lambdaOfBuiltin("Number", "map"))).toBe("(x0) => Number(x0)");
  expect(shown(lambdaOfBuiltin("parseInt", "map"))).toBe("(x0, x1) => parseInt(x0, x1)");
  expect(shown(lambdaOfBuiltin("Math.max", "reduceByKey"))).toBe("(x0, x1) => Math.max(x0, x1)");
  expect(shown(lambdaOfBuiltin("Math.max", "map"))).toBe("JavaScript: it calls Math.max");
  expect(shown(lambdaOfBuiltin("JSON.parse", "map"))).toBe("JavaScript: it calls JSON.parse");
});

test("places are the user's", () => {
  const { body } = mustRead("row => {\n  const half = row.price / 2;\n  return half.toFixed(2);\n}");
  expect(body).toMatchObject({
    op: "let",
    value: { op: "binary", at: "2:16", left: { op: "property", at: "2:20" } },
    body: { op: "method", at: "3:15" },
  });
});

test("what is too long or too deep stays JavaScript, and a thousand columns do not", () => {
  const sum = (n: number) => Array.from({ length: n }, (_, i) => `x.c${i}`).join(" + ");
  expect(isLambda(readLambda(`x => ${sum(1000)}`))).toBe(true);
  const columns = Array.from({ length: 1000 }, (_, i) => `c${i}`);
  expect(isLambda(readLambda(`({ ${columns.join(", ")} }) => ({ ${columns.join(", ")} })`))).toBe(true);
  expect(shown(readLambda(`x => ${sum(3000)}`))).toMatch(/^JavaScript: it is too long/);
  const branches = Array.from({ length: 40 }, (_, i) => `if (x.a${i}) { if (x.b${i}) return ${i}; }`);
  expect(shown(readLambda(`x => { ${branches.join(" ")} return -1 }`))).toMatch(/^JavaScript: it is too long/);
  const calls = Array.from({ length: 80 }, (_, i) => `const f${i} = y => ${i === 0 ? "y" : `f${i - 1}(y)`};`);
  expect(shown(readLambda(`x => { ${calls.join(" ")} return f79(x) }`))).toMatch(/too deep/);
});
