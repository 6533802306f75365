/** Waits for what garbage collection does. */

/** Collects garbage until `isDone`: how soon it is found unreachable nobody promises. */
export async function untilCollected(isDone: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let round = 0; round < 200; round++) {
    Bun.gc(true);
    await new Promise(resolve => setImmediate(resolve));
    if (await isDone()) return true;
  }
  return false;
}
