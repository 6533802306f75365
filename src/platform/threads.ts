/**
 * Starting threads of this program. Every thread runs `src/main.ts` (in the compiled binary: the executable's entry),
 * which looks at `threadRole()` and imports what that role needs.
 */
import { isMainThread, type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";

export type ThreadRole = "engine" | "task" | "files";

/** Starts a thread; `data` is cloned to it, shared memory is shared, `handed` ports are its own. */
export function startThread(
  role: ThreadRole,
  data: Record<string, unknown>,
  handed: readonly MessagePort[] = [],
): Worker {
  const compiled = import.meta.url.includes("$bunfs") || import.meta.url.includes("~BUN");
  const entry = compiled
    ? (globalThis as { Bun?: { main: string } }).Bun!.main
    : new URL("../main.ts", import.meta.url);
  return new Worker(entry, { workerData: { ...data, firesteelRole: role }, transferList: [...handed] });
}

/** The role this thread was started for; undefined on a process's main thread and in threads of other programs. */
export function threadRole(): ThreadRole | undefined {
  if (isMainThread) return undefined;
  return (workerData as { firesteelRole?: ThreadRole } | null)?.firesteelRole;
}

export function threadData<T>(): T {
  return workerData as T;
}

export function parent(): NonNullable<typeof parentPort> {
  if (parentPort === null) throw new Error("this is not a thread");
  return parentPort;
}

/** Messages from before `receive` was called: Deno drops what nobody listens to while a thread's modules load. */
const early: unknown[] = [];
const keep = (message: unknown) => void early.push(message);
if (threadRole() !== undefined) parent().on("message", keep);

/** Gives the parent's messages to the listener, from the first one on. Called once a thread. */
export function receive<T>(listener: (message: T) => void): void {
  for (const message of early.splice(0)) listener(message as T);
  parent().on("message", listener);
  parent().off("message", keep);
}
