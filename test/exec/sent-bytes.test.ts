import { describe, expect, test } from "bun:test";
import type { BroadcastId, RddId, StageId } from "../../src/base/ids.ts";
import { decodeStage } from "../../src/exec/stage-codec.ts";
import { inlineBytesMax } from "../../src/exec/executor-messages.ts";
import type { StageOrder } from "../../src/exec/messages.ts";
import { SentBytes } from "../../src/exec/sent-bytes.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import type { BlobClient } from "../../src/shuffle/blob-client.ts";
import { BlobStore } from "../../src/storage/blob-store.ts";

const stage = 3 as StageId;

function order(slices: readonly Uint8Array[], captured = 0): StageOrder {
  const node = { operator: "map", at: { file: "job.ts", line: 4, column: 7 } };
  const rows: Plan = { ...node, id: 0 as RddId, op: "parallelize", slices };
  const fn = { id: "f", bundle: "b", captures: new Uint8Array(captured), text: "x => x", at: undefined };
  const root: Plan = { ...node, id: 1 as RddId, op: "map", parent: rows, fn } as never;
  const call = { operator: "collect", at: node.at };
  const plan = {
    kind: "result",
    root,
    action: { kind: "count" },
    reads: [],
    partitions: slices.length,
    name: "collect",
    call,
  } as const;
  return { stage, plan, inputs: new Map(), probes: new Map([[0, -0] as never]), properties: { a: "\ud800" } };
}

function sender(stageBytesMax = 1 << 20): { readonly sent: SentBytes; readonly store: BlobStore } {
  const store = new BlobStore({ memoryBytesMax: 1 << 30 });
  return { store, sent: new SentBytes(store, {} as BlobClient, stageBytesMax) };
}

describe("what a driver sends to executors", () => {
  test("a small stage is in its message, as it was", () => {
    const { sent, store } = sender();
    const carried = sent.stage(stage, () => order([new Uint8Array([1, 2])]));
    if (carried.kind !== "inline") throw new Error("it is not inline");
    const back = decodeStage(carried.bytes);
    expect(back).toEqual(order([new Uint8Array([1, 2])]));
    expect(Object.is(back.probes.get(0 as never), -0)).toBe(true);
    expect(store.size).toBe(0);
  });

  test("rows that the driver had at hand stay with it, by hash, until the stage is forgotten", () => {
    const { sent, store } = sender();
    const slices = [new Uint8Array(100_000).fill(1), new Uint8Array(100_000).fill(2)];
    const carried = sent.stage(stage, () => order(slices));
    if (carried.kind !== "inline") throw new Error("it is not inline");
    expect(carried.bytes.length).toBeLessThan(5_000);
    const { root } = decodeStage(carried.bytes).plan as unknown as { root: { parent: { slices: { hash: string }[] } } };
    expect(root.parent.slices.map(({ hash }) => store.read(hash))).toEqual(slices);
    sent.forgetStage(stage);
    expect(store.size).toBe(0);
  });

  test("a large stage is fetched, and encoded once for all executors", () => {
    const { sent, store } = sender();
    let encoded = 0;
    const make = () => {
      encoded++;
      return order([], inlineBytesMax + 1);
    };
    const carried = sent.stage(stage, make);
    expect(sent.stage(stage, make)).toBe(carried);
    expect([carried.kind, encoded, store.size]).toEqual(["blob", 1, 1]);
    sent.forgetStage(stage);
    expect(store.size).toBe(0);
  });

  test("one that is too large is refused, with what to do", () => {
    const { sent, store } = sender(1 << 20);
    const refused = (() => {
      try {
        return sent.stage(stage, () => order([], 2 << 20));
      } catch (error) {
        return error as { message: string; hint: string; at: unknown };
      }
    })() as { message: string; hint: string; at: unknown };
    expect(refused.message).toBe(
      "the tasks of collect at job.ts:4:7 are too large to send: 2.0 MiB with what their functions captured, 1.0 MiB allowed",
    );
    expect(refused.hint).toContain("use a broadcast for large values");
    expect(refused.at).toEqual({ file: "job.ts", line: 4, column: 7 });
    expect(store.size).toBe(0);
  });

  test("a broadcast goes in parts, which go with it", () => {
    const { sent, store } = sender();
    const definition = {
      kind: "broadcast",
      id: 1 as BroadcastId,
      bytes: new Uint8Array(9 << 20).map((_, i) => i >> 16),
    } as const;
    const told = sent.definition(definition);
    if (told.kind !== "broadcast") throw new Error("it is another thing");
    expect([told.chunks.length, told.bytes, store.size]).toEqual([3, 9 << 20, 3]);
    expect(store.read(told.chunks[2]!)).toEqual(definition.bytes.subarray(8 << 20));
    sent.forgetDefinition(definition);
    expect(store.size).toBe(0);
  });
});
