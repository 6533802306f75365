/** Functions of the engine's own that stand where a user's function would: their id says which, they have no bundle. */
import { FiresteelError } from "../base/errors.ts";
import type { Expr, Lambda } from "../expr/ir.ts";
import type { PlanFunction } from "../plan/nodes.ts";
import { preview } from "./row-errors.ts";

type UserFunction = (...args: unknown[]) => unknown;

const functions: Readonly<Record<string, UserFunction>> = {
  one: () => 1,
  add: (a, b) => (a as number) + (b as number),
  addInteger: (a, b) => addInteger(a as number, b),
  withOne: row => [row, 1],
  append: (list, item) => {
    (list as unknown[]).push(item);
    return list;
  },
};

const first: Expr = { op: "local", local: 0 };
const second: Expr = { op: "local", local: 1 };
const oneValue: Expr = { op: "constant", value: 1 };

/** The same as expressions, where they are. */
const lambdas: Readonly<Partial<Record<BuiltinName, Lambda>>> = {
  one: lambda(0, oneValue),
  add: lambda(2, { op: "binary", operator: "+", left: first, right: second }),
  withOne: lambda(1, { op: "array", items: [first, oneValue] }),
};

function lambda(parameters: number, body: Expr): Lambda {
  return { file: undefined, parameters, locals: parameters, captures: [], body };
}

/** What longAccumulator adds with, in tasks and on the driver. */
export function addInteger(sum: number, amount: unknown): number {
  if (Number.isSafeInteger(amount)) return sum + (amount as number);
  throw new FiresteelError("user", `a longAccumulator adds integers, but got ${preview(amount)}`, {
    hint: "use a doubleAccumulator for other numbers",
  });
}

export type BuiltinName = "one" | "add" | "addInteger" | "withOne" | "append";

export function builtin(name: BuiltinName): PlanFunction {
  const expression = lambdas[name];
  return {
    id: `engine:${name}`,
    bundle: "",
    captures: new Uint8Array(0),
    text: name,
    at: undefined,
    ...(expression !== undefined && { lambda: expression }),
  };
}

export function builtinFunction(fn: PlanFunction): UserFunction | undefined {
  return fn.bundle === "" && fn.id.startsWith("engine:") ? functions[fn.id.slice("engine:".length)] : undefined;
}
