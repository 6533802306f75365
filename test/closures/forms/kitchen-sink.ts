#!/usr/bin/env firesteel
"use strict";
import type { FormContext, Found } from "../form-context.ts";
import fallback, { type Circle as Round } from "../helpers/shapes-default.ts";

declare const never: unique symbol;
export type Pair<T> = readonly [T, T];
export interface Named {
  name: string;
}
export declare namespace Types {
  type A = typeof never;
}
export let exported = 1,
  another = () => exported + 1;
export const { destructured = 5, ...others } = { rest: 2 } as { destructured?: number; rest: number };
export { helper as renamed, type Hidden };
type Hidden = Named;

function overloaded(x: string): string;
function overloaded(x: number): number;
function overloaded(x: unknown): unknown {
  return x;
}
const helper = <const T>(x: T): T => x satisfies T as T;
const generic = helper<number>;
const log: string[] = [];
const resource = (name: string) => ({ name, [Symbol.dispose]: () => void log.push(name) });
const tagged = (parts: TemplateStringsArray, ...values: unknown[]) => parts.join("|") + values.join(",");
const object = {
  get computed() {
    return exported;
  },
  set computed(value: number) {
    exported = value;
  },
  ["dyn" + "amic"](x: number) {
    return x;
  },
  async *both() {
    yield exported;
  },
  nested: { deep: (x: number) => (y: number) => x * y + destructured },
  "with space": function () {
    return destructured;
  },
};
class Accessors {
  accessor counted = 0;
  static readonly [Symbol.species] = Accessors;
  readonly #hidden?: number;
  declare protected type: string;
  constructor(
    public readonly label = "x",
    hidden?: number,
  ) {
    if (hidden !== undefined) this.#hidden = hidden;
  }
  has = (other: object): boolean => #hidden in other;
  get hidden(): number | undefined {
    return this.#hidden;
  }
}
label: for (const a of [1, 2]) {
  switch (a) {
    case 1: {
      function inCase() {
        return a;
      }
      log.push(String(inCase()));
      continue label;
    }
    default:
      log.push("end");
  }
}
{
  using first = resource("first");
  log.push(`body of ${first.name}`);
}
try {
  throw null;
} catch {
  log.push("caught");
}
do var hoisted = () => log.length;
while (false);

export default async function main(this: unknown, ctx: FormContext, ..._: unknown[]): Promise<Found> {
  const optional = object?.nested?.["deep"]?.(2);
  const iife = (() => exported)();
  const picked = ((a, b) => (a > b ? a : b)) satisfies (a: number, b: number) => number;
  const bindings = new Map<string, () => unknown>([
    ["a", () => optional(iife)],
    ["b", async () => 1],
  ]);
  const accessors = new Accessors("y", 3);
  let assigned: (x: number) => number;
  assigned = x => x + destructured;
  const [inArray = (x: number) => x - destructured] = [] as ((x: number) => number)[];
  const { inObject = (x: number) => x * destructured } = {} as { inObject?: (x: number) => number };
  return [
    [log, ["1", "end", "body of first", "first", "caught"]],
    [await ctx.ship(hoisted), 5],
    [await ctx.ship(another), 2],
    [await ctx.ship(() => [destructured, others]), [5, { rest: 2 }]],
    [await ctx.ship(overloaded as (x: number) => number, 3), 3],
    [await ctx.ship(generic, 4), 4],
    [await ctx.ship(() => tagged`a${1}b${destructured}c`), "a|b|c1,5"],
    [await ctx.ship(optional!, 3), 11],
    [await ctx.ship(object["with space"]), 5],
    [await ctx.ship(picked, 3, 4), 4],
    [await ctx.ship(() => bindings.get("a")!()), 7],
    [await ctx.ship(assigned, 1), 6],
    [await ctx.ship(inArray, 6), 1],
    [await ctx.ship(inObject, 2), 10],
    [
      await ctx.ship(() => [accessors.hidden, accessors.label, accessors.has(accessors), accessors.has({})]),
      [3, "y", true, false],
    ],
    [await ctx.ship((round: Round) => round.area, new fallback(1)), 3],
    [
      await ctx.ship(
        ({ a: { b = destructured } = {} as { b?: number }, ...rest }: { a?: { b?: number }; c: number }) => [b, rest],
        { c: 1 },
      ),
      [5, { c: 1 }],
    ],
    [
      await ctx.ship((x: number) => {
        const y = (z: number) => z * x * iife;
        return [1, 2].map(y);
      }, 3),
      [3, 6],
    ],
    [await ctx.ship((x?: { y?: () => number }) => x?.y?.() ?? void 0), undefined],
    [await ctx.ship((s: string) => s.replace(/(?<a>\/)[/\]]/u, "$<a>") + `${`${s}`}`, "a/]"), "a/a/]"],
  ];
}
