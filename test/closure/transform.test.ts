/** The transform on real files: everything it prints parses, comes from where its map says, and moves no line in place. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Transformed, TransformOptions } from "../../src/closure/file-work.ts";
import { encodeMappings, Mappings } from "../../src/closure/source-map.ts";
import { transform } from "../../src/closure/transform.ts";
import { AlignedPositions } from "../../src/closure/transform-file.ts";

const root = join(import.meta.dirname, "../..");
const corpus = ["src/closure", "src/data", "src/base", "test/closures/forms", "test/closures/helpers"].flatMap(folder =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter(name => name.endsWith(".ts") && name !== "registered-helpers.ts")
    .map(name => join(folder, name)),
);
const transpiler = new Bun.Transpiler({ loader: "ts" });

function run(text: string, change: Partial<TransformOptions> = {}): Transformed {
  return transform(text, {
    path: "/job.ts",
    name: "job.ts",
    role: "entry",
    mode: "bundle",
    runtime: "runtime",
    lazy: true,
    ...change,
  });
}

describe("on this project's own files", () => {
  for (const mode of ["bundle", "register"] as const) {
    for (const role of ["entry", "module"] as const) {
      test(`${mode} as ${role}`, () => {
        for (const file of corpus) {
          const text = readFileSync(join(root, file), "utf8");
          const { text: printed, lines } = run(text, { mode, role });
          expect(() => transpiler.transformSync(printed)).not.toThrow();
          const printedLines = printed.split("\n");
          const sourceLines = text.split("\n");
          if (mode === "register") expect(printedLines.length).toBe(sourceLines.length);
          lines.forEach((segments, line) => {
            for (const segment of segments) {
              if (segment.length === 1) continue;
              const [column, sourceLine, sourceColumn] = segment as readonly [number, number, number];
              expect(printedLines[line]![column]).toBe(sourceLines[sourceLine]![sourceColumn]);
              if (mode === "register") expect(line).toBe(sourceLine);
            }
          });
        }
      });
    }
  }

  test("maps survive their encoding", () => {
    for (const file of corpus.slice(0, 12)) {
      const { lines } = run(readFileSync(join(root, file), "utf8"));
      const mappings = new Mappings(encodeMappings(lines));
      lines.forEach((segments, line) => {
        segments.forEach((segment, at) => {
          const next = segments[at + 1]?.[0] ?? segment[0] + 5;
          const found = mappings.find(line, next - 1);
          if (segment.length === 1) expect(found).toBeUndefined();
          else
            expect([found!.line, found!.column, found!.beyond]).toEqual([
              segment[1]!,
              segment[2]!,
              next - 1 - segment[0],
            ]);
        });
      });
    }
  });
});

describe("what is tagged", () => {
  const tags = (text: string, change: Partial<TransformOptions> = {}) => {
    const printed = run(text, { mode: "register", ...change }).text;
    return [...printed.matchAll(/"job\.ts:(\d+)",(null|\(\)=>\[[^\]]*\])\)/g)].map(
      match => `${text.slice(Number(match[1])).split("\n")[0]!.slice(0, 12)} ${match[2]}`,
    );
  };

  test("arrows, with what they capture of the module in an entry", () => {
    expect(tags("const a = 1; run(x => x + a);")).toEqual(["x => x + a); ()=>[a]"]);
  });

  test("arrows of a module, which sees its own variables", () => {
    expect(tags("const a = 1; run(x => x + a);", { role: "module" })).toEqual(["x => x + a); null"]);
    expect(tags("const a = 1; { const b = 2; run(x => a + b); }", { role: "module" })).toEqual([
      "x => a + b); ()=>[b]",
    ]);
  });

  test("imports, types and own names are no captures", () => {
    expect(tags('import { a, type T } from "a"; run((x: T): x is T => a(x as T));')).toEqual(["(x: T): x is null"]);
    expect(tags("run(function again(n) { return again(n - 1); });")).toEqual(["function aga null"]);
    expect(tags("function again(n) { return again(n - 1); }")).toEqual(["function aga null"]);
  });

  test("hoisted names, default values, patterns and shadowing", () => {
    expect(tags("let a, b, c; run(({ a, k: [b = c] }, ...d) => a + b + d);")).toEqual(["({ a, k: [b  ()=>[c]"]);
    expect(tags("let a; run(() => { { var a = 1; } return a; });")).toEqual(["() => { { va null"]);
    expect(tags("let e; run(() => { try {} catch (e) { return e; } });")).toEqual(["() => { try  null"]);
    expect(tags("let i; run(() => { for (let i = 0; i < 1; i++) {} return i; });")).toEqual(["() => { for  ()=>[i]"]);
    expect(tags("run(() => late); const late = 1;")).toEqual(["() => late); ()=>[late]"]);
    expect(tags("let a; run(() => ({ a, b: 1 }).a.b);")).toEqual(["() => ({ a,  ()=>[a]"]);
    expect(tags("let a; run(() => b.a);")).toEqual(["() => b.a); null"]);
    expect(tags("let a; label: for (;;) { run(() => { a: for (;;) break a; }); }")).toEqual(["() => { a: f null"]);
  });
});

test("positions are found again in a text that lost its types", () => {
  const original =
    "export const add = (left: number, right: Map<string, number>): number => {\n  return left + right.size;\n};\n";
  const plain = transpiler.transformSync(original);
  const positions = new AlignedPositions(plain, original);
  for (const word of ["add", "left", "right", "return", "size"]) {
    const [line, column] = positions.position(plain.indexOf(word));
    expect(original.split("\n")[line]!.slice(column, column + word.length)).toBe(word);
  }
});
