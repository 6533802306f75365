import { describe, expect, test } from "bun:test";
import { MemoryWatch } from "../../src/exec/memory-watch.ts";

const g = 2 ** 30;
const limits = { heapBytes: g, machineBytes: 16 * g };
const busy = (id: number, beat: number, faults = 0) => ({ id, beat, faults });

describe("the watch over task threads' memory", () => {
  test("suspects who is silent while the process grows by more than a heap", () => {
    const watch = new MemoryWatch<number>(limits);
    expect(watch.look([busy(1, 7)], 2 * g, 0)).toBeUndefined();
    expect(watch.look([busy(1, 7)], 3 * g, 0)).toBeUndefined();
    expect(watch.look([busy(1, 7)], 3.5 * g, 0)).toEqual({ thread: 1, grownBytes: 1.5 * g, machineFull: false });
  });

  test("leaves alone who checks itself, and who was away between", () => {
    const watch = new MemoryWatch<number>(limits);
    for (let beat = 0; beat < 10; beat++) expect(watch.look([busy(1, beat)], beat * g, 0)).toBeUndefined();
    watch.look([busy(1, 10)], g, 0);
    watch.look([], 9 * g, 0);
    expect(watch.look([busy(1, 10)], 9 * g, 0)).toBeUndefined();
  });

  test("allows engine memory, also after it was freed", () => {
    const watch = new MemoryWatch<number>(limits);
    watch.look([busy(1, 0)], g, 0);
    expect(watch.look([busy(1, 0)], 4 * g, 3 * g)).toBeUndefined();
    expect(watch.look([busy(1, 0)], 4 * g, 0)).toBeUndefined();
    expect(watch.look([busy(1, 0)], 5.5 * g, 0)?.grownBytes).toBe(1.5 * g);
  });

  test("allows each silent thread a heap, and takes the one that touched most memory", () => {
    const watch = new MemoryWatch<number>(limits);
    watch.look([busy(1, 0, 100), busy(2, 0, 5_000)], g, 0);
    expect(watch.look([busy(1, 0, 900), busy(2, 0, 5_100)], 3 * g, 0)).toBeUndefined();
    expect(watch.look([busy(1, 0, 900), busy(2, 0, 5_100)], 4 * g, 0)?.thread).toBe(1);
  });

  test("allows little when the machine is nearly full, and does not blame who did not grow", () => {
    const watch = new MemoryWatch<number>(limits);
    watch.look([busy(1, 0)], 15 * g, 0);
    expect(watch.look([busy(1, 0)], 15 * g, 0)).toBeUndefined();
    expect(watch.look([busy(1, 0)], 15.5 * g, 0)).toEqual({ thread: 1, grownBytes: 0.5 * g, machineFull: true });
  });
});
