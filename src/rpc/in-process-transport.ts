/**
 * Environments within one process that talk as over a network: frames are copied and arrive in a later turn of the event loop, in
 * order. Nothing is lost unless someone closes.
 */
import { systemClock, type Clock } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import { UsageError } from "../base/usage-error.ts";
import type {
  Accept,
  ConnectionListener,
  Connection,
  Peer,
  RpcAddress,
  Transport,
  TransportSelf,
} from "./contracts.ts";
import { MemoryBulk, type BulkWay } from "./memory-bulk.ts";
import { connectEnds, type Carrier, type MemoryEnd } from "./memory-connection.ts";
import { addressKey, describePeer } from "./peers.ts";

export interface InProcessOptions {
  readonly host?: string;
  /** 0 or left out: any. */
  readonly port?: number;
  /** False: it only connects. */
  readonly listens?: boolean;
}

const firstPort = 40_000;

export class InProcessNetwork implements Carrier {
  readonly clock: Clock;
  private readonly transports = new Map<string, InProcessTransport>();
  private readonly ends = new Set<MemoryEnd>();
  private nextPort = firstPort;
  private arrivals: (() => void)[] = [];

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  transport(options: InProcessOptions = {}): Transport {
    return new InProcessTransport(this, options);
  }

  // ---- for its transports

  listen(transport: InProcessTransport, host: string, port: number): RpcAddress {
    const address = { host, port: port === 0 ? this.nextPort++ : port };
    const key = addressKey(address);
    if (this.transports.has(key))
      throw new UsageError(`${key} is in use`, { hint: "choose another port, or 0 for any" });
    this.transports.set(key, transport);
    return address;
  }

  at(address: RpcAddress): InProcessTransport {
    const found = this.transports.get(addressKey(address));
    if (found === undefined)
      throw new FiresteelError("lost", `${addressKey(address)} cannot be reached: nobody listens there`);
    return found;
  }

  connect(dialer: InProcessTransport, acceptor: InProcessTransport): { dialed: MemoryEnd; accepted: MemoryEnd } {
    const both = connectEnds({ peer: dialer.self!, owner: dialer }, { peer: acceptor.self!, owner: acceptor }, this);
    this.ends.add(both.dialed).add(both.accepted);
    return both;
  }

  close(transport: InProcessTransport): void {
    for (const [key, each] of this.transports) if (each === transport) this.transports.delete(key);
    for (const end of [...this.ends]) if (end.owner === transport) end.close("it has shut down");
  }

  carry(_: MemoryEnd | undefined, __: MemoryEnd | undefined, arrive: () => void): void {
    this.arrivals.push(arrive);
    if (this.arrivals.length === 1) {
      setImmediate(() => {
        const arrivals = this.arrivals;
        this.arrivals = [];
        for (const each of arrivals) each();
      });
    }
  }

  closed(end: MemoryEnd): void {
    this.ends.delete(end);
  }
}

class InProcessTransport implements Transport {
  readonly bulk: MemoryBulk;
  self: Peer | undefined;
  private readonly network: InProcessNetwork;
  private readonly options: InProcessOptions;
  private readonly cuts = new Set<(reason: FiresteelError) => void>();
  private accept: Accept | undefined;
  private closed = false;

  constructor(network: InProcessNetwork, options: InProcessOptions) {
    this.network = network;
    this.options = options;
    this.bulk = new MemoryBulk(
      network.clock,
      () => this.self,
      address => this.bulkWay(network.at(address)),
    );
  }

  async start(self: TransportSelf, accept: Accept): Promise<RpcAddress | undefined> {
    const host = this.options.host ?? "in-process";
    const address =
      this.options.listens === false ? undefined : this.network.listen(this, host, this.options.port ?? 0);
    this.self = { id: self.id, address, description: describePeer(self.role, address, host) };
    this.accept = accept;
    return address;
  }

  connect(
    address: RpcAddress,
    listener: (connection: Connection) => ConnectionListener,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.network.carry(undefined, undefined, () => {
        try {
          const acceptor = this.network.at(address);
          if (signal.aborted || this.closed) throw new FiresteelError("lost", "the connection was given up");
          const { dialed, accepted } = this.network.connect(this, acceptor);
          accepted.listener = acceptor.accept!(accepted);
          dialed.listener = listener(dialed);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.network.close(this);
    const reason = new FiresteelError("lost", `${this.self?.description ?? "it"} has shut down`);
    for (const cut of [...this.cuts]) cut(reason);
    // what was said last is still carried
    await new Promise<void>(resolve => this.network.carry(undefined, undefined, resolve));
  }

  private bulkWay(target: InProcessTransport): BulkWay {
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
      carry: (_, arrive) => this.network.carry(undefined, undefined, () => ended || arrive()),
      onCut: then => void heard.push(then),
      end,
    };
  }
}
