/** Runs a form: bundle → load → run the entry → capture → structured clone → another thread. */
import { Worker } from "node:worker_threads";
import { bundleJob, loadBundle, runEntry } from "../../src/closure/bundle.ts";
import { captureClosure } from "../../src/closure/capture.ts";
import type { CaptureOptions, JobBundle } from "../../src/closure/contracts.ts";
import { userPosition } from "../../src/closure/stack.ts";
import { decodeValue, encodeValue } from "../../src/data/value-codec.ts";
import type { FormContext, Found } from "./form-context.ts";
import type { Answer, Order } from "./task-worker.ts";

type AnyFunction = (...args: never[]) => unknown;

let worker: Worker | undefined;

let last: Promise<unknown> = Promise.resolve();

/** Runs one function with a clone of its ref in the task thread, one after the other. */
export function inTask(order: Order): Promise<Answer> {
  const answer = last.then(() => ask(order));
  last = answer.catch(() => undefined);
  return answer;
}

function ask(order: Order): Promise<Answer> {
  worker ??= new Worker(new URL("./task-worker.ts", import.meta.url)).setMaxListeners(0);
  const answer = new Promise<Answer>((resolve, reject) => {
    worker!.once("message", resolve);
    worker!.once("error", reject);
  });
  worker.postMessage(order);
  return answer;
}

export async function stopTasks(): Promise<void> {
  await worker?.terminate();
  worker = undefined;
}

export interface Outcome {
  readonly found: Found;
  readonly warnings: readonly string[];
}

export async function runForm(path: string): Promise<Outcome> {
  const bundle = await bundleJob(path);
  const warnings: string[] = [];
  const context = formContext(bundle, warnings);
  (globalThis as Record<symbol, unknown>)[Symbol.for("firesteel.module")] = { Context: { create: () => context } };
  const entry = await runEntry(await loadBundle(bundle));
  const main = entry.default as ((ctx: FormContext) => Promise<Found>) | Found | undefined;
  const found = typeof main === "function" ? await main(context) : main;
  return { found: found as Found, warnings };
}

function formContext(bundle: JobBundle, warnings: string[]): FormContext {
  const warn = (message: string) => void warnings.push(message);
  const ship = async (fn: AnyFunction, args: unknown[], at: CaptureOptions["at"], iterate: boolean) => {
    const ref = captureClosure(fn, { operator: "map", at, warn });
    const answer = await inTask({ bundle, ref, args: encodeValue(args), iterate });
    if ("value" in answer) return decodeValue(answer.value);
    throw Object.assign(new Error(answer.message), { stack: answer.stack });
  };
  return {
    warnings,
    ship: (fn, ...args) => ship(fn, args, userPlace(), false),
    shipIterable: (fn, ...args) => ship(fn, args, userPlace(), true) as Promise<unknown[]>,
  };
}

/** As `callSite`, for which this file would be the user's. */
export function userPlace(): CaptureOptions["at"] {
  const lines = (new Error().stack ?? "").split("\n");
  return userPosition(lines.filter(line => !line.includes("harness.ts")).join("\n"));
}
