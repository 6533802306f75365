/**
 * The order in which groups leave: by hash, then by id. A function of the groups alone, whatever made them and in however
 * many steps. Takes 16 bytes a group for the time of the call.
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import type { Ptr } from "./ptr.ts";
import { allocAll, clear } from "./regions.ts";

/** Entries that one kernel call works on. */
const callEntries = 1 << 18;
/** Of four digits of 8 bits. */
const countsBytes = 4 * 256 * 4;
/** Insertion makes about one move an entry when hashes are spread; beyond this many they are not. */
const movesPerEntryMax = 16;

/** outIds u32[n]: 0 … n − 1 ordered by (hashes[id], id). Throws `MemoryRefused`. */
export function orderByHash(kernels: Kernels, allocator: Allocator, hashes: Ptr, n: number, outIds: Ptr): void {
  if (n === 0) return;
  const sizes = [n * 8, n * 8, countsBytes];
  const regions = allocAll(allocator, sizes);
  const [a, b, counts] = regions as [Ptr, Ptr, Ptr];
  const { run } = kernels;
  const count = (entries: Ptr) => {
    clear(kernels, counts, countsBytes);
    inParts(n, (start, end) => run.countOrder(entries, start, end, counts));
    run.placeOrder(counts);
  };
  const pass = (digit: number, from: Ptr, to: Ptr) => {
    inParts(n, (start, end) => run.scatterOrder(from, start, end, digit, counts, to));
  };
  const sortBits = () => {
    count(a);
    pass(0, a, b);
    pass(1, b, a);
    pass(2, a, b);
    pass(3, b, a);
  };
  try {
    inParts(n, (start, end) => run.beginOrder(hashes, start, end, b));
    count(b);
    pass(1, b, a);
    pass(2, a, b);
    pass(3, b, a);
    if (!settle(kernels, hashes, a, n)) {
      inParts(n, (start, end) => run.beginOrder(hashes, start, end, a));
      inParts(n, (start, end) => run.rekeyOrder(hashes, 0, start, end, a));
      sortBits();
      inParts(n, (start, end) => run.rekeyOrder(hashes, 32, start, end, a));
      sortBits();
    }
    inParts(n, (start, end) => run.endOrder(a, start, end, outIds));
  } finally {
    regions.forEach((region, i) => allocator.free(region, sizes[i]!));
  }
}

/** False when the entries are too far from sorted. */
function settle(kernels: Kernels, hashes: Ptr, entries: Ptr, n: number): boolean {
  let movesLeft = n * movesPerEntryMax;
  for (let start = 0; start < n; start += callEntries) {
    const end = Math.min(n, start + callEntries);
    const callMax = Math.min(movesLeft, callEntries * movesPerEntryMax);
    const moves = kernels.run.settleOrder(hashes, entries, start, end, callMax);
    if (moves > callMax) return false;
    movesLeft -= moves;
  }
  return true;
}

function inParts(n: number, run: (start: number, end: number) => void): void {
  for (let start = 0; start < n; start += callEntries) run(start, Math.min(n, start + callEntries));
}
