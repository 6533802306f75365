/**
 * The way of frames over a simulated network: delayed, in order, held back by partitions and frozen processes.
 */
import type { Clock } from "../base/clock.ts";

export interface LaneEnd {
  readonly host: string;
  readonly state: "running" | "frozen" | "dead";
}

export interface LaneNetwork {
  readonly clock: Clock;
  delayMs(): number;
  isParted(a: string, b: string): boolean;
  /** Calls `release` when things may have changed. */
  hold(lane: Lane): void;
}

/** One direction of one connection or stream: what sets out first arrives first. */
export class Lane {
  private readonly network: LaneNetwork;
  private readonly from: LaneEnd;
  private readonly toHost: string;
  private readonly to: () => LaneEnd | undefined;
  private lastMs = 0;
  private held: (() => void)[] = [];
  private isCut = false;

  constructor(network: LaneNetwork, from: LaneEnd, toHost: string, to: Lane["to"]) {
    this.network = network;
    this.from = from;
    this.toHost = toHost;
    this.to = to;
  }

  carry(arrive: () => void): void {
    const { clock } = this.network;
    this.lastMs = Math.max(this.lastMs, clock.nowMs() + this.network.delayMs());
    clock.after(this.lastMs - clock.nowMs(), () => this.arrived(arrive));
  }

  cut(): void {
    this.isCut = true;
    this.held = [];
  }

  release(): void {
    for (const each of this.held.splice(0)) this.carry(each);
  }

  private arrived(arrive: () => void): void {
    const state = this.to()?.state ?? "running";
    if (this.isCut || state === "dead") return;
    if (this.held.length === 0 && state === "running" && !this.network.isParted(this.from.host, this.toHost))
      return arrive();
    this.held.push(arrive);
    this.network.hold(this);
  }
}
