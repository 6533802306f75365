/** Waits for what garbage collection does. */

/** Others may take the cores, and executors are told last: only what is never freed takes so long. */
const waitMaxMs = 45_000;

/** Collects garbage until `isDone`: how soon it is found unreachable nobody promises. */
export async function untilCollected(isDone: () => boolean | Promise<boolean>): Promise<boolean> {
  const endsMs = performance.now() + waitMaxMs;
  while (performance.now() < endsMs) {
    Bun.gc(true);
    await new Promise(resolve => setImmediate(resolve));
    if (await isDone()) return true;
  }
  return false;
}
