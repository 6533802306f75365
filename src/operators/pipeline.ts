/**
 * Narrow operators fused into one generated JavaScript loop: rows go from a chunk through every function straight into the
 * sink, nothing is kept in between. Each operator's call stands on a line of its own in the generated text, so the line in
 * a stack trace tells which operator's function threw, at no cost while nothing throws.
 */
import type { BuiltinPlan, LookupPlan, MapPlan, Plan } from "../plan/nodes.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { type Chunk, type ChunkPart, chunkParts } from "./chunk.ts";
import { isThenable, notAPair, notIterable, promised } from "./row-errors.ts";
import { failureOf } from "./task-failure.ts";

export type RowOperator =
  | (MapPlan & { readonly op: "map" | "filter" | "flatMap" | "keyBy" | "mapValues" | "flatMapValues" })
  | (BuiltinPlan & { readonly op: "keys" | "values" })
  | LookupPlan;

export interface Pipeline {
  /** Feeds a chunk through all operators into the sink. */
  feed(chunk: Chunk, checkpoint: Checkpoint): void;
}

/** Called between parts of a chunk, with the bytes that the last one took as columns. */
export type Checkpoint = (bytes: number) => void;

type Push = (row: unknown) => void;
type UserFunction = (...args: unknown[]) => unknown;
type Loops = { rows(rows: readonly unknown[], n: number): void; range(start: number, step: number, n: number): void };

export function isRowOperator(plan: Plan): plan is RowOperator {
  switch (plan.op) {
    case "map":
    case "filter":
    case "flatMap":
    case "keyBy":
    case "mapValues":
    case "flatMapValues":
    case "keys":
    case "values":
    case "lookup":
      return true;
    default:
      return false;
  }
}

let generated = 0;
const operatorsByUrl = new Map<string, readonly RowOperator[]>();
/** More than one task has at once. Used in turn, so that neither plans nor the texts that the runtime keeps become more and more. */
const urlsMax = 256;

/** Operators in the order rows meet them. */
export function compilePipeline(
  kernels: Kernels,
  operators: readonly RowOperator[],
  functions: readonly UserFunction[],
  push: Push,
): Pipeline {
  const url = `firesteel-pipeline-${generated++ % urlsMax}`;
  operatorsByUrl.set(url, operators);
  const body = operators.map((operator, i) => operatorText(operator, i));
  const closes = operators
    .map(operator => (operator.op === "flatMap" || operator.op === "flatMapValues" ? "}" : ""))
    .join("");
  const inner = `${body.join("\n")}\npush(r${operators.length});${closes}`;
  const text = [
    "return {",
    "rows(rows, n) { for (let i = 0; i < n; i++) { const r0 = rows[i];",
    `${inner} } },`,
    "range(start, step, n) { for (let i = 0; i < n; i++) { const r0 = start + i * step;",
    `${inner} } } };`,
    `//# sourceURL=${url}`,
  ].join("\n");
  const names = operators.map((_, i) => `f${i}`);
  const make = new Function("push", "errors", "iterable", ...names, text) as (...args: unknown[]) => Loops;
  const loops = make(push, { notAPair, notIterable, promised, isThenable }, iterable, ...functions);
  /** By itself, so that nothing keeps the rows when it has returned. */
  const feedPart = (parts: Iterator<ChunkPart, void, undefined>): number | undefined => {
    const part = parts.next().value;
    if (part === undefined) return undefined;
    const { chunk, bytes } = part;
    if (chunk.kind === "range") loops.range(chunk.start, chunk.step, chunk.count);
    else loops.rows(chunk.rows, chunk.rows.length);
    return bytes;
  };
  return {
    feed(chunk, checkpoint) {
      try {
        const parts = chunkParts(kernels, chunk);
        for (let bytes = feedPart(parts); bytes !== undefined; bytes = feedPart(parts)) checkpoint(bytes);
      } catch (thrown) {
        const stack = thrown instanceof Error ? thrown.stack : undefined;
        const operator = operatorOfStack(stack);
        throw operator === undefined && !isDeep(stack) ? thrown : failureOf(thrown, operator);
      }
    },
  };
}

/** One line of generated text: row ri becomes row r(i+1). */
function operatorText(operator: RowOperator, i: number): string {
  const row = `r${i}`;
  const next = `r${i + 1}`;
  const name = JSON.stringify(operator.operator);
  const pair = `if (!(Array.isArray(${row}) && ${row}.length === 2)) throw errors.notAPair(${row}, ${name}); `;
  /** A call whose promise would be kept as if it were the value. */
  const called = (value: string) =>
    `const c${i} = f${i}(${value}); if (typeof c${i} === "object" && c${i} !== null && typeof c${i}.then === "function") throw errors.promised(${name}, c${i}); `;
  switch (operator.op) {
    case "map":
      return `${called(row)}const ${next} = c${i};`;
    case "filter":
      return `const b${i} = f${i}(${row}); if (b${i} !== true) { if (!b${i}) continue; if (errors.isThenable(b${i})) throw errors.promised(${name}, b${i}); } const ${next} = ${row};`;
    case "flatMap":
      return `for (const ${next} of iterable(f${i}(${row}), ${name})) {`;
    case "keyBy":
      return `${called(row)}const ${next} = [c${i}, ${row}];`;
    case "mapValues":
      return `${pair}${called(`${row}[1]`)}const ${next} = [${row}[0], c${i}];`;
    case "flatMapValues":
      return `${pair}for (const v${i} of iterable(f${i}(${row}[1]), ${name})) { const ${next} = [${row}[0], v${i}];`;
    case "keys":
      return `${pair}const ${next} = ${row}[0];`;
    case "values":
      return `${pair}const ${next} = ${row}[1];`;
    case "lookup":
      return `${pair}if (!f${i}(${row}[0])) continue; const ${next} = ${row}[1];`;
  }
}

/** What a flat map's function gave, when it can be flattened. */
function iterable(value: unknown, operator: string): Iterable<unknown> {
  if (Array.isArray(value)) return value;
  if (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Iterable<unknown>)[Symbol.iterator] === "function"
  ) {
    return value as Iterable<unknown>;
  }
  throw notIterable(value, operator);
}

/** A recursion so deep that the stack does not reach down to this pipeline: nobody can tell whose function it was. */
function isDeep(stack: string | undefined): boolean {
  return (
    stack !== undefined && !stack.includes("firesteel-pipeline-") && stack.split("\n").length > Error.stackTraceLimit
  );
}

const firstOperatorLine = 3;

/** The operator whose function was running, from the stack of what it threw; undefined when the frame is gone. */
function operatorOfStack(stack: string | undefined): RowOperator | undefined {
  const match = stack === undefined ? null : /(firesteel-pipeline-\d+)(?:, <anonymous>)?:(\d+)/.exec(stack);
  const operators = match === null ? undefined : operatorsByUrl.get(match[1]!);
  if (operators === undefined) return undefined;
  // the generated text has two copies of the body, and `new Function` puts its header before it
  const line = Number(match![2]) - functionHeaderLines - firstOperatorLine;
  const bodyLines = operators.length + 1;
  const copy = bodyLines + 1;
  const index = ((line % copy) + copy) % copy;
  return operators[index];
}

const functionHeaderLines = measureHeaderLines();

/** Lines that `new Function` adds before the text given to it, in this runtime's stack traces. */
function measureHeaderLines(): number {
  try {
    new Function("throw new Error('x');\n//# sourceURL=firesteel-header-probe")();
  } catch (error) {
    const match = /firesteel-header-probe(?:, <anonymous>)?:(\d+)/.exec(String((error as Error).stack));
    if (match !== null) return Number(match[1]) - 1;
  }
  return 2;
}
