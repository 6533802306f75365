/**
 * A master in a process: messages and time become events of its machine, actions become writes to its store, answers and messages.
 *
 * Promises: what an answer says is in the store before it is sent; messages follow the answer that they belong to. When the store fails
 * nothing more is answered, `onFailed` is called once, and the process is to end: it recovers at its next start.
 */
import { every, type Timer } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import type { Peer, RpcAddress, RpcEndpoint, RpcEndpointRef, RpcEnv } from "../rpc/contracts.ts";
import type { MasterStore } from "./contracts.ts";
import { EventQueue } from "./event-queue.ts";
import {
  masterLimits,
  type LogLevel,
  type MasterAction,
  type MasterEvent,
  type MasterLimits,
  type MasterQuestion,
} from "./master-contracts.ts";
import { MasterMachine } from "./master-machine.ts";
import { MemoryMasterStore } from "./memory-store.ts";
import {
  applicationEndpoint,
  masterEndpoint,
  workerEndpoint,
  type ApplicationProtocol,
  type MasterProtocol,
  type MasterSnapshot,
  type WorkerProtocol,
} from "./messages.ts";

export interface MasterEndpointOptions {
  /** Listens: its address is the master's. */
  readonly env: RpcEnv;
  /** Default: in memory, which forgets all with the process. Closed by `stop`. */
  readonly store?: MasterStore;
  readonly webUiUrl: string;
  readonly limits?: Partial<MasterLimits>;
  /** One line each. */
  readonly log?: (level: LogLevel, text: string) => void;
  readonly onFailed?: (error: FiresteelError) => void;
}

type Event = MasterEvent extends infer E ? (E extends MasterEvent ? Omit<E, "atMs"> : never) : never;

export class MasterEndpoint implements RpcEndpoint<MasterProtocol> {
  private readonly env: RpcEnv;
  private readonly store: MasterStore;
  private readonly machine: MasterMachine;
  private readonly queue = new EventQueue<{ readonly event: Event; readonly reply?: Reply }>(each => this.step(each));
  private readonly peers = new Map<string, Peer>();
  /** To be said after the answer that is about to be given. */
  private outgoing: MasterAction[] = [];
  private flushing: Timer | undefined;
  private readonly ticking: Timer;
  private failed: FiresteelError | undefined;
  private stopped: Promise<void> | undefined;

  /** Registers the endpoint at the environment. Throws when the store cannot be read. */
  static start(options: MasterEndpointOptions): MasterEndpoint {
    const endpoint = new MasterEndpoint(options);
    endpoint.ref = options.env.register<MasterProtocol>(masterEndpoint, endpoint);
    return endpoint;
  }

  /** For others in this process. */
  ref!: RpcEndpointRef<MasterProtocol>;

  private constructor(private readonly options: MasterEndpointOptions) {
    const { env, webUiUrl } = options;
    const { address } = env;
    if (address === undefined) throw new FiresteelError("internal", "a master must listen");
    this.env = env;
    this.store = options.store ?? new MemoryMasterStore();
    const limits = { ...masterLimits, ...options.limits };
    const url = `firesteel://${address.host}:${address.port}`;
    const about = { masterId: env.id, url, webUiUrl, clusterId: this.store.clusterId, limits };
    this.machine = new MasterMachine({ ...about, startedMs: env.clock.nowMs() }, this.store.load());
    this.ticking = every(env.clock, limits.tickMs, () => this.queue.push({ event: { type: "ticked" } }));
  }

  /** What it knows now. */
  snapshot(): MasterSnapshot {
    return this.machine.snapshot();
  }

  /** Workers and applications see it go, and wait for another or for its return. */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  receive(message: MasterProtocol["sends"], from: Peer): void {
    this.peers.set(from.id, from);
    this.queue.push({ event: { type: "told", from, message } });
  }

  receiveAndReply(question: MasterQuestion, from: Peer): unknown {
    this.peers.set(from.id, from);
    const reply: Reply = { given: undefined };
    this.queue.push({ event: { type: "asked", from, question }, reply });
    if (this.failed !== undefined) throw this.failed;
    if (this.stopped !== undefined) throw new FiresteelError("lost", "the master is stopping");
    if (reply.given === undefined) throw new FiresteelError("internal", `the master did not answer ${question.type}`);
    return reply.given();
  }

  onDisconnected(peer: Peer, reason: FiresteelError): void {
    this.queue.push({ event: { type: "peerLost", peerId: peer.id, reason: reason.message } });
    this.peers.delete(peer.id);
  }

  onError(error: unknown): void {
    this.log("warn", `a message could not be handled: ${error instanceof Error ? error.message : String(error)}`);
  }

  private step({ event, reply }: { readonly event: Event; readonly reply?: Reply }): void {
    if (this.failed !== undefined || this.stopped !== undefined) return;
    for (const action of this.machine.step({ ...event, atMs: this.env.clock.nowMs() })) {
      if (!this.carryOut(action, reply)) return;
    }
    if (this.outgoing.length === 0) return;
    if (reply === undefined && this.flushing === undefined) this.flush();
    else this.flushing ??= this.env.clock.after(0, () => this.flush());
  }

  /** False when the master has failed. */
  private carryOut(action: MasterAction, reply: Reply | undefined): boolean {
    switch (action.type) {
      case "putWorker":
        return this.write(() => this.store.putWorker(action.worker));
      case "removeWorker":
        return this.write(() => this.store.removeWorker(action.workerId));
      case "putApplication":
        return this.write(() => this.store.putApplication(action.application));
      case "removeApplication":
        return this.write(() => this.store.removeApplication(action.appId));
      case "putDriver":
        return this.write(() => this.store.putDriver(action.driver));
      case "removeDriver":
        return this.write(() => this.store.removeDriver(action.driverId));
      case "answer":
        if (reply !== undefined) reply.given = () => action.answer;
        return true;
      case "refuse":
        if (reply !== undefined) {
          reply.given = () => {
            throw new FiresteelError("user", action.message, action.details);
          };
        }
        return true;
      case "log":
        this.log(action.level, action.text);
        return true;
      default:
        this.outgoing.push(action);
        return true;
    }
  }

  private write(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.failed = new FiresteelError("resource", `the master cannot write its state: ${why}`, { cause });
      this.ticking.cancel();
      this.log("warn", this.failed.message);
      this.options.onFailed?.(this.failed);
      return false;
    }
  }

  private flush(): void {
    this.flushing?.cancel();
    this.flushing = undefined;
    const outgoing = this.outgoing;
    this.outgoing = [];
    for (const action of outgoing) {
      if (action.type !== "tellWorker" && action.type !== "tellApplication") continue;
      const peer = this.peers.get(action.peerId);
      if (peer === undefined) continue;
      if (action.type === "tellWorker") this.env.refAt<WorkerProtocol>(peer, workerEndpoint).send(action.message);
      else this.env.refAt<ApplicationProtocol>(peer, applicationEndpoint).send(action.message);
    }
  }

  private log(level: LogLevel, text: string): void {
    this.options.log?.(level, text);
  }

  private async end(): Promise<void> {
    this.ticking.cancel();
    this.flush();
    await this.env.unregister(masterEndpoint);
    this.store.close();
  }
}

interface Reply {
  given: (() => unknown) | undefined;
}
