/**
 * Runs a suite: a file written as jobs are, bundled and loaded as jobs are, so that its functions ship to task threads. Its default
 * export gets the tools below and declares tests with them. One Context serves a whole suite.
 */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, settingsLayer } from "../../src/base/config.ts";
import type { EngineEvent } from "../../src/base/events.ts";
import { Context } from "../../src/api/context.ts";
import { bundleJob, loadBundle, runEntry } from "../../src/closure/bundle.ts";
import { compareValues } from "../../src/data/compare.ts";
import { keyOf } from "../../src/data/key-bytes.ts";
import { provideEngineModule } from "../../src/exec/engine-module.ts";
import * as publicModule from "../../src/index.ts";
import { detectMachine } from "../../src/platform/resources.ts";
import { difference } from "../data/same.ts";
import { casesOf } from "../surface/coverage.ts";

export interface SuiteTools {
  readonly ctx: Context;
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly expect: typeof expect;
  /** The same rows in the same order; −0, NaN, classes and missing values are told apart. */
  readonly same: (actual: unknown, expected: unknown) => void;
  /** The same rows, in any order: what operators give that order groups by hash. */
  readonly sameRows: (actual: readonly unknown[], expected: readonly unknown[]) => void;
  /** The same pairs, in any order; a key −0 may be 0, as it may in a Map. */
  readonly sameGroups: (actual: readonly (readonly unknown[])[], expected: readonly (readonly unknown[])[]) => void;
  /** Pairs by key, first seen first, values in order: `[key, values]`. */
  readonly group: (pairs: readonly (readonly [unknown, unknown])[]) => [unknown, unknown[]][];
  /** Equal values have equal identities. */
  readonly identity: (value: unknown) => string;
  /** The total order of values. */
  readonly order: (a: unknown, b: unknown) => number;
  /** A stable sorted copy; `sort` itself puts undefined last whatever the order. */
  readonly sorted: <T>(rows: readonly T[], order: (a: T, b: T) => number) => T[];
  readonly statsOf: (rows: readonly number[]) => publicModule.Stats;
  /** Equal but for the last bits of sums. */
  readonly closeTo: (actual: publicModule.Stats, expected: publicModule.Stats) => void;
  readonly partitionCounts: readonly number[];
  /** What an action rejects with, or an operator throws. */
  readonly failure: (run: () => unknown) => Promise<publicModule.FiresteelError>;
  /** What the engine reported since the last call, tests of this suite only. */
  readonly takeEvents: () => EngineEvent[];
  /** Resolves when the engine reports an event of this type. */
  readonly nextEvent: <Type extends EngineEvent["type"]>(type: Type) => Promise<Extract<EngineEvent, { type: Type }>>;
  readonly takeWarnings: () => string[];
  /** A new folder, which goes after the suite. */
  readonly newFolder: () => string;
  /** The path of the suite, as errors name it. */
  readonly file: string;
  /** The line of the suite that ends in the comment `// <what>`; or of the first call of `what` in the case of that name. */
  readonly lineOf: (what: string, inCase?: string) => number;
}

/** A case of a conformance suite is some hundred jobs, which other processes may hold up. */
const timeoutMs = 120_000;

export type Suite = (tools: SuiteTools) => void | Promise<void>;

export interface SuiteOptions {
  readonly master?: string;
  readonly conf?: Readonly<Record<string, string | number | boolean>>;
  readonly partitionCounts?: readonly number[];
}

/** The default export of `suites/<name>.ts`, loaded as a job. */
export async function loadSuite<T>(name: string): Promise<T> {
  provideEngineModule(publicModule);
  return (await runEntry(await loadBundle(await bundleJob(pathOf(name))))).default as T;
}

/** What a Context reports while it is the active one. */
export interface Reports {
  readonly onEvent?: (event: EngineEvent) => void;
  readonly onWarning?: (message: string) => void;
}

/** A Context with little memory. Stop it with `stopContext`. */
export function startContext(name: string, options: SuiteOptions = {}, reports: Reports = {}): Promise<Context> {
  Context.surround({
    config: Config.from(
      [settingsLayer("tests", { "firesteel.executor.memory": "64m", "firesteel.codegen.rowsMin": 0 })],
      detectMachine(),
    ),
    onEvent: event => reports.onEvent?.(event),
    onWarning: message => reports.onWarning?.(message),
  });
  return Context.create({ master: options.master ?? "local[2]", appName: name, conf: options.conf ?? {} });
}

export async function stopContext(ctx: Context): Promise<void> {
  await ctx.stop();
  Context.surround(undefined);
}

/** Declares the tests of `suites/<name>.ts` over one Context. Call it at the top of a test file, and await it. */
export async function declareSuite(name: string, options: SuiteOptions = {}): Promise<void> {
  const events: EngineEvent[] = [];
  const warnings: string[] = [];
  const waitingFor: ((event: EngineEvent) => boolean)[] = [];
  const declare = await loadSuite<Suite>(name);
  const ctx = await startContext(name, options, {
    onEvent: event => {
      events.push(event);
      for (const waiting of waitingFor.splice(0)) if (!waiting(event)) waitingFor.push(waiting);
    },
    onWarning: message => warnings.push(message),
  });
  const folders: string[] = [];
  afterAll(async () => {
    await stopContext(ctx);
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  const at = options.master ?? "local[2]";
  const text = readFileSync(pathOf(name), "utf8");
  const passed = new Set<string>();
  await declare({
    ctx,
    test: (title, body) =>
      test(
        `${at}: ${title}`,
        async () => {
          await body();
          passed.add(title);
        },
        timeoutMs,
      ),
    expect,
    same: (actual, expected) => expect(difference(actual, expected)).toBeUndefined(),
    sameRows,
    sameGroups: (actual, expected) => sameRows(actual.map(withPositiveKey), expected.map(withPositiveKey)),
    group,
    identity,
    order: compareValues,
    sorted: stableSorted,
    statsOf,
    closeTo,
    partitionCounts: options.partitionCounts ?? [7, 1, 2, 25],
    failure,
    takeEvents: () => events.splice(0),
    nextEvent: type =>
      new Promise(resolve => {
        waitingFor.push(event => {
          if (event.type === type) resolve(event as never);
          return event.type === type;
        });
      }),
    takeWarnings: () => warnings.splice(0),
    newFolder: () => folders[folders.push(mkdtempSync(join(tmpdir(), `firesteel-${name}-`))) - 1]!,
    file: `test/api/suites/${name}.ts`,
    lineOf: (what, inCase) => lineOf(text, what, inCase),
  });
  // what is said to be tested here is read from the suite's text
  test(`${at}: every case of ${name} has run`, () => {
    expect(casesOf(name).filter(each => !passed.has(each.title))).toEqual([]);
  });
}

function lineOf(text: string, what: string, inCase: string | undefined): number {
  const marked = text.split("\n").findIndex(line => line.endsWith(`// ${what}`));
  if (inCase === undefined || marked >= 0) return marked + 1;
  const from = text.search(new RegExp(`\\(\\s*${JSON.stringify(inCase)}`));
  return text.slice(0, text.indexOf(`.${what}(`, from)).split("\n").length;
}

function pathOf(suite: string): string {
  return new URL(`./suites/${suite}.ts`, import.meta.url).pathname;
}

function sameRows(actual: readonly unknown[], expected: readonly unknown[]): void {
  expect(difference(sorted(actual), sorted(expected))).toBeUndefined();
}

/** Equal values that differ, such as 0 and −0, are told apart by their text. */
function sorted(rows: readonly unknown[]): unknown[] {
  // wrapped, because `sort` puts undefined last whatever the order
  return stableSorted(rows, (a, b) => compareValues(a, b) || (Bun.inspect(a) < Bun.inspect(b) ? -1 : 1));
}

function stableSorted<T>(rows: readonly T[], order: (a: T, b: T) => number): T[] {
  return rows
    .map(row => ({ row }))
    .sort((a, b) => order(a.row, b.row))
    .map(each => each.row);
}

function withPositiveKey([key, value]: readonly unknown[]): unknown {
  return [positive(key), value];
}

function positive(key: unknown): unknown {
  if (key === 0) return 0;
  if (Array.isArray(key)) return key.map(positive);
  if (typeof key !== "object" || key === null || Object.getPrototypeOf(key) !== Object.prototype) return key;
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, positive(value)]));
}

function identity(value: unknown): string {
  return Buffer.from(keyOf(value)).toString("latin1");
}

function group(pairs: readonly (readonly [unknown, unknown])[]): [unknown, unknown[]][] {
  const groups = new Map<string, [unknown, unknown[]]>();
  for (const [key, value] of pairs) {
    const found = groups.get(identity(key));
    if (found === undefined) groups.set(identity(key), [key, [value]]);
    else found[1].push(value);
  }
  return [...groups.values()];
}

/** Two passes, as a textbook has it. */
function statsOf(rows: readonly number[]): publicModule.Stats {
  const count = rows.length;
  const sum = rows.reduce((total, row) => total + row, 0);
  const squares = rows.reduce((total, row) => total + (row - sum / count) ** 2, 0);
  const numbers = rows.filter(row => !Number.isNaN(row));
  const variance = count === 0 ? NaN : squares / count;
  const sampleVariance = count < 2 ? NaN : squares / (count - 1);
  return {
    count,
    sum,
    mean: sum / count,
    variance,
    stdev: Math.sqrt(variance),
    sampleVariance,
    sampleStdev: Math.sqrt(sampleVariance),
    min: count > 0 && numbers.length === 0 ? NaN : Math.min(...numbers),
    max: numbers.length < count ? NaN : Math.max(...numbers),
  };
}

function closeTo(actual: publicModule.Stats, expected: publicModule.Stats): void {
  for (const [name, value] of Object.entries(expected) as [keyof publicModule.Stats, number][]) {
    const given = actual[name];
    if (Object.is(given, value) || Math.abs(given - value) <= 1e-12 * Math.abs(value)) continue;
    expect(`${name} is ${given}`).toBe(`${name} is ${value}`);
  }
}

async function failure(run: () => unknown): Promise<publicModule.FiresteelError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof publicModule.FiresteelError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
