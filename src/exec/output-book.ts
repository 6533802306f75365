/**
 * Outputs that the engine knows for its stages: map outputs by exchange and partition, wherever they are (Spark's
 * MapOutputTracker), and probes' values. Has freed what nobody reads any more.
 */
import { invariant } from "../base/assert.ts";
import type { LostOutput } from "../base/errors.ts";
import type { ExchangeId } from "../base/ids.ts";
import { decodeValue } from "../data/value-codec.ts";
import { gatherProbe } from "../operators/probe.ts";
import { parentsOf } from "../plan/nodes.ts";
import { outputsReadBy, type StagePlan } from "../planner/stages.ts";
import type { MapInput } from "../storage/map-status.ts";
import type { Executors } from "./executors.ts";
import type { StageOrder, TaskSuccess } from "./messages.ts";

export class OutputBook {
  private readonly outputs = new Map<ExchangeId, (MapInput | undefined)[]>();
  /** Partitions of exchanges that were lost and are not here again. */
  private readonly holes = new Map<ExchangeId, Set<number>>();
  private readonly probeResults = new Map<ExchangeId, unknown[]>();

  constructor(private readonly executors: Pick<Executors, "discardOutput" | "releaseExchange">) {}

  /** An output that counts from now on; one that it replaces is freed. */
  accept(exchange: ExchangeId, partition: number, success: TaskSuccess): void {
    const { output } = success;
    this.holes.get(exchange)?.delete(partition);
    if (output.kind === "map") {
      const known = entry(this.outputs, exchange);
      if (known[partition] !== undefined) this.executors.discardOutput(known[partition]);
      known[partition] = output.output;
    } else entry(this.probeResults, exchange)[partition] = decodeValue(output.payload);
  }

  /** A success that does not count: its map output is freed. */
  discard(success: TaskSuccess): void {
    if (success.output.kind === "map") this.executors.discardOutput(success.output.output);
  }

  lost(exchange: ExchangeId, partitions: readonly number[]): void {
    const holes = this.holes.get(exchange) ?? new Set();
    this.holes.set(exchange, holes);
    for (const partition of partitions) {
      holes.add(partition);
      const known = this.outputs.get(exchange);
      if (known?.[partition] !== undefined) this.executors.discardOutput(known[partition]);
      if (known !== undefined) known[partition] = undefined;
    }
  }

  release(exchange: ExchangeId): void {
    this.outputs.delete(exchange);
    this.holes.delete(exchange);
    this.probeResults.delete(exchange);
    this.executors.releaseExchange(exchange);
  }

  /** An output that the stage reads and that was lost since it was submitted. */
  missing(reads: readonly ExchangeId[]): LostOutput | undefined {
    for (const exchange of reads) {
      const [mapPartition] = this.holes.get(exchange) ?? [];
      if (mapPartition !== undefined) return { exchange, mapPartition };
    }
    return undefined;
  }

  /** What the tasks of a stage read: outputs in map order, probes' gathered values. */
  inputsOf(stage: StagePlan): Pick<StageOrder, "inputs" | "probes"> {
    const inputs = new Map<ExchangeId, readonly MapInput[]>();
    const probes = new Map<ExchangeId, unknown>();
    for (const plan of outputsReadBy(stage.kind === "result" ? [stage.root] : parentsOf(stage.root))) {
      if (plan.op === "exchange") {
        const outputs = this.outputs.get(plan.exchange) ?? [];
        inputs.set(
          plan.exchange,
          outputs.map(output => {
            invariant(output !== undefined, `exchange ${plan.exchange} is not complete`);
            return output;
          }),
        );
      } else probes.set(plan.exchange, gatherProbe(plan, this.probeResults.get(plan.exchange) ?? []));
    }
    return { inputs, probes };
  }
}

function entry<T>(book: Map<ExchangeId, T[]>, exchange: ExchangeId): T[] {
  let list = book.get(exchange);
  if (list === undefined) book.set(exchange, (list = []));
  return list;
}
