/**
 * Restarts the process in place, as the same process with the same arguments, to give the runtime a setting that it takes from
 * its environment alone. JavaScriptCore lets garbage pile up in proportion to the heap, and counts all of the shared kernel
 * memory as part of every thread's heap: one long call of a user's function then piles up gigabytes. Measured on 10 M
 * `JSON.parse` in one call on two threads: 4.2 s and 4.8 GB without, 3.0 s and 0.3 GB with. Costs 5 ms. Where it cannot be
 * done (not Bun, not Linux or macOS) nothing happens.
 */
import { openLibc } from "./libc.ts";

const setting = "BUN_JSC_gcMaxHeapSize";
/** Garbage between collections, per thread. */
const garbageBytes = 128 * 2 ** 20;
const marker = "FIRESTEEL_INTERNAL_RESTARTED";

/** Returns in the process that has the setting, or cannot have it. */
export async function restartForSmallHeaps(): Promise<void> {
  if (process.env[marker] !== undefined) {
    // the job's own child processes need neither
    delete process.env[marker];
    delete process.env[setting];
    return;
  }
  if (process.env[setting] !== undefined) return;
  await replaceProcess(programArguments(), { ...process.env, [setting]: String(garbageBytes), [marker]: "1" });
}

/** As the shell gave them: in the compiled binary the second is the program's own. */
function programArguments(): string[] {
  const compiled = import.meta.url.includes("$bunfs");
  return [process.argv0, ...(compiled ? [] : [...process.execArgv, process.argv[1]!]), ...process.argv.slice(2)];
}

/** execve(2). Gives back control only when it fails; without the setting everything works, in more memory. */
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
