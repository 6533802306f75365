/** The reduced matrix: the same bytes at little memory as at much, on threads and processes. */
import { afterAll, expect, test } from "bun:test";
import { type Cell, matrixJobs, quickMatrix, runMatrix, wrongCells } from "../../bench/memory/matrix.ts";
import { openScratch } from "../../bench/scratch.ts";

const scratch = openScratch();
afterAll(() => scratch.remove());

test("the same bytes at any memory, on threads and processes", async () => {
  const cells = await runMatrix(scratch, quickMatrix);
  expect(cells.length).toBe(quickMatrix.places.length * matrixJobs.length);
  expect(wrongCells(cells, quickMatrix)).toEqual([]);
}, 240_000);

test("a matrix tells what does not hold", () => {
  const place = { master: "local[2]", memoryMb: 32, spills: true };
  const good: Cell = {
    ...{ job: "join", place, sha256: "a", seconds: 1, spilledBytes: 1, peakBytes: 1 },
    residentBytes: 100 * 2 ** 20,
  };
  const bad: Cell = {
    ...good,
    ...{ sha256: "b", spilledBytes: 0, peakBytes: 33 * 2 ** 20, residentBytes: 500 * 2 ** 20 },
  };
  expect(wrongCells([good, bad], quickMatrix)).toEqual([
    "join, local[2], 32 MB: other bytes than local[2], 32 MB",
    "join, local[2], 32 MB: nothing was spilled",
    "join, local[2], 32 MB: a task accounted for 34603008 bytes",
    "join, local[2], 32 MB: a process held 500 MB",
  ]);
});
