/**
 * The simulated executors: tasks that read their parents' outputs from the disks of others, run for a while, and write an
 * output of their own; crashes that take disks away. Rows are modelled as one number per partition, made from the numbers
 * of what was read, so that a wrong or mixed input shows in every result built on it.
 */
import type { ErrorKind, WireError } from "../../src/base/errors.ts";
import type { ExchangeId, ExecutorId, TaskAttemptId } from "../../src/base/ids.ts";
import type { Random } from "../../src/base/random.ts";
import type { StageGraph, TaskAction, TaskEvent } from "../../src/schedule/contracts.ts";
import { type Clock, Link } from "./clock.ts";
import type { Profile, Workload } from "./workload.ts";

export interface Location {
  readonly executor: ExecutorId;
  readonly producer: TaskAttemptId;
}

export interface Read extends Location {
  readonly exchange: ExchangeId;
  readonly mapPartition: number;
}

/** What an attempt that succeeded had read and made. */
export interface Product {
  readonly rows: number;
  readonly reads: readonly Read[];
}

export type Launch = Extract<TaskAction, { type: "launchTask" }>;
type Order = { readonly launch: Launch } | { readonly kill: TaskAttemptId };

interface Node {
  readonly id: ExecutorId;
  isAlive: boolean;
  readonly running: Set<TaskAttemptId>;
  readonly disk: Set<TaskAttemptId>;
  readonly orders: Link<Order>;
}

export interface Surroundings {
  readonly graphOf: (launch: Launch) => { readonly graph: StageGraph; readonly owner: string };
  readonly locate: (exchange: ExchangeId, mapPartition: number) => Location | undefined;
  readonly report: (event: TaskEvent) => void;
}

export class Cluster {
  readonly products = new Map<TaskAttemptId, Product>();
  readonly injected = new Set<string>();
  readonly faults = { failures: 0, fetchFailures: 0, crashes: 0, deletedFiles: 0, duplicates: 0, ignoredKills: 0 };
  private readonly nodes = new Map<ExecutorId, Node>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly profile: Profile,
    private readonly workload: Workload,
    private readonly around: Surroundings,
  ) {}

  start(id: ExecutorId): void {
    const earlier = this.nodes.get(id);
    const node: Node = {
      id,
      isAlive: true,
      running: new Set(),
      disk: this.profile.outputsOutside && earlier !== undefined ? earlier.disk : new Set(),
      orders: new Link<Order>(
        this.clock,
        () => this.random.below(this.profile.networkDelayMax + 1),
        order => this.obey(node, order),
      ),
    };
    this.nodes.set(id, node);
  }

  crash(id: ExecutorId): void {
    const node = this.nodes.get(id)!;
    this.faults.crashes++;
    node.isAlive = false;
    node.running.clear();
    if (!this.profile.outputsOutside) node.disk.clear();
  }

  isAlive(id: ExecutorId): boolean {
    return this.nodes.get(id)?.isAlive === true;
  }

  alive(): ExecutorId[] {
    return [...this.nodes.values()].filter(node => node.isAlive).map(node => node.id);
  }

  deleteFile(): void {
    const files = [...this.nodes.values()].flatMap(node => [...node.disk].map(file => ({ node, file })));
    const victim = files[this.random.below(files.length)];
    if (victim === undefined) return;
    victim.node.disk.delete(victim.file);
    this.faults.deletedFiles++;
  }

  order(executor: ExecutorId, order: Order): void {
    this.nodes.get(executor)!.orders.send(order);
  }

  private obey(node: Node, order: Order): void {
    if (!node.isAlive) return;
    if ("launch" in order) return this.run(node, order.launch);
    if (!node.running.has(order.kill)) return;
    if (this.random.float() < 0.3) {
      this.faults.ignoredKills++;
      return;
    }
    node.running.delete(order.kill);
    this.report({ type: "attemptFailed", attempt: order.kill, error: errorOf("cancelled", "killed") });
  }

  private run(node: Node, launch: Launch): void {
    const { attempt } = launch;
    node.running.add(attempt);
    const { graph, owner } = this.around.graphOf(launch);
    const reads = this.findInputs(graph);
    const isStraggler = this.random.float() < 0.1;
    const duration = (1 + this.random.below(this.profile.durationMax)) * (isStraggler ? 8 : 1);
    this.clock.at(this.clock.now + duration, () => {
      if (!node.isAlive || !node.running.delete(attempt)) return;
      const missing = Array.isArray(reads) ? this.firstUnreadable(reads) : reads;
      if (missing !== undefined || !Array.isArray(reads)) {
        this.faults.fetchFailures++;
        const error = { ...errorOf("fetchFailed", "an output is gone"), output: missing! };
        return this.report({ type: "attemptFailed", attempt, error });
      }
      if (this.random.float() < this.profile.failureShare) {
        return this.report({ type: "attemptFailed", attempt, error: this.injectedError() });
      }
      const isChancy = graph.exchange !== undefined && this.workload.nondeterministic.has(graph.exchange);
      const own = (mix(hashText(owner), launch.task.partition) ^ (isChancy ? this.random.uint32() : 0)) >>> 0;
      const rows = reads.reduce((sum, read) => mix(sum, this.products.get(read.producer)!.rows), own);
      this.products.set(attempt, { rows, reads });
      if (graph.exchange !== undefined) node.disk.add(attempt);
      this.report({ type: "attemptSucceeded", attempt });
    });
  }

  /** Where the inputs are as the task starts, or the first that is nowhere. */
  private findInputs(graph: StageGraph): Read[] | { readonly exchange: ExchangeId; readonly mapPartition: number } {
    const reads: Read[] = [];
    for (const exchange of graph.parents) {
      for (const mapPartition of this.workload.exchanges.get(exchange)!.partitions) {
        const location = this.around.locate(exchange, mapPartition);
        if (location === undefined) return { exchange, mapPartition };
        reads.push({ exchange, mapPartition, ...location });
      }
    }
    return reads;
  }

  private firstUnreadable(reads: readonly Read[]) {
    for (const { exchange, mapPartition, executor, producer } of reads) {
      // the driver holds what probes found
      if (this.workload.exchanges.get(exchange)!.kind === "probe") continue;
      const node = this.nodes.get(executor);
      if (node?.disk.has(producer) !== true) return { exchange, mapPartition, executor };
    }
    return undefined;
  }

  private injectedError(): WireError {
    const isHopeless = this.random.float() < 0.05;
    const kinds: readonly ErrorKind[] = isHopeless ? ["internal", "cancelled"] : ["user", "data", "resource", "lost"];
    const message = `injected ${this.faults.failures++}`;
    this.injected.add(message);
    const error = errorOf(kinds[this.random.below(kinds.length)]!, message);
    return this.random.float() < 0.05 ? { ...error, isPermanent: true } : error;
  }

  /** Reports overtake each other and come twice. */
  private report(event: TaskEvent): void {
    const isTwice = this.random.float() < this.profile.duplicateShare;
    for (let copies = isTwice ? 2 : 1; copies > 0; copies--) {
      const delay = this.random.below(this.profile.networkDelayMax + 1);
      this.clock.at(this.clock.now + delay, () => this.around.report(event));
    }
    if (isTwice) this.faults.duplicates++;
  }
}

export function errorOf(kind: ErrorKind, message: string): WireError {
  return { kind, name: "FiresteelError", message };
}

/** The rows of a task that read nothing chancy. */
export function mix(a: number, b: number): number {
  const mixed = Math.imul(a ^ (b + 0x9e3779b9 + (a << 6) + (a >>> 2)), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

export function hashText(text: string): number {
  let hash = 7;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return hash;
}
