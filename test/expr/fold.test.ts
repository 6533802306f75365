/** Which folds have generated code, with which accumulators, and why others have none. What the code gives: test/operators/native-fold.test.ts. */
import { describe, expect, test } from "bun:test";
import { encodeValue } from "../../src/data/value-codec.ts";
import { any, bool, type ColumnType, f64, i32, tuple, utf8 } from "../../src/data/schema.ts";
import { accumulatorKey } from "../../src/expr/fold-layout.ts";
import { compileFold, foldKey, type FoldLambdas } from "../../src/expr/fold.ts";
import type { Primitive } from "../../src/expr/ir.ts";
import { NotNative } from "../../src/expr/not-native.ts";
import { mustRead } from "./text-lambda.ts";

interface Texts {
  readonly create?: string;
  readonly zero?: { readonly value: unknown };
  readonly captures?: Readonly<Record<string, Primitive>>;
}

function lambdas(merge: string, { create, zero, captures }: Texts = {}): FoldLambdas {
  return {
    merge: mustRead(merge, captures),
    create: create === undefined ? undefined : mustRead(create, captures),
    zero: zero && { ...zero, encoded: encodeValue(zero.value) },
  };
}

/** The accumulator, or why there is none. */
function compiled(merge: string, values: ColumnType, texts?: Texts): string {
  try {
    return accumulatorKey(compileFold(lambdas(merge, texts), values, undefined, () => 20).accumulator);
  } catch (thrown) {
    if (!(thrown instanceof NotNative)) throw thrown;
    return thrown.reason;
  }
}

const record: ColumnType = { kind: "struct", shape: { of: "object", names: ["n", "late"] }, fields: [i32, bool] };
const numbers: ColumnType = { kind: "list", container: "array", item: f64 };

describe("accumulators", () => {
  test("of the value itself", () => {
    expect(compiled("(a, b) => a + b", i32)).toBe("f64");
    expect(compiled("(a, b) => a && b", bool)).toBe("bool");
    expect(compiled("([a, b], [c, d]) => [a + c, b || d]", tuple(f64, bool))).toBe("(f64,bool)");
    expect(compiled("(a, b) => b", record)).toBe('{["n","late"]:f64,bool}');
    expect(compiled("(a, b) => a.map((x, i) => x + b[i])", numbers)).toBe("array[20]");
  });

  test("of what is made of it", () => {
    expect(compiled("(a, word) => a + word.length", utf8, { create: "word => word.length" })).toBe("f64");
    expect(compiled("([n, s], v) => [n + 1, s + v]", f64, { zero: { value: [0, 0] } })).toBe("(f64,f64)");
    expect(compiled("(a, b) => a.map((x, i) => x + b[i])", numbers, { zero: { value: new Float64Array(3) } })).toBe(
      "Float64Array[3]",
    );
  });

  test("none, and why", () => {
    expect(compiled("(a, b) => a + b", utf8)).toBe("keeps strings");
    expect(compiled("(a, b) => a", any)).toBe("keeps values of mixed kinds");
    expect(compiled("(a, b) => [a, b]", f64)).toBe("gives another kind of value than it is given");
    expect(compiled("(a, b) => ({ late: a.late, n: a.n })", record)).toBe(
      "gives another kind of value than it is given",
    );
    expect(compiled("(a, b) => a", f64, { zero: { value: "" } })).toBe(
      "starts from a value that is more than numbers and booleans",
    );
    expect(compiled("([a], b) => [a, a]", tuple(tuple(f64), tuple(f64)))).toBe("keeps one object in two places");
  });
});

describe("keys", () => {
  const key = (merge: string, texts?: Texts) => foldKey(lambdas(merge, texts), f64, undefined);

  test("captured values are no part of them, their kinds are", () => {
    const merge = "(a, b) => a + b * by";
    expect(key(merge, { captures: { by: 1 } })).toBe(key(merge, { captures: { by: 2 } }));
    expect(key(merge, { captures: { by: 1 } })).not.toBe(key(merge, { captures: { by: "1" } }));
  });

  test("zeros that look alike are told apart", () => {
    const zeros = [0, -0, NaN, [0], { 0: 0 }, new Float64Array(1), {}, new Map(), null, 1n];
    const keys = zeros.map(value => key("(a, b) => a", { zero: { value } }));
    expect(new Set(keys).size).toBe(zeros.length);
  });
});
