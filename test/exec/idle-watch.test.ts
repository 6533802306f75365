/** A while without tasks is told once, and not while there are any. */
import { describe, expect, test } from "bun:test";
import { IdleWatch } from "../../src/exec/idle-watch.ts";

describe("the watch for threads without tasks", () => {
  test("tells a while without tasks once", () => {
    const watch = new IdleWatch(100);
    expect(watch.look(0, 3, false)).toBe(false);
    expect(watch.look(99, 3, false)).toBe(false);
    expect(watch.look(100, 3, false)).toBe(true);
    expect(watch.look(500, 3, false)).toBe(false);
    expect(watch.look(600, 4, false)).toBe(false);
    expect(watch.look(700, 4, false)).toBe(true);
  });

  test("counts from the end of a long task", () => {
    const watch = new IdleWatch(100);
    for (const nowMs of [0, 200, 400]) expect(watch.look(nowMs, 1, true)).toBe(false);
    expect(watch.look(450, 1, false)).toBe(false);
    expect(watch.look(500, 1, false)).toBe(true);
  });

  test("says nothing before the first task, nor ever with a delay of 0", () => {
    const early = new IdleWatch(100);
    expect(early.look(1000, 0, false)).toBe(false);
    const never = new IdleWatch(0);
    never.look(0, 1, false);
    expect(never.look(1e9, 1, false)).toBe(false);
  });
});
