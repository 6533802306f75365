/**
 * A stage's order as bytes for executors in other processes. Rows that the driver had at hand (`parallelize`) are taken out and named
 * by hash, so that each task fetches its own slice alone; all else travels as one value, shared subtrees shared.
 */
import type { ExchangeId, StageId } from "../base/ids.ts";
import { decodeValue, encodeValue } from "../data/value-codec.ts";
import { type BlobRef, parentsOf, type Plan, withParents } from "../plan/nodes.ts";
import type { StagePlan } from "../planner/stages.ts";
import { blobHash } from "../storage/blob-store.ts";
import type { MapInput } from "../storage/map-status.ts";
import type { StageOrder } from "./messages.ts";

export interface EncodedStage {
  readonly bytes: Uint8Array;
  /** By hash. */
  readonly slices: ReadonlyMap<string, Uint8Array>;
}

/** Slices that are together no larger stay in the plan. */
const inPlanBytesMax = 64 * 1024;

export function encodeStage(order: StageOrder): EncodedStage {
  const slices = new Map<string, Uint8Array>();
  const done = new Map<Plan, Plan>();
  const root = takeSlicesOut(order.plan.root, slices, done);
  const plan = { ...order.plan, root };
  return { bytes: encodeValue({ ...order, plan }, { references: true, what: "a stage" }), slices };
}

export function decodeStage(bytes: Uint8Array): StageOrder {
  return decodeValue(bytes, { references: true }) as {
    stage: StageId;
    plan: StagePlan;
    inputs: ReadonlyMap<ExchangeId, readonly MapInput[]>;
    probes: ReadonlyMap<ExchangeId, unknown>;
    properties: Readonly<Record<string, string>>;
  };
}

function takeSlicesOut(plan: Plan, slices: Map<string, Uint8Array>, done: Map<Plan, Plan>): Plan {
  const known = done.get(plan);
  if (known !== undefined) return known;
  const out =
    plan.op === "parallelize"
      ? { ...plan, slices: isLarge(plan.slices) ? plan.slices.map(slice => named(slice, slices)) : plan.slices }
      : withParents(
          plan,
          parentsOf(plan).map(parent => takeSlicesOut(parent, slices, done)),
        );
  done.set(plan, out);
  return out;
}

function isLarge(slices: readonly (Uint8Array | BlobRef)[]): boolean {
  let total = 0;
  for (const slice of slices) total += slice instanceof Uint8Array ? slice.length : 0;
  return total > inPlanBytesMax;
}

function named(slice: Uint8Array | BlobRef, slices: Map<string, Uint8Array>): BlobRef {
  if (!(slice instanceof Uint8Array)) return slice;
  const hash = blobHash(slice);
  slices.set(hash, slice);
  return { hash, bytes: slice.length };
}
