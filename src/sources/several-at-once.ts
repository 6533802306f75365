/**
 * Requests of which a few are under way at a time. Begins no others after the first failure, which it throws when none is under way
 * any more: nothing of them happens behind the back of who cleans up then.
 */

/** Results in the order of the items. */
export async function severalAtOnce<T, U>(
  items: readonly T[],
  atOnceMax: number,
  work: (item: T) => Promise<U>,
): Promise<U[]> {
  const results = new Array<U>(items.length);
  let next = 0;
  const run = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i]!);
  };
  const failures: unknown[] = [];
  const stop = (thrown: unknown) => {
    next = items.length;
    failures.push(thrown);
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, () => run().catch(stop)));
  if (failures.length > 0) throw failures[0];
  return results;
}
