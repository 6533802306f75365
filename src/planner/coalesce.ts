/** Which parent partitions make each partition of a coalesce: Spark's, where no locality is known — i·parents/n, rounded down. */
export function coalesceGroups(parents: number, wanted: number): number[][] {
  const groups = Math.min(parents, wanted);
  return Array.from({ length: groups }, (_, i) => {
    const from = Math.floor((i * parents) / groups);
    const to = Math.floor(((i + 1) * parents) / groups);
    return Array.from({ length: to - from }, (_, j) => from + j);
  });
}
