/** Who counts as silent, on times that are given. */
import { expect, test } from "bun:test";
import type { ExecutorId } from "../../src/base/ids.ts";
import type { ExecutorRegistration } from "../../src/exec/executor-messages.ts";
import { RegisteredExecutors, type RemoteExecutor } from "../../src/exec/registered-executors.ts";

const [maxMs, everyMs] = [10_000, 500];

/** Two executors that were heard of at 0, and who of them is silent at a time. */
function two() {
  const known = new RegisteredExecutors();
  const add = (id: number): RemoteExecutor => {
    known.expect(id as ExecutorId);
    const registration = { executor: id as ExecutorId, cores: 1 } as ExecutorRegistration;
    return known.add(registration, { id: `peer-${id}`, description: "" } as never, {} as never, 0);
  };
  const executors = [add(0), add(1)];
  const silentAt = (atMs: number) =>
    known.silent(atMs, maxMs, everyMs).map(each => each.registration.executor as number);
  return { executors, silentAt };
}

test("who is not heard of for too long is silent", () => {
  const { executors, silentAt } = two();
  for (let atMs = 0; atMs <= maxMs; atMs += everyMs) expect(silentAt(atMs)).toEqual([]);
  executors[1]!.heardMs = 9800;
  expect(silentAt(maxMs + everyMs)).toEqual([0]);
});

test("nobody is taken for silent while this process did not run", () => {
  const { executors, silentAt } = two();
  expect(silentAt(4000)).toEqual([]);
  // what they said meanwhile is still to be read
  expect(silentAt(30_000)).toEqual([]);
  executors[1]!.heardMs = 30_100;
  let atMs = 30_000;
  while (silentAt((atMs += everyMs)).length === 0);
  // of its ten seconds four and a half were over
  expect([atMs, silentAt(atMs)]).toEqual([36_000, [0]]);
});

test("a look that comes late takes those for silent who said nothing for too long", () => {
  const { executors, silentAt } = two();
  for (let atMs = 0; atMs <= 6000; atMs += everyMs) silentAt(atMs);
  executors[1]!.heardMs = 6000;
  expect(silentAt(11_000)).toEqual([0]);
});

test("a clock that is set back takes nobody's time", () => {
  const { silentAt } = two();
  expect([0, 500, -3_600_000, -3_599_500].flatMap(silentAt)).toEqual([]);
});
