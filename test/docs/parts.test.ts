/** The parts that pages and examples are made with: signatures, docstrings, anchors and checks of promised values. */
import { describe, expect, test } from "bun:test";
import { listOf, parseText, type Tree } from "../source-tree.ts";
import { parseDocstring } from "./docstrings.ts";
import { examplesModule } from "./examples.ts";
import { anchorOf, linked, table } from "./markdown.ts";
import { readable, signatureOf } from "./signatures.ts";

describe("signatures", () => {
  test("types lose what only inference needs", () => {
    const types = {
      "Rdd<[Widen<K>, T[]]>": "Rdd<[K, T[]]>",
      "Z & NoInfer<U>": "U",
      "Rdd<Pair<K, W>> | Rdd<[K, W]>": "Rdd<[K, W]>",
      "(a: ValueOf<T>, b: ValueOf<T>) => ValueOf<T>": "(a: V, b: V) => V",
      "(rows: IteratorObject<T, undefined, unknown>) => Iterable<U> & object": "(rows: Iterator<T>) => Iterable<U>",
      "Promise<Map<K, (x: number) => Widen<[A, B]>>>": "Promise<Map<K, (x: number) => [A, B]>>",
    };
    expect(Object.keys(types).map(readable)).toEqual(Object.values(types));
  });

  test("defaults are shown where they say something, and this is the receiver", () => {
    const text = `function f<T>(this: RddPairs<Pair<K, V>>, n = 1, options: Options = {}, ...rest: T[]): Rdd<Widen<T>> {}`;
    const [node] = listOf(parseText(text).body) as [Tree];
    expect(signatureOf(text, "f", node)).toBe("Rdd<[K, V]>.f(n = 1, options?: Options, ...rest: T[]): Rdd<T>");
  });
});

describe("docstrings", () => {
  test("are parted at their tags, and lines of a paragraph are joined", () => {
    const text =
      "What it\ngives.\n\nMore.\n@cost narrow\n@throws here,\n  and there\n@throws again\n@example\n```ts\na\n```";
    expect(parseDocstring(text)).toEqual({
      summary: "What it gives.\n\nMore.",
      cost: "narrow",
      memory: undefined,
      errors: ["here, and there", "again"],
      examples: ["a"],
    });
  });

  test("unknown and doubled tags are refused, and examples without code", () => {
    expect(() => parseDocstring("x\n@returns y")).toThrow("unknown tag @returns");
    expect(() => parseDocstring("x\n@cost a\n@cost b")).toThrow("a tag is there twice");
    expect(() => parseDocstring("x\n@example\ny")).toThrow("an example needs a fenced block of ts");
  });
});

describe("examples", () => {
  /** The lines whose values are not as promised. */
  const wrongLines = async (code: string): Promise<string[]> => {
    const text = examplesModule([{ name: "one", code }]).replace(/^import .*$/m, "");
    const plain = new Bun.Transpiler({ loader: "ts" }).transformSync(text);
    const module = (await import(`data:text/javascript,${encodeURIComponent(plain)}`)) as {
      readonly default: (check: (line: string, actual: unknown, expected: unknown) => void) => {
        readonly one: () => Promise<void>;
      };
    };
    const wrong: string[] = [];
    await module.default((line, actual, expected) => void (Bun.deepEquals(actual, expected) || wrong.push(line))).one();
    return wrong;
  };

  test("a value that is not as promised is found, of expressions and declarations", async () => {
    expect(await wrongLines("const a = 1; // => 1\na + 1 // => 2\nvoid [a] // => undefined")).toEqual([]);
    expect(await wrongLines("const a = 1; // => 2\na + 1; // => 3")).toEqual(["const a = 1;", "a + 1;"]);
  });

  test("promises that nothing would check are refused", () => {
    const of = (code: string) => () => examplesModule([{ name: "Rdd.x", code }]);
    expect(of("for (const a of [1]) {\n  a // => 1\n}")).toThrow('Rdd.x: 0 of 1 "// =>" stand behind a statement');
    expect(of("1 // => Map { 1 → 2 }")).toThrow('Rdd.x: what follows "// =>" is no expression of a value');
    expect(of("if (true) {} // => 1")).toThrow("behind neither an expression nor a declaration");
  });
});

test("anchors, links and tables are as hosts read them", () => {
  expect(["[Symbol.asyncIterator]", "Broadcast.value", "Sources and sinks"].map(anchorOf)).toEqual([
    "symbolasynciterator",
    "broadcastvalue",
    "sources-and-sinks",
  ]);
  const targets = new Map([["join", "pairs.md#join"]]);
  expect(linked("as `join`, [`join`](x), `map`", targets, "actions.md")).toBe(
    "as [`join`](pairs.md#join), [`join`](x), `map`",
  );
  expect(linked("`join`", targets, "pairs.md")).toBe("[`join`](#join)");
  expect(table(["a"], [["b|c"]])).toBe("| a |\n| --- |\n| b\\|c |");
});
