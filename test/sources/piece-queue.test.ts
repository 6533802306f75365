import { expect, test } from "bun:test";
import { PieceQueue } from "../../src/sources/piece-queue.ts";

const piece = (bytes: number) => new Uint8Array(bytes);

test("pieces come in order, and then the end", async () => {
  const queue = new PieceQueue(100);
  const first = queue.next();
  queue.push(piece(1));
  queue.push(piece(2));
  queue.end();
  expect([await first, await queue.next(), await queue.next()].map(each => each.value?.length)).toEqual([
    1,
    2,
    undefined,
  ]);
});

test("who writes waits from when it is full until half is gone", async () => {
  const queue = new PieceQueue(100);
  queue.push(piece(60));
  expect(queue.drained()).toBeUndefined();
  queue.push(piece(60));
  let hasRoom = false;
  const room = queue.drained()!.then(() => (hasRoom = true));
  await queue.next();
  await Promise.resolve();
  expect(hasRoom).toBe(false);
  await queue.next();
  await room;
  expect(queue.drained()).toBeUndefined();
});

test("a failure reaches both sides, whether they wait or not", async () => {
  const queue = new PieceQueue(1);
  queue.push(piece(5));
  const room = queue.drained()!;
  const wanted = new Error("no more");
  queue.fail(wanted);
  queue.fail(new Error("later"));
  await expect(room).rejects.toBe(wanted);
  await expect(queue.next()).rejects.toBe(wanted);
  await expect(queue.drained()!).rejects.toBe(wanted);
  const other = new PieceQueue(1);
  const next = other.next();
  other.fail(wanted);
  await expect(next).rejects.toBe(wanted);
});
