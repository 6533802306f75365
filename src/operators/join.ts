/**
 * Hash join: the right side is kept by key, the left side runs past it, so rows leave in the left side's order and, within a left
 * row, in the right side's.
 */
import { batchRowsMax, type Column } from "../data/column.ts";
import { gather } from "../data/move.ts";
import { Arena } from "../kernel/arena.ts";
import { noGroup } from "../kernel/group-table.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import type { JoinPlan } from "../plan/nodes.ts";
import { BatchList } from "./batch-list.ts";
import { afterReading } from "./breaker.ts";
import type { Chunk, ChunkSource } from "./chunk.ts";
import { GroupedRows } from "./grouped-rows.ts";
import { KeyIndex } from "./key-index.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import { readPairs } from "./read-columns.ts";
import type { TaskEnv } from "./task-env.ts";

export function openJoin(plan: JoinPlan, partition: number, env: TaskEnv): ChunkSource {
  const join = new HashJoin(plan, env);
  return afterReading(
    () => join.read(partition),
    () => join.emit(),
    () => join.free(),
  );
}

class HashJoin {
  private readonly index: KeyIndex;
  private readonly right: GroupedRows;
  private readonly left: BatchList;
  private readonly scratch: Arena;

  constructor(
    private readonly plan: JoinPlan,
    private readonly env: TaskEnv,
  ) {
    const account = env.memory.withOperator(plan.operator);
    this.index = new KeyIndex(env.kernels, account);
    this.right = new GroupedRows(env, plan.operator);
    this.left = new BatchList(env, plan.operator);
    this.scratch = new Arena(account);
  }

  async read(partition: number): Promise<void> {
    const { plan, env, index, right, left } = this;
    await readPairs(plan.right, partition, env, plan, (keys, values) => right.add(index.add(keys).ids, values));
    right.finish(index.count);
    await readPairs(plan.left, partition, env, plan, (keys, values) => left.add(pairBatch(keys, values)));
  }

  *emit(): Generator<Chunk, void, undefined> {
    for (const batch of this.left.batches()) yield* this.probe(...pairColumns(batch)!);
  }

  free(): void {
    this.left.free();
    this.right.free();
    this.index.free();
    this.scratch.close();
  }

  /** Joined rows of one left batch, at most about a batch at a time. */
  private *probe(keys: Column, values: Column): Generator<Chunk, void, undefined> {
    const { env, right, scratch, plan } = this;
    const { u32, u8 } = env.kernels;
    const keepsLeft = plan.join === "left";
    const { ids } = this.index.lookup(keys);
    // the index overwrites its ids when it is asked again, which happens after this batch
    for (let row = 0; row < keys.rows; ) {
      scratch.reset();
      const from = row;
      let out = 0;
      for (; row < keys.rows && (out < batchRowsMax || row === from); row++) {
        const group = u32[ids / 4 + row]!;
        const count = group === noGroup ? 0 : right.countOf(group);
        out += count === 0 && keepsLeft ? 1 : count;
      }
      if (out === 0) continue;
      const leftRows = scratch.alloc(out * 4);
      const rightRows = scratch.alloc(out * 4);
      const present = keepsLeft ? scratch.alloc(out) : undefined;
      let at = 0;
      for (let i = from; i < row; i++) {
        const group = u32[ids / 4 + i]!;
        const count = group === noGroup ? 0 : right.copyIndexes(group, offset(rightRows, at * 4));
        if (count === 0 && !keepsLeft) continue;
        const rows = Math.max(1, count);
        u32.fill(i, leftRows / 4 + at, leftRows / 4 + at + rows);
        if (present !== undefined) u8.fill(count > 0 ? 1 : 0, present + at, present + at + rows);
        if (count === 0) u32[rightRows / 4 + at] = 0;
        at += rows;
      }
      yield this.joined(keys, values, leftRows, rightRows, out, present);
    }
  }

  private joined(keys: Column, values: Column, leftRows: Ptr, rightRows: Ptr, rows: number, present: Ptr | undefined): Chunk {
    const { env, right, scratch } = this;
    const { root } = gather(env.kernels, scratch, pairBatch(keys, values), leftRows, rows);
    const [outKeys, outValues] = pairColumns({ rows, root })!;
    const item = right.rows === 0 ? ({ kind: "constant", rows, value: undefined } as const) : right.gather(rightRows, rows, scratch);
    const isPresent = present === undefined || (item.kind === "constant" && item.value === undefined);
    const other: Column = isPresent ? item : { kind: "optional", rows, absent: undefined, validity: present, item };
    return { kind: "batch", batch: pairBatch(outKeys, pairBatch(outValues, other).root) };
  }
}
