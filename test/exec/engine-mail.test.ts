import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { packMail, unpackMail } from "../../src/exec/engine-mail.ts";
import type { FromEngine } from "../../src/exec/messages.ts";

/** What comes out on the other thread. */
function sent(messages: readonly FromEngine[]): FromEngine[] {
  return unpackMail(structuredClone(packMail(messages)));
}

function message(random: Random): FromEngine {
  const [stage, executor] = [random.below(9), random.below(4)];
  const payload = (bytes: number) => Uint8Array.from({ length: bytes }, () => random.below(256));
  const result = (bytes: number) =>
    ({ type: "result", job: random.below(5), partition: random.below(1000), payload: payload(bytes) }) as never;
  const kinds: (() => FromEngine)[] = [
    () => ({ type: "event", event: { type: "taskStarted", stage, executor } as never }),
    () => ({ type: "event", event: { type: "taskEnded", stage, executor, ok: true, metrics: { jsRows: 3 } } as never }),
    () => ({ type: "event", event: { type: "taskEnded", stage, executor, ok: false, killed: true } as never }),
    () => result(random.below(50)),
    () => result(0),
    () => result(5000 + random.below(100)),
    () => ({ type: "warning", message: `"${stage}"\ud800` }),
    () => ({ type: "jobEnded", job: stage as never, error: undefined }),
    () => ({ type: "event", event: { type: "jobStarted", job: stage, name: "count", atMs: 1.5 } as never }),
  ];
  return kinds[random.below(kinds.length)]!();
}

test("messages of any kinds arrive as they were, in their order", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed);
    const messages = Array.from({ length: random.below(40) }, () => message(random));
    expect({ seed, messages: sent(messages) }).toEqual({ seed, messages });
  }
});

test("a payload is sent without the frame that it was read from", () => {
  const frame = new Uint8Array(1 << 20);
  const { payloads } = packMail([{ type: "result", job: 1 as never, partition: 0, payload: frame.subarray(5, 9) }]);
  expect(payloads.buffer.byteLength).toBe(4);
});
