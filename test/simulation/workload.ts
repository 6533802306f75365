/** Random jobs over numbers, with the answers that plain arithmetic gives. */
import type { ExchangeId, JobId, RddId } from "../../src/base/ids.ts";
import type { Random } from "../../src/base/random.ts";
import type { SubmittedJob } from "../../src/exec/messages.ts";
import type { Action } from "../../src/plan/action.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { partitionCount } from "../../src/plan/partition-count.ts";
import { cutStages } from "../../src/planner/stages.ts";
import { originOf, salted } from "./fake-place.ts";

export interface SimulatedJob {
  readonly submitted: SubmittedJob;
  readonly what: string;
  readonly partitions: number;
  /** Checks all partitions' values; says what is wrong. */
  readonly verdict: (values: readonly unknown[]) => string | undefined;
}

/** Makes jobs whose exchanges later jobs may share. */
export class Workload {
  private rdds = 0;
  private exchanges = 0;
  private jobs = 0;
  private readonly plans: { readonly plan: Plan; readonly rows: readonly number[] }[] = [];

  constructor(private readonly random: Random) {}

  next(): SimulatedJob {
    const { random } = this;
    if (random.below(5) === 0) return this.saltedJob();
    const known = this.plans[random.below(this.plans.length + 1)];
    const { plan: unmet, rows } = known ?? this.newPlan();
    // every fourth job ends in a stage whose tasks meet, and needs as many cores as it has tasks; partitions of a union are no task's own
    const plan = this.jobs % 4 === 3 && unmet.op !== "union" ? this.barrier(unmet) : unmet;
    const partitions = partitionCount(plan);
    const kind = (["count", "sum", "saveText"] as const)[random.below(3)]!;
    const id = this.jobs++ as JobId;
    const path = `/out/${id}`;
    const action: Action = kind === "saveText" ? { kind, output: { path } } : { kind };
    const stages = cutStages(plan, action, { operator: kind, at: undefined });
    const wanted = Array.from({ length: partitions }, (_, i) => i);
    const expected = kind === "count" ? rows.length : rows.reduce((sum, row) => sum + row, 0);
    return {
      submitted: { id, stages, partitions: wanted, pool: "default", group: undefined, properties: {} },
      what: `${kind} of ${rows.length} rows in ${stages.length} stages, ${partitions} partitions`,
      partitions,
      verdict(values) {
        if (kind === "saveText") return undefined;
        const total = (values as readonly number[]).reduce((sum, value) => sum + value, 0);
        return total === expected ? undefined : `${kind} is ${total}, not ${expected}`;
      },
    };
  }

  /** Its map tasks give other rows each time: all that reads them has to see those of one and the same attempt. */
  private saltedJob(): SimulatedJob {
    const { random } = this;
    const [maps, reducers] = [2 + random.below(5), 2 + random.below(4)];
    const range = { ...this.node(salted), op: "range" as const, start: 0, step: reducers, rows: 0, partitions: maps };
    const plan = this.distinct(range, reducers);
    const id = this.jobs++ as JobId;
    const stages = cutStages(plan, { kind: "collect", limit: undefined }, { operator: "collect", at: undefined });
    return {
      submitted: {
        ...{ id, stages, partitions: Array.from({ length: reducers }, (_, i) => i) },
        ...{ pool: "default", group: undefined, properties: {} },
      },
      what: `collect of salted rows, ${maps} maps to ${reducers}`,
      partitions: reducers,
      verdict(values) {
        const salts = new Map<number, number>();
        for (const row of (values as readonly number[][]).flat()) {
          const { partition, salt } = originOf(row, reducers);
          if ((salts.get(partition) ?? salt) !== salt) return `rows of two attempts of map ${partition} are mixed`;
          salts.set(partition, salt);
        }
        return salts.size === maps ? undefined : `rows of ${salts.size} maps came, not of ${maps}`;
      },
    };
  }

  private barrier(parent: Plan): Plan {
    const fn = { id: "", bundle: "", captures: new Uint8Array(), text: "", at: undefined };
    const node = { ...this.node("barrier"), op: "barrier", fn, withIndex: false } as const;
    return { ...node, parent };
  }

  private distinct(parent: Plan, partitions: number): Plan {
    const exchange = this.exchanges++ as ExchangeId;
    const partitioner = { kind: "hash", partitions } as const;
    return {
      ...this.node("distinct"),
      op: "distinct",
      parent: {
        ...this.node("distinct"),
        op: "exchange",
        exchange,
        parent,
        partitioner,
        rows: "keys",
        mapSide: undefined,
      },
    };
  }

  private newPlan(): { readonly plan: Plan; readonly rows: readonly number[] } {
    const { random } = this;
    let rows = Array.from({ length: random.below(60) }, (_, i) => i * 3);
    let plan = this.range(rows.length, 3);
    if (random.below(3) === 0) {
      const others = Array.from({ length: random.below(40) }, (_, i) => i * 2);
      plan = { ...this.node("union"), op: "union", parents: [plan, this.range(others.length, 2)] };
      rows = [...rows, ...others];
    }
    for (let depth = random.below(4); depth > 0; depth--) {
      plan = this.distinct(plan, 1 + random.below(6));
      rows = [...new Set(rows)];
    }
    const made = { plan, rows };
    this.plans.push(made);
    return made;
  }

  private range(rows: number, step: number): Plan {
    return { ...this.node("range"), op: "range", start: 0, step, rows, partitions: 1 + this.random.below(8) };
  }

  private node(operator: string): { id: RddId; operator: string; at: undefined } {
    return { id: this.rdds++ as RddId, operator, at: undefined };
  }
}
