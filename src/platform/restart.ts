/**
 * Restarts the process in place, as the same process with the same arguments, to give the runtime settings that it takes from
 * its environment alone. Costs 5 ms. Where it cannot be done (not Bun, not Linux or macOS) nothing happens.
 *
 * JavaScriptCore lets garbage pile up in proportion to the heap, and counts all of the shared kernel memory as part of every
 * thread's heap: one long call of a user's function then piles up gigabytes. Measured on 10 M `JSON.parse` in one call on two
 * threads: 4.2 s and 4.8 GB without a limit, 3.0 s and 0.3 GB with.
 *
 * Its last compiler takes up functions that are warm rather than hot, on cores that run tasks meanwhile: a word count of 1 GB
 * takes 2.4 s with its own threshold and 2.2 s with a higher one. Functions that need it get there some milliseconds later.
 *
 * The compiler before that one takes up what is called sixty times as often as it would by itself: each thread has code of its
 * own, and that of functions that are warm at best is much of what threads hold. Four threads that aggregate in 32 MB hold 218 MB
 * instead of 248 in the same time, and a thousand small jobs end with 8 % more memory than the first fifty had, instead of 14 %.
 * A driver of a cluster has no such threads, and is what many small tasks wait for: it keeps the runtime's own threshold there.
 */
import { openLibc } from "./libc.ts";

/** A process runs tasks in threads of its own, or drives others that do. */
export type ProcessWork = "tasks" | "driver";

/** Garbage between collections, per thread. */
const garbageBytes = 128 * 2 ** 20;
/** Rounds of a loop, a call being 15; the runtime's own is 64,000. */
const roundsBeforeLastCompiler = 300_000;
/** The same of the compiler before that; the runtime's own is 1,000. */
const roundsBeforeCompiler = 60_000;
/** Pages of freed memory go back to the system after so many milliseconds; the runtime's own is 100. */
const purgeDelayMs = 10;
const ofDrivers: Readonly<Record<string, string>> = {
  BUN_JSC_gcMaxHeapSize: String(garbageBytes),
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: String(roundsBeforeLastCompiler),
  MIMALLOC_PURGE_DELAY: String(purgeDelayMs),
};
const settings: Readonly<Record<ProcessWork, Readonly<Record<string, string>>>> = {
  driver: ofDrivers,
  tasks: { ...ofDrivers, BUN_JSC_thresholdForOptimizeAfterWarmUp: String(roundsBeforeCompiler) },
};
const marker = "FIRESTEEL_INTERNAL_RESTARTED";

/** Returns in the process that has the settings, or cannot have them. Settings of the user's own stay. */
export async function restartWithSettings(work: ProcessWork): Promise<void> {
  const given = process.env[marker];
  if (given !== undefined) {
    // the job's own child processes need neither
    for (const name of [marker, ...given.split(",")]) delete process.env[name];
    return;
  }
  const env = environmentWithSettings(process.env, work);
  if (env[marker] !== undefined) await replaceProcess(programArguments(), env);
}

/** An environment that saves a process of this program the restart. Settings that are there stay. */
export function environmentWithSettings<Value extends string | undefined>(
  environment: Readonly<Record<string, Value>>,
  work: ProcessWork,
): Record<string, Value | string> {
  const missing = Object.entries(settings[work]).filter(([name]) => environment[name] === undefined);
  if (missing.length === 0) return { ...environment };
  const names = missing.map(([name]) => name).join(",");
  return { ...environment, ...Object.fromEntries(missing), [marker]: names };
}

/** As the shell gave them: in the compiled binary the second is the program's own. */
function programArguments(): string[] {
  const compiled = import.meta.url.includes("$bunfs");
  return [process.argv0, ...(compiled ? [] : [...process.execArgv, process.argv[1]!]), ...process.argv.slice(2)];
}

/** execve(2). Gives back control only when it fails; without the settings everything works, slower or in more memory. */
async function replaceProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const libc = await openLibc({ execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" } });
  if (libc === undefined) return;
  const texts: Buffer[] = [];
  const text = (value: string) => {
    const bytes = Buffer.from(`${value}\0`);
    texts.push(bytes); // kept alive until the call
    return libc.addressOf(bytes);
  };
  const list = (values: readonly string[]) => {
    const pointers = new BigUint64Array(values.length + 1);
    for (const [i, value] of values.entries()) pointers[i] = BigInt(text(value));
    return pointers;
  };
  const variables = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const [argvList, envList] = [list(argv), list(variables)];
  libc.call.execve(text(process.execPath), libc.addressOf(argvList), libc.addressOf(envList));
}
