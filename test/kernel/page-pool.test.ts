import { describe, expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { slotWord } from "../../src/kernel/owners.ts";
import { attachMemory } from "../../src/kernel/task-memory.ts";

const MiB = 2 ** 20;

function poolOf(bytes: number) {
  const pool = attachMemory(createKernelMemory(bytes));
  const [a, b] = [pool.openOwner("task", 1), pool.openOwner("task", 2)];
  return { pool, pages: pool.pages, a, b };
}

describe("page pool", () => {
  test("short runs come from the bottom, long ones from the top", () => {
    const { pages, a } = poolOf(16 * MiB);
    expect(pages.claim(1, a)).toBe(pages.firstPage);
    expect(pages.claim(3, a)).toBe(pages.firstPage + 1);
    expect(pages.claim(40, a)).toBe(pages.endPage - 40);
    expect(pages.claim(32, a)).toBe(pages.endPage - 72);
    expect(pages.claim(32, a, "bottom")).toBe(pages.firstPage + 4);
  });

  test("a freed hole is used before anything above it", () => {
    const { pages, a } = poolOf(16 * MiB);
    for (let i = 0; i < 10; i++) pages.claim(1, a);
    pages.free(pages.firstPage + 3, 1, a);
    expect(pages.claim(2, a)).toBe(pages.firstPage + 10);
    expect(pages.claim(1, a)).toBe(pages.firstPage + 3);
  });

  test("the whole pool can be one run, and nothing fits then", () => {
    const { pages, a, b } = poolOf(16 * MiB);
    expect(pages.claim(pages.pages + 1, a)).toBe(0);
    expect(pages.claim(pages.pages, a)).toBe(pages.firstPage);
    expect(pages.claim(1, b)).toBe(0);
    expect(pages.longestFreeRun()).toBe(0);
  });

  test("freeing what is free or another's names page and holder", () => {
    const { pages, a, b } = poolOf(16 * MiB);
    const page = pages.claim(2, a);
    expect(() => pages.free(page, 2, b)).toThrow(
      `page ${page} cannot be freed for task attempt 2: held by task attempt 1`,
    );
    pages.free(page, 2, a);
    expect(() => pages.free(page, 2, a)).toThrow(`page ${page} cannot be freed for task attempt 1: held by nobody`);
    expect(() => pages.free(0, 1, a)).toThrow("held by no pool");
  });

  test("a hand-over moves pages and counts", () => {
    const { pool, pages, a } = poolOf(16 * MiB);
    const exchange = pool.openOwner("exchange", 9);
    const page = pages.claim(4, a);
    pages.transfer(page, 4, a, exchange);
    expect(pages.ownerOf(page + 3)).toBe(exchange);
    expect(pool.owners.get(a, slotWord.usedPages)).toBe(0);
    expect(pool.owners.get(exchange, slotWord.usedPages)).toBe(4);
    expect(() => pages.free(page, 4, a)).toThrow("held by exchange 9");
    expect(pool.reclaim(exchange).pages).toBe(4);
    expect(pages.longestFreeRun()).toBe(pages.pages);
  });

  test("random claims and frees by several owners agree with a model", () => {
    const seed = Date.now() & 0xffff;
    const random = new Random(seed);
    const { pool, pages } = poolOf(16 * MiB);
    const owners = [3, 4, 5, 6].map(id => pool.openOwner("task", id));
    const model = new Map<number, number>();
    const runs: { page: number; pages: number; owner: (typeof owners)[number] }[] = [];
    for (let step = 0; step < 20_000; step++) {
      if (random.below(2) === 0) {
        const owner = owners[random.below(4)]!;
        const want = random.below(4) === 0 ? 1 + random.below(40) : 1 + random.below(3);
        const page = pages.claim(want, owner);
        if (page === 0) {
          let run = 0;
          let longest = 0;
          for (let p = pages.firstPage; p < pages.endPage; p++)
            longest = Math.max(longest, (run = model.has(p) ? 0 : run + 1));
          expect({ seed, longest }).toEqual({ seed, longest: Math.min(longest, want - 1) });
          continue;
        }
        for (let p = page; p < page + want; p++) {
          if (model.has(p)) throw new Error(`seed ${seed}: page ${p} was given twice`);
          model.set(p, owner);
        }
        runs.push({ page, pages: want, owner });
      } else if (runs.length > 0) {
        const [run] = runs.splice(random.below(runs.length), 1);
        pages.free(run!.page, run!.pages, run!.owner);
        for (let p = run!.page; p < run!.page + run!.pages; p++) model.delete(p);
      }
    }
    for (let p = pages.firstPage; p < pages.endPage; p++) {
      if (pages.ownerOf(p) !== (model.get(p) ?? 0)) throw new Error(`seed ${seed}: page ${p} is ${pages.ownerOf(p)}`);
    }
    for (const owner of owners) {
      const held = [...model.values()].filter(each => each === owner).length;
      expect(pool.owners.get(owner, slotWord.usedPages)).toBe(held);
      expect(pool.reclaim(owner).pages).toBe(held);
    }
    expect(pages.longestFreeRun()).toBe(pages.pages);
  });
});
