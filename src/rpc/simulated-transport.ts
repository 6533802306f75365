/**
 * A network that runs on a simulated clock and goes wrong as a seed says: frames are delayed, connections break, frames come twice;
 * scripts part hosts, crash, freeze and thaw processes. The same seed and script give the same course.
 *
 * As TCP does, a partition holds frames back until it heals or someone gives the connection up: only silence tells. A frame that
 * comes twice ends its connection, as the numbers of signed frames do on HTTP/2.
 */
import type { Clock } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { UsageError } from "../base/usage-error.ts";
import type {
  Accept,
  Connection,
  ConnectionListener,
  Peer,
  RpcAddress,
  Transport,
  TransportSelf,
} from "./contracts.ts";
import { MemoryBulk, type BulkWay } from "./memory-bulk.ts";
import { connectEnds, type Carrier, type MemoryEnd } from "./memory-connection.ts";
import { addressKey, describePeer } from "./peers.ts";
import { ProcessClock } from "./simulated-clock.ts";
import { Lane, type LaneEnd, type LaneNetwork } from "./simulated-lane.ts";

export interface SimulatedNetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Of each frame, uniformly; default 0.1 to 2 ms. */
  readonly delayMinMs?: number;
  readonly delayMaxMs?: number;
  /** The chance of each frame to break its connection; default 0. */
  readonly lossPerFrame?: number;
  /** The chance of each frame to come twice; default 0. */
  readonly duplicatesPerFrame?: number;
  /** Gets a line per event of the network, for transcripts. */
  readonly trace?: (line: string) => void;
}

export interface SimulatedTransportOptions {
  readonly port?: number;
  readonly listens?: boolean;
}

/** What scripts name a process by. */
export interface SimulatedProcess {
  readonly id: string;
  readonly clock: Clock;
}

const firstPort = 7_000;

export class SimulatedNetwork implements Carrier, LaneNetwork {
  readonly clock: Clock;
  private readonly options: SimulatedNetworkOptions;
  private readonly random: Random;
  private readonly byAddress = new Map<string, SimulatedTransport>();
  private readonly byProcess = new Map<string, SimulatedTransport>();
  private readonly lanes = new Map<MemoryEnd, Lane>();
  private readonly waiting = new Set<Lane>();
  private readonly parted = new Set<string>();
  private nextPort = firstPort;
  /** What went wrong so far, so that a test can prove that it did. */
  readonly counts = { frames: 0, losses: 0, duplicates: 0, held: 0 };

  constructor(options: SimulatedNetworkOptions) {
    this.options = options;
    this.clock = options.clock;
    this.random = options.random;
  }

  /** Of one process on `host`. Give its environment a `clock.process()`, so that a crash stops its timers too. */
  transport(host: string, options: SimulatedTransportOptions = {}): Transport {
    return new SimulatedTransport(this, host, options);
  }

  // ---- what scripts do

  /** From now on nothing passes between the two hosts. */
  partition(a: string, b: string): void {
    this.parted.add(pairKey(a, b));
    this.trace(`${a} and ${b} are parted`);
  }

  /** Ends the partition of two hosts; without hosts, all. What was held back arrives. */
  heal(a?: string, b?: string): void {
    if (a === undefined || b === undefined) this.parted.clear();
    else this.parted.delete(pairKey(a, b));
    this.trace(a === undefined || b === undefined ? "all partitions heal" : `${a} and ${b} meet again`);
    this.release();
  }

  /** The process is no more. Its peers' connections break, unless `silent` (its machine went with it): then only silence tells. */
  crash(process: SimulatedProcess, silent = false): void {
    const transport = this.byProcess.get(process.id);
    if (transport === undefined) return;
    this.trace(`${transport.self!.description} crashes${silent ? " silently" : ""}`);
    if (process.clock instanceof ProcessClock) process.clock.stop();
    this.forget(transport);
    transport.state = "dead";
    for (const end of [...this.lanes.keys()]) {
      if (end.owner !== transport) continue;
      const other = end.other!;
      end.vanish();
      if (!silent)
        this.lane(end, other).carry(() => other.end(`${other.peer.description} is lost: the connection was reset`));
    }
    const lost = new FiresteelError("lost", `${transport.self!.description} is lost: the connection was reset`);
    for (const cut of [...transport.cuts]) if (!silent) cut(lost);
    transport.cuts.clear();
  }

  /** As SIGSTOP does: nothing runs there, and what is sent to it waits. */
  freeze(process: SimulatedProcess): void {
    const transport = this.byProcess.get(process.id);
    if (transport?.state !== "running") return;
    this.trace(`${transport.self!.description} freezes`);
    transport.state = "frozen";
    if (process.clock instanceof ProcessClock) process.clock.freeze();
  }

  thaw(process: SimulatedProcess): void {
    const transport = this.byProcess.get(process.id);
    if (transport?.state !== "frozen") return;
    this.trace(`${transport.self!.description} thaws`);
    transport.state = "running";
    if (process.clock instanceof ProcessClock) process.clock.thaw();
    this.release();
  }

  /** Breaks all connections between two processes, so that both hear of it. */
  breakConnections(a: SimulatedProcess, b: SimulatedProcess): number {
    const [one, two] = [this.byProcess.get(a.id), this.byProcess.get(b.id)];
    let broken = 0;
    for (const end of [...this.lanes.keys()]) {
      if (end.owner !== one || end.other!.owner !== two) continue;
      this.break(end, end.other!);
      broken++;
    }
    return broken;
  }

  // ---- for its transports

  listen(transport: SimulatedTransport, host: string, port: number): RpcAddress {
    const address = { host, port: port === 0 ? this.nextPort++ : port };
    const key = addressKey(address);
    if (this.byAddress.has(key))
      throw new UsageError(`${key} is in use`, { hint: "choose another port, or 0 for any" });
    this.byAddress.set(key, transport);
    return address;
  }

  started(transport: SimulatedTransport): void {
    this.byProcess.set(transport.self!.id, transport);
  }

  at(address: RpcAddress): SimulatedTransport | undefined {
    return this.byAddress.get(addressKey(address));
  }

  /** The host of an address need not be there for frames to set out. */
  newLane(from: SimulatedTransport, toHost: string, to: () => SimulatedTransport | undefined): Lane {
    return new Lane(this, from, toHost, to);
  }

  forget(transport: SimulatedTransport): void {
    for (const [key, each] of this.byAddress) if (each === transport) this.byAddress.delete(key);
    if (this.byProcess.get(transport.self?.id ?? "") === transport) this.byProcess.delete(transport.self!.id);
  }

  closeEndsOf(transport: SimulatedTransport): void {
    for (const end of [...this.lanes.keys()]) if (end.owner === transport) end.close("it has shut down");
  }

  connectEnds(dialer: SimulatedTransport, acceptor: SimulatedTransport): { dialed: MemoryEnd; accepted: MemoryEnd } {
    const both = connectEnds({ peer: dialer.self!, owner: dialer }, { peer: acceptor.self!, owner: acceptor }, this);
    this.lane(both.dialed, both.accepted);
    this.lane(both.accepted, both.dialed);
    this.trace(`${dialer.self!.description} is connected to ${acceptor.self!.description}`);
    return both;
  }

  carry(from: MemoryEnd, to: MemoryEnd, arrive: () => void): void {
    const lane = this.lane(from, to);
    if (this.loses()) return this.break(from, to);
    lane.carry(arrive);
    if (this.happens(this.options.duplicatesPerFrame)) {
      this.counts.duplicates++;
      this.trace(`a frame to ${from.peer.description} comes twice`);
      lane.carry(arrive);
    }
  }

  /** An end that has closed still says so to the other. */
  closed(end: MemoryEnd): void {
    if (end.other!.closed) {
      this.lanes.delete(end);
      this.lanes.delete(end.other!);
    }
  }

  isParted(a: string, b: string): boolean {
    return a !== b && this.parted.has(pairKey(a, b));
  }

  delayMs(): number {
    const { delayMinMs = 0.1, delayMaxMs = 2 } = this.options;
    return delayMinMs + this.random.float() * (delayMaxMs - delayMinMs);
  }

  /** Whether the frame or chunk that sets out now breaks its connection. */
  loses(): boolean {
    this.counts.frames++;
    if (!this.happens(this.options.lossPerFrame)) return false;
    this.counts.losses++;
    return true;
  }

  hold(lane: Lane): void {
    this.counts.held++;
    this.waiting.add(lane);
  }

  trace(line: string): void {
    this.options.trace?.(line);
  }

  private break(from: MemoryEnd, to: MemoryEnd): void {
    this.trace(`the connection of ${from.peer.description} and ${to.peer.description} breaks`);
    for (const end of [from, to]) {
      this.lane(end.other!, end).cut();
      this.clock.after(this.delayMs(), () => end.end(`${end.peer.description} is lost: the connection broke`));
    }
  }

  private release(): void {
    const lanes = [...this.waiting];
    this.waiting.clear();
    for (const lane of lanes) lane.release();
  }

  private lane(from: MemoryEnd, to: MemoryEnd): Lane {
    let lane = this.lanes.get(from);
    if (lane === undefined) {
      const target = to.owner as SimulatedTransport;
      lane = new Lane(this, from.owner as SimulatedTransport, target.host, () => target);
      if (!from.closed || !to.closed) this.lanes.set(from, lane);
    }
    return lane;
  }

  private happens(chance = 0): boolean {
    return chance > 0 && this.random.float() < chance;
  }
}

class SimulatedTransport implements Transport, LaneEnd {
  readonly host: string;
  readonly bulk: MemoryBulk;
  readonly cuts = new Set<(reason: FiresteelError) => void>();
  self: Peer | undefined;
  state: "running" | "frozen" | "dead" = "running";
  private readonly network: SimulatedNetwork;
  private readonly options: SimulatedTransportOptions;
  private accept: Accept | undefined;

  constructor(network: SimulatedNetwork, host: string, options: SimulatedTransportOptions) {
    this.network = network;
    this.host = host;
    this.options = options;
    this.bulk = new MemoryBulk(
      network.clock,
      () => this.self,
      address => this.bulkWay(address),
    );
  }

  async start(self: TransportSelf, accept: Accept): Promise<RpcAddress | undefined> {
    const listens = this.options.listens !== false;
    const address = listens ? this.network.listen(this, this.host, this.options.port ?? 0) : undefined;
    this.self = { id: self.id, address, description: describePeer(self.role, address, this.host) };
    this.accept = accept;
    this.network.started(this);
    return address;
  }

  connect(
    address: RpcAddress,
    listener: (connection: Connection) => ConnectionListener,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      const there = this.network.newLane(this, address.host, () => this.network.at(address));
      const back = (then: () => void) => {
        const lane = this.network.newLane(this, address.host, () => this);
        lane.carry(() => void (signal.aborted || then()));
      };
      there.carry(() => {
        const acceptor = this.network.at(address);
        if (acceptor?.accept === undefined) return back(() => reject(nobodyAt(address)));
        back(() => {
          if (acceptor.state === "dead") return reject(nobodyAt(address));
          const { dialed, accepted } = this.network.connectEnds(this, acceptor);
          dialed.listener = listener(dialed);
          accepted.listener = acceptor.accept!(accepted);
          resolve();
        });
      });
    });
  }

  async close(): Promise<void> {
    if (this.state === "dead") return;
    this.network.closeEndsOf(this);
    this.network.forget(this);
    const reason = new FiresteelError("lost", `${this.self?.description ?? this.host} has shut down`);
    for (const cut of [...this.cuts]) cut(reason);
  }

  private bulkWay(address: RpcAddress): BulkWay {
    const target = this.network.at(address);
    if (target === undefined) throw nobodyAt(address);
    const there = this.network.newLane(this, address.host, () => target);
    const back = this.network.newLane(target, this.host, () => this);
    const heard: ((reason: FiresteelError) => void)[] = [];
    let ended = false;
    const end = () => {
      ended = true;
      for (const each of [this, target]) each.cuts.delete(cut);
    };
    const cut = (reason: FiresteelError) => {
      end();
      for (const each of heard.splice(0)) each(reason);
    };
    for (const each of [this, target]) each.cuts.add(cut);
    return {
      target: target.bulk.routes,
      carry: (direction, arrive) => {
        if (this.network.loses()) {
          const broke = `${addressKey(address)} is lost: the connection broke`;
          return void this.network.clock.after(
            this.network.delayMs(),
            () => ended || cut(new FiresteelError("lost", broke)),
          );
        }
        (direction === "there" ? there : back).carry(() => void (ended || arrive()));
      },
      onCut: then => void heard.push(then),
      end,
    };
  }
}

function nobodyAt(address: RpcAddress): FiresteelError {
  return new FiresteelError("lost", `${addressKey(address)} cannot be reached: nobody listens there`);
}

function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
