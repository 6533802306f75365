/** What a queue of chunks does with time, on a clock of its own: it ends a silent stream, and waits for nothing once it has ended. */
import { expect, test } from "bun:test";
import { ChunkQueue } from "../../src/rpc/chunk-queue.ts";
import { ManualClock } from "../deploy/manual-clock.ts";

const idleTimeoutMs = 1000;
const chunk = new Uint8Array(8);

function open() {
  const clock = new ManualClock();
  let cancelled = 0;
  const queue = new ChunkQueue("stream", clock, { idleTimeoutMs }, () => cancelled++);
  const reader = queue[Symbol.asyncIterator]();
  return { clock, queue, next: () => reader.next(), cancelled: () => cancelled };
}

test("a stream that has ended leaves no timer", async () => {
  for (const end of ["finish", "fail", "cancel"] as const) {
    const { clock, queue, next } = open();
    const first = next();
    queue.push(chunk);
    expect((await first).value).toBe(chunk);
    expect(clock.pending).toBe(1);
    if (end === "fail") queue.fail(new Error("cut") as never);
    else queue[end]();
    expect(clock.pending).toBe(0);
  }
});

test("a silent stream fails, however often it was waited for before", async () => {
  const { clock, queue, next, cancelled } = open();
  for (let i = 0; i < 4; i++) {
    const chunkCame = next();
    await clock.advance(900);
    queue.push(chunk);
    expect((await chunkCame).done).toBe(false);
  }
  const failed = next().catch((error: Error) => error.message);
  await clock.advance(999);
  expect(queue.open).toBe(true);
  await clock.advance(1);
  expect([queue.open, cancelled(), clock.pending]).toEqual([false, 1, 0]);
  expect(await failed).toBe("stream: nothing came for 1 s");
});

test("a time in which this process stood still is no silence", async () => {
  const { clock, queue, next } = open();
  const late = next();
  clock.stall(5000);
  await clock.advance(0);
  expect(queue.open).toBe(true);
  await clock.advance(999);
  queue.push(chunk);
  expect((await late).value).toBe(chunk);
});
