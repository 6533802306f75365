/**
 * One process's end of the conversation: endpoints by name, a link per connected peer, refs that find them. Heartbeats over each
 * quiet connection tell a stopped peer from a silent one; a peer not heard of for `networkTimeoutMs` is lost.
 *
 * When two processes connect to each other at once there are two connections; each sends over the one that it made, and loses the
 * peer with either. A peer that connects again has given its earlier connection up.
 */
import { randomUUID } from "node:crypto";
import { every, systemClock, type Clock, type Timer } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import { PendingAsk, seconds } from "./asks.ts";
import type {
  AskOptions,
  Bulk,
  Peer,
  Protocol,
  RpcAddress,
  RpcEndpoint,
  RpcEndpointRef,
  RpcEnv,
  Transport,
} from "./contracts.ts";
import { Dispatcher } from "./dispatcher.ts";
import { endpointVerifier, verifierEndpoint } from "./endpoint-verifier.ts";
import { LocalRoute, RemoteRoute, routeRef, type Route } from "./endpoint-ref.ts";
import { addressKey, describePeer } from "./peers.ts";
import { PeerLink, type LinkOwner } from "./peer-link.ts";

export interface RpcEnvOptions {
  /** For people: `master`, `worker-3`, `driver`, `executor-7`. */
  readonly role: string;
  readonly transport: Transport;
  readonly clock?: Clock;
  /** Deadline of an ask that names none; default 120 s. */
  readonly askTimeoutMs?: number;
  /** Longest time to make a connection; default 5 s. */
  readonly connectTimeoutMs?: number;
  /** A peer not heard of for this long is lost; default 120 s. */
  readonly networkTimeoutMs?: number;
  /** How long endpoints may take to stop when the environment does; default 5 s. */
  readonly stopTimeoutMs?: number;
  /** Of this life; default random. */
  readonly id?: string;
  /** Gets one line per problem that no caller hears of. Default: standard error. */
  readonly warn?: (message: string) => void;
}

const warningsOnceMax = 1_000;

export async function createRpcEnv(options: RpcEnvOptions): Promise<RpcEnv> {
  const env = new Env(options);
  await env.start();
  return env;
}

class Env implements RpcEnv, LinkOwner {
  readonly id: string;
  readonly clock: Clock;
  readonly bulk: Bulk;
  readonly dispatcher: Dispatcher;
  readonly warn: (message: string) => void;
  address: RpcAddress | undefined;
  private readonly transport: Transport;
  private readonly role: string;
  private readonly askTimeoutMs: number;
  private readonly connectTimeoutMs: number;
  private readonly networkTimeoutMs: number;
  private readonly stopTimeoutMs: number;
  private readonly linksByAddress = new Map<string, PeerLink>();
  private readonly linksByPeer = new Map<string, Set<PeerLink>>();
  private readonly dials = new Set<AbortController>();
  private readonly warned = new Set<string>();
  private heartbeats: Timer | undefined;
  private stopped: Promise<void> | undefined;
  private lastAsk = 0;

  constructor(options: RpcEnvOptions) {
    this.role = options.role;
    this.id = options.id ?? randomUUID();
    this.clock = options.clock ?? systemClock;
    this.transport = options.transport;
    this.bulk = options.transport.bulk;
    this.askTimeoutMs = options.askTimeoutMs ?? 120_000;
    this.connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
    this.networkTimeoutMs = options.networkTimeoutMs ?? 120_000;
    this.stopTimeoutMs = options.stopTimeoutMs ?? 5_000;
    this.warn = options.warn ?? (message => void process.stderr.write(`warning: ${message}\n`));
    this.dispatcher = new Dispatcher(this.warn);
    this.dispatcher.register(verifierEndpoint, endpointVerifier(this.dispatcher) as unknown as RpcEndpoint);
  }

  async start(): Promise<void> {
    const self = { id: this.id, role: this.role, warn: this.warn };
    this.address = await this.transport.start(self, connection => new PeerLink(this, false).open(connection));
    this.startHeartbeats();
  }

  get description(): string {
    return describePeer(this.role, this.address);
  }

  private get self(): Peer {
    return { id: this.id, address: this.address, description: this.description };
  }

  // ---- endpoints and refs

  register<P extends Protocol>(name: string, endpoint: RpcEndpoint<P>): RpcEndpointRef<P> {
    this.dispatcher.register(name, endpoint as unknown as RpcEndpoint);
    return this.refTo(name, this.localRoute());
  }

  unregister(name: string): Promise<void> {
    return this.dispatcher.unregister(name);
  }

  ref<P extends Protocol>(address: RpcAddress, name: string): RpcEndpointRef<P> {
    const key = addressKey(address);
    if (this.address !== undefined && addressKey(this.address) === key) return this.refTo(name, this.localRoute());
    return this.refTo(name, new RemoteRoute(key, () => this.linksByAddress.get(key) ?? this.dial(address, key)));
  }

  refAt<P extends Protocol>(peer: Peer, name: string): RpcEndpointRef<P> {
    if (peer.id === this.id) return this.refTo(name, this.localRoute());
    return this.refTo(name, new RemoteRoute(peer.description, () => this.linkTo(peer)));
  }

  private refTo<P extends Protocol>(name: string, route: Route): RpcEndpointRef<P> {
    const ask = (question: { type: string }, options: AskOptions = {}) => {
      const what = `${question.type} to ${name} at ${route.where}`;
      return new PendingAsk(what, this.clock, options.timeoutMs ?? this.askTimeoutMs, options);
    };
    return routeRef(name, route, ask, () => ++this.lastAsk);
  }

  private localRoute(): Route {
    return new LocalRoute(this.dispatcher, this.self, message => this.warnOnce(message));
  }

  // ---- links

  private linkTo(peer: Peer): PeerLink | undefined {
    let found: PeerLink | undefined;
    for (const link of this.linksByPeer.get(peer.id) ?? []) if (found === undefined || link.outgoing) found = link;
    return found;
  }

  private dial(address: RpcAddress, key: string): PeerLink | undefined {
    if (this.stopped !== undefined) return undefined;
    const link = new PeerLink(this, true);
    this.name(link, key);
    const dialing = new AbortController();
    this.dials.add(dialing);
    const late = this.clock.after(this.connectTimeoutMs, () => {
      dialing.abort(new FiresteelError("lost", `${key} did not answer within ${seconds(this.connectTimeoutMs)}`));
    });
    const failed = (error: unknown) => link.lose(asLost(error, key));
    // a transport that is slow to give up must not keep questions waiting
    dialing.signal.addEventListener("abort", () => failed(dialing.signal.reason), { once: true });
    void this.transport
      .connect(address, connection => link.open(connection), dialing.signal)
      .catch(failed)
      .finally(() => {
        late.cancel();
        this.dials.delete(dialing);
      });
    return link;
  }

  private name(link: PeerLink, key: string): void {
    link.keys.add(key);
    this.linksByAddress.set(key, link);
  }

  opened(link: PeerLink): void {
    const peer = link.peer!;
    const before = this.linksByPeer.get(peer.id);
    const superseded = [...(before ?? [])].find(each => each.outgoing === link.outgoing);
    // the peer's other names are worth more than its dead connection
    const keys = superseded === undefined || !link.outgoing ? [] : [...superseded.keys];
    superseded?.lose(new FiresteelError("lost", `${peer.description} connected anew`));
    const links = this.linksByPeer.get(peer.id);
    if (links === undefined) {
      this.linksByPeer.set(peer.id, new Set([link]));
      this.dispatcher.connected(peer);
    } else links.add(link);
    if (peer.address !== undefined) keys.push(addressKey(peer.address));
    for (const key of keys) if (!this.linksByAddress.has(key)) this.name(link, key);
  }

  lost(link: PeerLink, reason: FiresteelError): void {
    for (const key of link.keys) if (this.linksByAddress.get(key) === link) this.linksByAddress.delete(key);
    const peer = link.peer;
    const links = peer === undefined ? undefined : this.linksByPeer.get(peer.id);
    if (peer === undefined || links?.has(link) !== true) return;
    this.linksByPeer.delete(peer.id);
    links.delete(link);
    for (const other of links) other.lose(reason);
    this.dispatcher.disconnected(peer, reason);
  }

  disconnect(peer: Peer, reason: string): void {
    this.linkTo(peer)?.close(new FiresteelError("lost", `${peer.description} was disconnected: ${reason}`));
  }

  private startHeartbeats(): void {
    const periodMs = Math.max(1, Math.floor(this.networkTimeoutMs / 4));
    let lastMs = this.clock.nowMs();
    this.heartbeats = every(this.clock, periodMs, () => {
      const nowMs = this.clock.nowMs();
      // after a stop of our own, what peers sent meanwhile is still unread
      const stoodStill = nowMs - lastMs > 2 * periodMs;
      lastMs = nowMs;
      for (const links of [...this.linksByPeer.values()]) {
        for (const link of links) {
          if (stoodStill) link.lastHeardMs = nowMs;
          if (nowMs - link.lastHeardMs >= this.networkTimeoutMs) {
            const silence = `was not heard of for ${seconds(nowMs - link.lastHeardMs)}`;
            link.lose(new FiresteelError("lost", `${link.peer!.description} ${silence}`));
          } else link.heartbeat();
        }
      }
    });
  }

  // ---- the end

  shutdown(): Promise<void> {
    this.stopped ??= this.stop();
    return this.stopped;
  }

  private async stop(): Promise<void> {
    const reason = new FiresteelError("cancelled", `${this.description} has shut down`);
    await this.withinStopTimeout(this.dispatcher.close());
    this.heartbeats?.cancel();
    for (const dialing of this.dials) dialing.abort(reason);
    for (const link of [...this.linksByPeer.values()].flatMap(links => [...links])) link.close(reason);
    await this.transport.close();
  }

  private withinStopTimeout(stopping: Promise<void>): Promise<void> {
    return new Promise(resolve => {
      const timer = this.clock.after(this.stopTimeoutMs, resolve);
      void stopping.finally(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  warnOnce(message: string): void {
    if (this.warned.has(message) || this.warned.size >= warningsOnceMax) return;
    this.warned.add(message);
    this.warn(message);
  }
}

function asLost(error: unknown, where: string): FiresteelError {
  if (error instanceof FiresteelError) return error;
  const what = error instanceof Error ? error.message : String(error);
  return new FiresteelError("lost", `${where} cannot be reached: ${what}`, { cause: error });
}
