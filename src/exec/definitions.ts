/**
 * What closures refer to by handle in a task thread: bundles, broadcast values (decoded once a thread, on first use) and
 * accumulators. `openAttempt` gives one attempt its view: fresh captures, and accumulator amounts of its own.
 */
import { FiresteelError } from "../base/errors.ts";
import type { AccumulatorId, BroadcastId } from "../base/ids.ts";
import type { Handle } from "../closure/contracts.ts";
import { ClosureLoader } from "../closure/instantiate.ts";
import { mapStack, userPosition } from "../closure/stack.ts";
import { decodeValue, encodeValue } from "../data/value-codec.ts";
import { builtinFunction } from "../operators/builtin-functions.ts";
import type { PlanFunction } from "../plan/nodes.ts";
import type { AccumulatorUpdate, Definition, Released, Settings } from "./messages.ts";

type UserFunction = (...args: unknown[]) => unknown;
type Accumulator = Extract<Definition, { kind: "accumulator" }>;

export interface AttemptView {
  instantiate(fn: PlanFunction): UserFunction;
  updates(): AccumulatorUpdate[];
}

export class Definitions {
  private readonly loader = new ClosureLoader();
  private readonly loading: Promise<void>[] = [];
  private unloadable: FiresteelError | undefined;
  private readonly broadcasts = new Map<
    BroadcastId,
    { readonly bytes: Uint8Array; value?: unknown; decoded: boolean }
  >();
  private readonly accumulators = new Map<AccumulatorId, Accumulator>();

  constructor(readonly settings: Settings) {}

  define(definition: Definition): void {
    switch (definition.kind) {
      case "bundle":
        // not awaited here: a task that needs the bundle tells what is wrong with it
        this.loading.push(
          this.loader.load(definition.bundle).catch(thrown => void (this.unloadable ??= unloadable(thrown))),
        );
        break;
      case "broadcast":
        this.broadcasts.set(definition.id, { bytes: definition.bytes, decoded: false });
        break;
      case "accumulator":
        this.accumulators.set(definition.id, definition);
        break;
      case "file":
        // its executor has put it where it belongs
        break;
    }
  }

  release(what: Released): void {
    if (what.kind === "broadcast") this.broadcasts.delete(what.id);
    if (what.kind === "accumulator") this.accumulators.delete(what.id);
    if (what.kind === "broadcastCopies") {
      const entry = this.broadcasts.get(what.id);
      if (entry !== undefined) this.broadcasts.set(what.id, { bytes: entry.bytes, decoded: false });
    }
  }

  /** Resolves when every bundle defined so far is loaded. */
  async ready(): Promise<void> {
    while (this.loading.length > 0) await this.loading.shift();
    if (this.unloadable !== undefined) throw this.unloadable;
  }

  openAttempt(): AttemptView {
    const functions = new Map<PlanFunction, UserFunction>();
    const amounts = new Map<AccumulatorId, TaskAccumulator>();
    const instantiate = (fn: PlanFunction): UserFunction => {
      let made = functions.get(fn);
      if (made === undefined) {
        made = builtinFunction(fn) ?? (this.loader.instantiate(fn, resolve) as UserFunction);
        functions.set(fn, made);
      }
      return made;
    };
    const resolve = (handle: Handle): unknown => {
      if (handle.handle === "broadcast") return this.broadcast(handle.id as BroadcastId);
      const id = handle.id as AccumulatorId;
      let amount = amounts.get(id);
      if (amount === undefined) {
        const definition = this.accumulators.get(id);
        if (definition === undefined) throw new FiresteelError("internal", `accumulator ${id} is not known here`);
        amount = new TaskAccumulator(decodeValue(definition.zero), instantiate(definition.merge));
        amounts.set(id, amount);
      }
      return amount;
    };
    return {
      instantiate,
      updates: () =>
        [...amounts]
          .filter(([, amount]) => amount.touched)
          .map(([id, amount]) => ({ id, amount: encodeValue(amount.amount) })),
    };
  }

  private broadcast(id: BroadcastId): { readonly value: unknown } {
    const find = () => {
      const entry = this.broadcasts.get(id);
      if (entry === undefined) {
        throw new FiresteelError("user", `broadcast ${id} was destroyed`, {
          hint: "destroy a broadcast only after the last job that uses it",
          isPermanent: true,
        });
      }
      return entry;
    };
    return {
      get value() {
        const entry = find();
        if (!entry.decoded) {
          entry.value = decodeValue(entry.bytes);
          entry.decoded = true;
        }
        return entry.value;
      },
    };
  }
}

/** A module of the user's threw when this thread ran it. */
function unloadable(thrown: unknown): FiresteelError {
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const error = new FiresteelError("user", `a module of the job threw when a task thread loaded it: ${what}`, {
    hint: "modules run once in every thread: leave to the job's default export what is for the driver alone",
    at: userPosition(stack),
  });
  error.stack = mapStack(stack);
  return error;
}

/** What `.add` reaches inside a task: an amount of the attempt's own, sent with its success. */
class TaskAccumulator {
  touched = false;
  constructor(
    public amount: unknown,
    private readonly merge: UserFunction,
  ) {}

  add(amount: unknown): void {
    this.touched = true;
    this.amount = this.merge(this.amount, amount);
  }

  get value(): never {
    throw new FiresteelError("user", "accumulator.value cannot be read inside a task", {
      hint: "read it on the driver, after the action",
      isPermanent: true,
    });
  }
}
