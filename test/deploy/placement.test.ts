/** Placement on its own: what is promised for any rooms and wishes, and that it is as Spark's by a plain twin of its loop. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { placeDriver, placeExecutors, type ExecutorWish, type Room } from "../../src/deploy/placement.ts";

/** Spark's loop, written out: cores of one executor, or one more core, at a time. */
function twin(wish: ExecutorWish, rooms: readonly Room[], spreadOut: boolean): number[][] {
  const piece = wish.coresPerExecutor ?? 1;
  const one = wish.coresPerExecutor === undefined;
  const order = rooms
    .map((_, at) => at)
    .filter(at => rooms[at]!.coresFree >= piece && rooms[at]!.memoryFreeMb >= wish.memoryMb);
  order.sort((a, b) => rooms[b]!.coresFree - rooms[a]!.coresFree);
  const cores = rooms.map(() => 0);
  const executors = rooms.map(() => 0);
  let left = Math.min(
    wish.coresLeft,
    order.reduce((total, at) => total + rooms[at]!.coresFree, 0),
  );
  const can = (at: number) => {
    if (left < piece || rooms[at]!.coresFree - cores[at]! < piece) return false;
    if (one && executors[at]! > 0) return true;
    const all = executors.reduce((total, each) => total + each, 0);
    return rooms[at]!.memoryFreeMb - executors[at]! * wish.memoryMb >= wish.memoryMb && all < wish.executorsLeft;
  };
  for (let free = order.filter(can); free.length > 0; free = free.filter(can)) {
    for (const at of free) {
      for (let goesOn = true; goesOn && can(at);) {
        left -= piece;
        cores[at]! += piece;
        executors[at] = one ? 1 : executors[at]! + 1;
        if (spreadOut) goesOn = false;
      }
    }
  }
  return rooms.map((_, at) => Array.from({ length: executors[at]! }, () => (one ? cores[at]! : piece)));
}

test("20,000 random wishes are placed as Spark's loop does, within what there is", () => {
  for (let seed = 0; seed < 20_000; seed++) {
    const random = new Random(seed);
    const rooms = Array.from({ length: random.below(6) }, () => {
      return { coresFree: random.below(10) - 1, memoryFreeMb: random.below(6) * 512 };
    });
    const maybe = (most: number) => (random.below(2) === 0 ? Number.POSITIVE_INFINITY : random.below(most));
    const wish = {
      coresLeft: maybe(20),
      coresPerExecutor: random.below(2) === 0 ? undefined : 1 + random.below(4),
      memoryMb: 512 * (1 + random.below(2)),
      executorsLeft: maybe(5),
    };
    const spreadOut = random.below(2) === 0;
    const placed = placeExecutors(wish, rooms, spreadOut);
    const byRoom = rooms.map(room => placed.filter(each => each.room === room).map(each => each.cores));
    expect([seed, byRoom]).toEqual([seed, twin(wish, rooms, spreadOut)]);
    for (const [at, room] of rooms.entries()) {
      const cores = byRoom[at]!.reduce((total, each) => total + each, 0);
      const fits = cores <= Math.max(0, room.coresFree) && byRoom[at]!.length * wish.memoryMb <= room.memoryFreeMb;
      expect([seed, fits]).toEqual([seed, true]);
    }
  }
});

test("a driver goes where most cores are free, if anywhere", () => {
  const rooms = [
    { name: "small", coresFree: 1, memoryFreeMb: 8192 },
    { name: "large", coresFree: 4, memoryFreeMb: 2048 },
    { name: "also large", coresFree: 4, memoryFreeMb: 2048 },
  ];
  expect(placeDriver({ cores: 1, memoryMb: 1024 }, rooms)?.name).toBe("large");
  expect(placeDriver({ cores: 1, memoryMb: 4096 }, rooms)?.name).toBe("small");
  expect(placeDriver({ cores: 2, memoryMb: 4096 }, rooms)).toBeUndefined();
  expect(placeDriver({ cores: 1, memoryMb: 1 }, [])).toBeUndefined();
});
