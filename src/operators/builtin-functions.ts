/** Functions of the engine's own that stand where a user's function would: their id says which, they have no bundle. */
import { distinctValues } from "../base/distinct-values.ts";
import { FiresteelError } from "../base/errors.ts";
import type { Expr, Lambda } from "../expr/ir.ts";
import type { PlanFunction } from "../plan/nodes.ts";
import { preview } from "./row-errors.ts";

type UserFunction = (...args: unknown[]) => unknown;

const functions: Readonly<Record<string, UserFunction>> = {
  one: () => 1,
  add: (a, b) => (a as number) + (b as number),
  addInteger: (a, b) => addInteger(a as number, b),
  addNumber: (a, b) => addNumber(a as number, b),
  withOne: row => [row, 1],
  append: (list, item) => {
    (list as unknown[]).push(item);
    return list;
  },
  itself: value => value,
  least: (a, b) => ((a as number) < (b as number) ? a : b),
  keyAlone: row => [(row as Keyed)[0][0], [(row as Keyed)[0][1], (row as Keyed)[1]]],
  keyAndRegister: row => [[(row as Moved)[0], (row as Moved)[1][0]], (row as Moved)[1][1]],
  weightOfKey: row => [(row as Keyed)[0][0], [(row as Keyed)[1], 1]],
  addBoth: (a, b) => [(a as Sums)[0] + (b as Sums)[0], (a as Sums)[1] + (b as Sums)[1]],
};

/** Registers of sketches on their way: see registers.ts. */
type Keyed = readonly [readonly [unknown, number], number];
type Moved = readonly [unknown, readonly [number, number]];
type Sums = readonly [number, number];

/** Functions that are made for a number, which their id ends in. */
const made: Readonly<Record<string, (of: number) => UserFunction>> = {
  /** Of a sketch: its weight, and how many registers have one. */
  distinctValues: precision => sums => distinctValues(precision, (sums as Sums)[1], (sums as Sums)[0]),
};

const first: Expr = { op: "local", local: 0 };
const second: Expr = { op: "local", local: 1 };
const oneValue: Expr = { op: "constant", value: 1 };
const item = (target: Expr, index: number): Expr => ({ op: "item", target, index });
const array = (...items: Expr[]): Expr => ({ op: "array", items });
const plus = (left: Expr, right: Expr): Expr => ({ op: "binary", operator: "+", left, right });

/** The same as expressions, where they are. */
const lambdas: Readonly<Partial<Record<BuiltinName, Lambda>>> = {
  one: lambda(0, oneValue),
  add: lambda(2, plus(first, second)),
  withOne: lambda(1, array(first, oneValue)),
  least: lambda(2, {
    op: "conditional",
    test: { op: "binary", operator: "<", left: first, right: second },
    then: first,
    otherwise: second,
  }),
  keyAlone: lambda(1, array(item(item(first, 0), 0), array(item(item(first, 0), 1), item(first, 1)))),
  keyAndRegister: lambda(1, array(array(item(first, 0), item(item(first, 1), 0)), item(item(first, 1), 1))),
  weightOfKey: lambda(1, array(item(item(first, 0), 0), array(item(first, 1), oneValue))),
  addBoth: lambda(2, array(plus(item(first, 0), item(second, 0)), plus(item(first, 1), item(second, 1)))),
};

function lambda(parameters: number, body: Expr): Lambda {
  return { file: undefined, parameters, locals: parameters, captures: [], body };
}

/** What longAccumulator adds with, in tasks and on the driver. */
export function addInteger(sum: number, amount: unknown): number {
  if (Number.isSafeInteger(amount)) return sum + (amount as number);
  throw new FiresteelError("user", `a longAccumulator adds integers, but got ${preview(amount)}`, {
    hint: "use a doubleAccumulator for other numbers",
    isPermanent: true,
  });
}

/** What doubleAccumulator adds with, in tasks and on the driver. */
export function addNumber(sum: number, amount: unknown): number {
  if (typeof amount === "number") return sum + amount;
  throw new FiresteelError("user", `a doubleAccumulator adds numbers, but got ${preview(amount)}`, {
    hint: "Number(…) makes one of a text or a bigint",
    isPermanent: true,
  });
}

export type BuiltinName =
  | "one"
  | "add"
  | "addInteger"
  | "addNumber"
  | "withOne"
  | "append"
  | "itself"
  | "least"
  | "keyAlone"
  | "keyAndRegister"
  | "weightOfKey"
  | "addBoth";

export function builtin(name: BuiltinName): PlanFunction {
  const expression = lambdas[name];
  return { ...engineFunction(name), ...(expression !== undefined && { lambda: expression }) };
}

/** One that is made for a number. */
export function builtinOf(name: "distinctValues", of: number): PlanFunction {
  return engineFunction(`${name}:${of}`);
}

function engineFunction(name: string): PlanFunction {
  return { id: `engine:${name}`, bundle: "", captures: new Uint8Array(0), text: name, at: undefined };
}

export function builtinFunction(fn: PlanFunction): UserFunction | undefined {
  if (fn.bundle !== "" || !fn.id.startsWith("engine:")) return undefined;
  const [, name, of] = fn.id.split(":");
  return of === undefined ? functions[name!] : made[name!]?.(Number(of));
}
