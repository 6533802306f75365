/**
 * The map side of an exchange: a task's rows, combined first where the plan says so, cut by partition and sealed into blocks.
 * Within a reduce partition the blocks keep the rows' order (or, when combined, the order of hashes), whatever spilled.
 */
import { crc32 } from "node:zlib";
import { assertNever } from "../base/assert.ts";
import type { Batch, Column } from "../data/column.ts";
import { blockBytes, sealBlock } from "../data/block.ts";
import { hashColumn } from "../data/hash.ts";
import { sealOnHeap } from "../data/heap-block.ts";
import { isFlat } from "../data/flat-column.ts";
import { gather, slice } from "../data/move.ts";
import { RowSealer } from "../data/seal-rows.ts";
import { sliceColumn } from "../data/slice.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import type { ExchangePlan } from "../plan/nodes.ts";
import type { ExchangeWriter } from "../storage/exchange-writer.ts";
import type { MapOutput } from "../storage/map-output.ts";
import { foldOfValues } from "./aggregate.ts";
import { rowsToFold, spillingAggregate } from "./aggregated-table.ts";
import { anyKeys, spillingDistinct } from "./distinct-table.ts";
import { PairBuffer, pairBatch, pairColumns } from "./pair-buffer.ts";
import { type AssignPartitions, partitionAssigner } from "./partition-ids.ts";
import { readPairs, readRows } from "./read-columns.ts";
import { RowBuffer } from "./row-buffer.ts";
import { finalRefusal, inHalves, refusalOf, SpillScope } from "./spill-scope.ts";
import type { TaskEnv } from "./task-env.ts";

export async function runExchange(plan: ExchangePlan, partition: number, env: TaskEnv): Promise<MapOutput> {
  const account = env.memory.withOperator(plan.operator);
  const writer = env.exchanges.openWriter(plan.exchange, partition, plan.partitioner.partitions, account);
  const out = new PartitionedWriter(plan, env, writer);
  try {
    await writeRows(plan, partition, env, out);
    const output = writer.finish(out.rows?.checksum);
    env.metrics.spilledBytes += writer.spilledBytes;
    env.metrics.shuffleWriteBytes += output.bytes.reduce((sum, bytes) => sum + bytes, 0);
    return output;
  } catch (error) {
    writer.abort();
    throw error;
  } finally {
    out.close();
  }
}

async function writeRows(plan: ExchangePlan, partition: number, env: TaskEnv, out: PartitionedWriter): Promise<void> {
  const { mapSide, parent } = plan;
  const account = env.memory.withOperator(plan.operator);
  if (mapSide === undefined) {
    if (plan.rows === "keys")
      await readRows(parent, partition, env, plan, rows => out.write({ rows: rows.rows, root: rows }, rows));
    else await readPairs(parent, partition, env, plan, (keys, values) => out.write(pairBatch(keys, values), keys));
    return;
  }
  switch (mapSide.kind) {
    case "distinct": {
      const scope = new SpillScope(env, plan.operator, plan);
      const table = spillingDistinct(scope, () => env.checkpoint(plan));
      const large = new RowBuffer(env.kernels, account, `the rows of ${plan.operator}`, batch =>
        out.write(batch, batch.root),
      );
      const options = { scope, spans: true };
      try {
        await readRows(parent, partition, env, plan, root => table.add(anyKeys, { rows: root.rows, root }), options);
        for (const chunk of table.emit()) {
          if (chunk.kind === "batch") {
            large.flush();
            out.write(chunk.batch, chunk.batch.root);
          } else if (chunk.kind === "rows") for (const row of chunk.rows) large.push(row);
          env.checkpoint(plan);
        }
        large.flush();
      } finally {
        large.free();
        table.free();
        scope.close();
      }
      return;
    }
    case "combine": {
      const scope = new SpillScope(env, plan.operator, plan);
      const table = spillingAggregate(scope, foldOfValues(mapSide.combine, env), () => env.checkpoint(plan));
      const boxed = new PairBuffer(env.kernels, account, plan.operator, (keys, values) =>
        out.write(pairBatch(keys, values), keys),
      );
      try {
        const add = (keys: Column, values: Column) => table.add(rowsToFold, pairBatch(keys, values));
        await readPairs(parent, partition, env, plan, add, { scope, spans: true });
        for (const chunk of table.emit()) {
          if (chunk.kind === "batch") {
            boxed.flush();
            out.write(chunk.batch, pairColumns(chunk.batch)![0]);
          } else if (chunk.kind === "rows") for (const row of chunk.rows) boxed.push(row);
          env.checkpoint(plan);
        }
        boxed.flush();
      } finally {
        boxed.free();
        table.free();
        scope.close();
      }
      return;
    }
    default:
      assertNever(mapSide);
  }
}

/**
 * A checksum of the rows of every reduce partition in order, by their values: where blocks end, and in which layout they are, depends
 * on how much memory there was, and is no part of it.
 */
class RowsChecksum {
  private readonly hashes: Uint32Array;

  constructor(partitions: number) {
    this.hashes = new Uint32Array(partitions);
  }

  /** `ids` are of the rows whose u64 hashes lie at `rowHashes`. */
  add({ u32 }: Kernels, ids: Ptr, rowHashes: Ptr, rows: number): void {
    const { hashes } = this;
    const [firstId, firstHash] = [ids >>> 2, rowHashes >>> 2];
    for (let i = 0; i < rows; i++) {
      const partition = u32[firstId + i]!;
      hashes[partition] = Math.imul(hashes[partition]! ^ u32[firstHash + 2 * i + 1]!, 0x9e3779b1) + 1;
    }
  }

  get checksum(): number {
    return crc32(new Uint8Array(this.hashes.buffer));
  }
}

/** Cuts batches by partition: ids, a stable counting sort of row indexes, one gathered and sealed block a partition. */
class PartitionedWriter {
  private readonly assign: AssignPartitions;
  private readonly scratch: Arena;
  private readonly block: Arena;
  private readonly partitions: number;
  readonly rows: RowsChecksum | undefined;

  constructor(
    plan: ExchangePlan,
    private readonly env: TaskEnv,
    private readonly writer: ExchangeWriter,
  ) {
    const account = env.memory.withOperator(plan.operator);
    this.assign = partitionAssigner(plan.partitioner, plan.operator, env);
    this.scratch = new Arena(account);
    this.block = new Arena(account);
    this.partitions = plan.partitioner.partitions;
    this.rows = env.outputsMayBeLost === true ? new RowsChecksum(this.partitions) : undefined;
  }

  write(batch: Batch, keys: Column): void {
    if (batch.rows === 0) return;
    this.env.metrics.shuffleWriteRows += batch.rows;
    this.cut(batch, keys);
  }

  /** In halves, where memory is too short to cut all rows at once. */
  private cut(batch: Batch, keys: Column): void {
    const { rows } = batch;
    const order = this.orderByPartition(batch, keys);
    if (order === undefined) {
      const half = rows >>> 1;
      this.cut(slice(batch, 0, half), sliceColumn(keys, 0, half));
      this.cut(slice(batch, half, rows), sliceColumn(keys, half, rows));
      return;
    }
    const { u32 } = this.env.kernels;
    const { counts, indexes } = order;
    const sealer = isFlat(batch.root) ? new RowSealer(this.env.kernels, batch) : undefined;
    let start = 0;
    for (let partition = 0; partition < this.partitions; partition++) {
      const count = u32[counts / 4 + partition]!;
      if (count === rows) this.writeAll(partition, batch);
      else if (count > 0 && sealer !== undefined)
        this.sealRows(partition, batch, sealer, offset(indexes, start * 4), count);
      else if (count > 0) this.gatherRows(partition, batch, offset(indexes, start * 4), count);
      start += count;
    }
  }

  /** The rows by partition, in scratch memory; undefined when there is not enough of it for so many. */
  private orderByPartition({ root }: Batch, keys: Column): { readonly counts: Ptr; readonly indexes: Ptr } | undefined {
    const { scratch, partitions } = this;
    const { run, u32 } = this.env.kernels;
    const { rows } = keys;
    try {
      scratch.reset();
      const ids = scratch.alloc(rows * 4);
      const indexes = scratch.alloc(rows * 4);
      const counts = scratch.alloc(partitions * 4);
      const cursors = scratch.alloc(partitions * 4);
      const hashes = this.rows === undefined ? undefined : this.hash(root);
      // may count rows: nothing is refused after it
      this.assign(keys, ids, scratch);
      if (hashes !== undefined) this.rows!.add(this.env.kernels, ids, hashes, rows);
      u32.fill(0, counts / 4, counts / 4 + partitions);
      run.histogram(ids, rows, counts);
      let start = 0;
      for (let i = 0; i < partitions; i++) {
        u32[cursors / 4 + i] = start;
        start += u32[counts / 4 + i]!;
      }
      run.scatterIndexes(ids, rows, 0, cursors, indexes);
      return { counts, indexes };
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      scratch.close();
      if (rows === 1) throw finalRefusal(refusal);
      return undefined;
    }
  }

  private hash(rows: Column): Ptr {
    const hashes = this.scratch.alloc(rows.rows * 8);
    hashColumn(this.env.kernels, this.scratch, rows, hashes);
    return hashes;
  }

  private writeAll(partition: number, batch: Batch): void {
    inHalves(batch.rows, (from, rows) => this.append(partition, slice(batch, from, from + rows)));
  }

  private sealRows(partition: number, batch: Batch, sealer: RowSealer, indexes: Ptr, count: number): void {
    inHalves(count, (from, rows) => {
      const at = offset(indexes, from * 4);
      const bytes = sealer.bytes(at, rows);
      if (bytes > this.writer.largeBytes) {
        // in halves, so that only the large row goes another way
        if (rows > 1) throw new MemoryRefused(bytes);
        this.append(partition, this.row(batch, at));
      } else this.writer.append(partition, bytes, ptr => void sealer.seal(at, rows, ptr));
    });
  }

  /** A large row is sealed from where it lies. */
  private row(batch: Batch, index: Ptr): Batch {
    const at = this.env.kernels.u32[index / 4]!;
    return slice(batch, at, at + 1);
  }

  private gatherRows(partition: number, batch: Batch, indexes: Ptr, count: number): void {
    inHalves(count, (from, rows) => {
      this.block.reset();
      if (rows === 1) this.append(partition, this.row(batch, offset(indexes, from * 4)));
      else this.append(partition, gather(this.env.kernels, this.block, batch, offset(indexes, from * 4), rows));
    });
  }

  close(): void {
    this.scratch.close();
    this.block.close();
  }

  private append(partition: number, batch: Batch): void {
    const { kernels } = this.env;
    const bytes = blockBytes(kernels, batch);
    if (bytes > this.writer.largeBytes && batch.rows > 1) throw new MemoryRefused(bytes);
    this.writer.append(
      partition,
      bytes,
      ptr => void sealBlock(kernels, batch, ptr),
      () => sealOnHeap(kernels, batch),
    );
  }
}
