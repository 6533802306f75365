/** Functions of the engine's own that stand where a user's function would: their id says which, they have no bundle. */
import type { PlanFunction } from "../plan/nodes.ts";

type UserFunction = (...args: unknown[]) => unknown;

const functions: Readonly<Record<string, UserFunction>> = {
  one: () => 1,
  add: (a, b) => (a as number) + (b as number),
  withOne: row => [row, 1],
  append: (list, item) => {
    (list as unknown[]).push(item);
    return list;
  },
};

export type BuiltinName = "one" | "add" | "withOne" | "append";

export function builtin(name: BuiltinName): PlanFunction {
  return { id: `engine:${name}`, bundle: "", captures: new Uint8Array(0), text: name, at: undefined };
}

export function builtinFunction(fn: PlanFunction): UserFunction | undefined {
  return fn.bundle === "" && fn.id.startsWith("engine:") ? functions[fn.id.slice("engine:".length)] : undefined;
}
