/**
 * What an expression means, said by JavaScript itself: the reference for generated code. Throws whatever the function would throw,
 * and `GiveUp` where the row is left to JavaScript. Slow; for tests.
 */
import { assertNever } from "../base/assert.ts";
import type { Binary, Captured, Expr, Lambda, ObjectEntry, Statement, Unary } from "./ir.ts";
import { languageFunctions } from "./language-functions.ts";
import { arrayOf } from "./tables.ts";

export class GiveUp extends Error {}

interface Frame {
  readonly locals: unknown[];
  readonly captures: readonly Captured[];
}

export function interpret(lambda: Lambda, args: readonly unknown[]): unknown {
  const locals: unknown[] = Array.from({ length: lambda.locals }, (_, at) =>
    at < lambda.parameters ? args[at] : undefined,
  );
  return evaluate(lambda.body, { locals, captures: lambda.captures });
}

type Keyed = Record<PropertyKey, unknown>;
type Callable = (...args: unknown[]) => unknown;

function evaluate(expr: Expr, frame: Frame): unknown {
  switch (expr.op) {
    case "constant":
      return expr.value;
    case "local":
      return frame.locals[expr.local];
    case "capture": {
      const captured = frame.captures[expr.capture];
      return typeof captured === "object" && captured !== null ? arrayOf(captured) : captured;
    }
    case "let":
      frame.locals[expr.local] = evaluate(expr.value, frame);
      return evaluate(expr.body, frame);
    case "unary":
      return unary(expr.operator, evaluate(expr.operand, frame));
    case "binary":
      return binary(expr.operator, evaluate(expr.left, frame), evaluate(expr.right, frame));
    case "logical":
      return logical(expr, frame);
    case "conditional":
      return evaluate(evaluate(expr.test, frame) ? expr.then : expr.otherwise, frame);
    case "property": {
      const target = evaluate(expr.target, frame);
      return expr.optional === true && (target === undefined || target === null)
        ? undefined
        : (target as Keyed)[expr.name];
    }
    case "element": {
      const target = evaluate(expr.target, frame) as Keyed;
      return target[evaluate(expr.index, frame) as PropertyKey];
    }
    case "item":
      return item(evaluate(expr.target, frame) as Iterable<unknown>, expr.index);
    case "array":
      return expr.items.flatMap(each =>
        each.op === "spread" ? [...(evaluate(each.of, frame) as Iterable<unknown>)] : [evaluate(each, frame)],
      );
    case "spread":
      throw new GiveUp("spreads outside of an array");
    case "object":
      return object(expr.entries, frame);
    case "call": {
      const args = expr.args.map(each => evaluate(each, frame));
      return (languageFunctions.get(expr.callee) as Callable)(...args);
    }
    case "method": {
      const target = evaluate(expr.target, frame) as Keyed;
      const method = target[expr.name] as Callable;
      const args = expr.args.map(each => evaluate(each, frame));
      return method.call(target, ...args);
    }
    case "each":
      return each(expr, frame);
    case "giveUp":
      throw new GiveUp(expr.reason);
    case "variable":
      return frame.locals[expr.local];
    case "block":
      return runBlock(expr.body, frame);
    default:
      return assertNever(expr);
  }
}

/** More are taken for a loop without end. */
const roundsMax = 1_000_000;

/** How statements end: at the end of the last (undefined), by going behind or on with a loop, or with a value. */
type Ending = undefined | { readonly leave: number } | { readonly continue: number } | { readonly value: unknown };

function runBlock(steps: readonly Statement[], frame: Frame): unknown {
  const ending = runAll(steps, frame);
  return ending !== undefined && "value" in ending ? ending.value : undefined;
}

function runAll(steps: readonly Statement[], frame: Frame): Ending {
  for (const step of steps) {
    const ending = run(step, frame);
    if (ending !== undefined) return ending;
  }
  return undefined;
}

function run(step: Statement, frame: Frame): Ending {
  switch (step.do) {
    case "let":
    case "variable":
    case "assign":
      frame.locals[step.local] = evaluate(step.value, frame);
      return undefined;
    case "evaluate":
      evaluate(step.value, frame);
      return undefined;
    case "if":
      return runAll(evaluate(step.test, frame) ? step.then : step.otherwise, frame);
    case "loop":
      return loop(step, frame);
    case "forOf":
      for (const each of evaluate(step.target, frame) as Iterable<unknown>) {
        frame.locals[step.item] = each;
        const ending = runAll(step.body, frame);
        if (isContinue(ending, step.label)) continue;
        if (ending !== undefined) return behind(ending, step.label);
      }
      return undefined;
    case "block":
      return behind(runAll(step.body, frame), step.label);
    case "leave":
      return { leave: step.label };
    case "continue":
      return { continue: step.label };
    case "return":
      return { value: evaluate(step.value, frame) };
    default:
      return assertNever(step);
  }
}

function loop(step: Extract<Statement, { do: "loop" }>, frame: Frame): Ending {
  runAll(step.init, frame);
  for (let round = 0; (round === 0 && step.first === true) || Boolean(evaluate(step.test, frame)); round++) {
    if (round > roundsMax) throw new GiveUp("takes too many steps");
    const ending = runAll(step.body, frame);
    if (ending !== undefined && !isContinue(ending, step.label)) return behind(ending, step.label);
    runAll(step.update, frame);
  }
  return undefined;
}

function isContinue(ending: Ending, label: number): boolean {
  return ending !== undefined && "continue" in ending && ending.continue === label;
}

function behind(ending: Ending, label: number): Ending {
  return ending !== undefined && "leave" in ending && ending.leave === label ? undefined : ending;
}

function logical(expr: Extract<Expr, { op: "logical" }>, frame: Frame): unknown {
  const left = evaluate(expr.left, frame);
  switch (expr.operator) {
    case "&&":
      return left ? evaluate(expr.right, frame) : left;
    case "||":
      return left ? left : evaluate(expr.right, frame);
    case "??":
      return left === undefined || left === null ? evaluate(expr.right, frame) : left;
  }
}

/** By iteration, as array patterns take their items. */
function item(target: Iterable<unknown>, index: number): unknown {
  let at = 0;
  for (const value of target) if (at++ === index) return value;
  return undefined;
}

function object(entries: readonly ObjectEntry[], frame: Frame): unknown {
  let made: Record<string, unknown> = {};
  for (const entry of entries) {
    if ("spread" in entry) made = { ...made, ...(evaluate(entry.spread, frame) as object) };
    else made[entry.name] = evaluate(entry.value, frame);
  }
  return made;
}

/** Each call of the lambda has locals of its own, as a function has. */
function each(expr: Extract<Expr, { op: "each" }>, frame: Frame): unknown {
  const target = evaluate(expr.target, frame) as Record<string, Callable>;
  const { accumulator } = expr;
  const call = (given: unknown[]): unknown => {
    const locals = [...frame.locals];
    const names = accumulator === undefined ? [expr.item, expr.index] : [accumulator.local, expr.item, expr.index];
    names.forEach((local, at) => {
      if (local !== undefined) locals[local] = given[at];
    });
    return evaluate(expr.body, { locals, captures: frame.captures });
  };
  const method = target[expr.method]!;
  const lambda = (...given: unknown[]) => call(given);
  return accumulator === undefined
    ? method.call(target, lambda)
    : method.call(target, lambda, evaluate(accumulator.first, frame));
}

function unary(operator: Unary, operand: unknown): unknown {
  const value = operand as number;
  switch (operator) {
    case "-":
      return -value;
    case "+":
      return +value;
    case "!":
      return !value;
    case "~":
      return ~value;
    case "typeof":
      return typeof operand;
  }
}

function binary(operator: Binary, left: unknown, right: unknown): unknown {
  const a = left as number;
  const b = right as number;
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "**":
      return a ** b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case ">>>":
      return a >>> b;
    default:
      return comparison(operator, a, b);
  }
}

function comparison(operator: Binary, a: number, b: number): unknown {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "==":
      return a == b;
    case "!=":
      return a != b;
    case "===":
      return a === b;
    default:
      return a !== b;
  }
}
