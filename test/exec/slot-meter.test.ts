import { expect, test } from "bun:test";
import type { StageId } from "../../src/base/ids.ts";
import { SlotMeter, StageTimes } from "../../src/exec/slot-meter.ts";

const [short, long] = [1, 2] as StageId[] as [StageId, StageId];

test("an executor has a queue once the tasks of its stage have been short, and none while they are not", () => {
  const times = new StageTimes();
  const meter = new SlotMeter(times, 2);
  expect([meter.slots, meter.adapt()]).toEqual([2, false]);
  times.expect(short);
  expect(meter.adapt()).toBe(false);
  times.ran(short, 0.1);
  expect([meter.adapt(), meter.slots, meter.adapt()]).toEqual([true, 128, false]);
  times.ran(short, 30);
  expect([meter.adapt(), meter.slots]).toEqual([true, 2]);
});

test("one stage whose tasks are long, or not known yet, is enough for no queue", () => {
  const times = new StageTimes();
  const meters = [new SlotMeter(times), new SlotMeter(times, 3)];
  const slots = () => meters.map(meter => (meter.adapt(), meter.slots));
  times.expect(short);
  for (let i = 0; i < 100; i++) times.ran(short, 0.01);
  expect(slots()).toEqual([64, 192]);
  times.expect(long);
  for (let i = 0; i < 100; i++) times.ran(short, 0.01);
  expect(slots()).toEqual([1, 3]);
  times.ran(long, 200);
  for (let i = 0; i < 100; i++) times.ran(short, 0.01);
  expect(slots()).toEqual([1, 3]);
  times.forget(long);
  // of a task that was killed, and ends late
  times.ran(long, 200);
  expect([times.has(long), slots()]).toEqual([false, [64, 192]]);
  times.forget(short);
  expect(slots()).toEqual([1, 3]);
});
