/**
 * A worker in a process: messages, time and what its launcher reports become events of its machine; actions become messages and
 * launches. `stop` ends all that runs there.
 */
import type { Timer } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import type { Peer, RpcAddress, RpcEndpoint, RpcEnv } from "../rpc/contracts.ts";
import type { Launched, Launcher, LaunchListener } from "./contracts.ts";
import { workerIdOf } from "./deploy-ids.ts";
import { EventQueue } from "./event-queue.ts";
import type { LogLevel } from "./master-contracts.ts";
import {
  masterEndpoint,
  workerEndpoint,
  type MasterProtocol,
  type MasterToWorker,
  type WorkerId,
  type WorkerProtocol,
  type WorkerSnapshot,
} from "./messages.ts";
import {
  workerLimits,
  type LaunchNumber,
  type WorkerAction,
  type WorkerEvent,
  type WorkerLimits,
} from "./worker-contracts.ts";
import { WorkerMachine } from "./worker-machine.ts";

export interface WorkerEndpointOptions {
  /** Listens: its address is the worker's. */
  readonly env: RpcEnv;
  readonly masters: readonly RpcAddress[];
  readonly launcher: Launcher;
  readonly cores: number;
  readonly memoryMb: number;
  readonly webUiUrl: string;
  /** Where applications reach what runs here; default: the host that it listens at. */
  readonly host?: string;
  /** Default: made of time, host and port. */
  readonly workerId?: WorkerId;
  readonly limits?: Partial<WorkerLimits>;
  /** Longest wait for one master's answer; default 5 s. */
  readonly registrationTimeoutMs?: number;
  /** Longest wait of `stop` for what runs; default 10 s. */
  readonly stopTimeoutMs?: number;
  /** Of the waiting times between tries; default: another one each time. */
  readonly seed?: number;
  /** One line each. */
  readonly log?: (level: LogLevel, text: string) => void;
  readonly onRegistered?: (master: RpcAddress) => void;
  /** No master takes it: the process is of no use. */
  readonly onGaveUp?: (error: FiresteelError) => void;
}

type Event = WorkerEvent extends infer E ? (E extends WorkerEvent ? Omit<E, "atMs"> : never) : never;
type Question = WorkerProtocol["asks"][keyof WorkerProtocol["asks"]]["question"];

/** Of one log tail: it goes in one frame. */
const tailBytesMax = 512 << 10;

export class WorkerEndpoint implements RpcEndpoint<WorkerProtocol> {
  /** A slow disk under a log must not hold up a launch. */
  readonly concurrent = true;
  readonly workerId: WorkerId;
  private readonly env: RpcEnv;
  private readonly machine: WorkerMachine;
  private readonly queue = new EventQueue<Event>(event => this.step(event));
  private readonly launched = new Map<LaunchNumber, Launched>();
  private readonly peers = new Map<string, Peer>();
  private readonly timers = new Set<Timer>();
  private readonly host: string;
  private stopped: Promise<void> | undefined;
  private allEnded: (() => void) | undefined;

  /** Registers the endpoint at the environment and begins to look for a master. */
  static start(options: WorkerEndpointOptions): WorkerEndpoint {
    const endpoint = new WorkerEndpoint(options);
    options.env.register<WorkerProtocol>(workerEndpoint, endpoint);
    return endpoint;
  }

  private constructor(private readonly options: WorkerEndpointOptions) {
    const { env, masters, cores, memoryMb, webUiUrl } = options;
    const { address } = env;
    if (address === undefined) throw new FiresteelError("internal", "a worker must listen");
    if (masters.length === 0) throw new FiresteelError("internal", "a worker needs a master");
    this.env = env;
    this.host = options.host ?? address.host;
    this.workerId = options.workerId ?? workerIdOf(env.clock.nowMs(), this.host, address.port);
    const limits = { ...workerLimits, ...options.limits };
    const about = { workerId: this.workerId, host: this.host, address, cores, memoryMb, webUiUrl, masters, limits };
    this.machine = new WorkerMachine(about, new Random(options.seed ?? Math.floor(Math.random() * 2 ** 32)));
  }

  snapshot(): WorkerSnapshot {
    return this.machine.snapshot();
  }

  /** Ends what runs here, tells the master, and resolves when nothing runs any more or `stopTimeoutMs` have passed. */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  onStart(): void {
    this.queue.push({ type: "started" });
  }

  receive(message: MasterToWorker, from: Peer): void {
    this.peers.set(from.id, from);
    this.queue.push({ type: "told", peerId: from.id, message });
  }

  receiveAndReply(question: Question): unknown {
    switch (question.type) {
      case "workerState":
        return this.machine.snapshot();
      case "logTail": {
        const { of, stream, bytesMax } = question;
        const known = typeof of === "object" && this.machine.knows(of);
        if (!known) throw new FiresteelError("user", `worker ${this.workerId} does not know ${JSON.stringify(of)}`);
        const most = Number.isFinite(bytesMax) ? Math.max(0, Math.min(tailBytesMax, bytesMax)) : tailBytesMax;
        return this.options.launcher.logTail(of, stream === "stderr" ? "stderr" : "stdout", most);
      }
      case "driverReport": {
        const { driverId } = question;
        if (this.machine.knows({ driverId })) return this.options.launcher.driverReport(driverId);
        throw new FiresteelError("user", `worker ${this.workerId} does not know driver ${driverId}`);
      }
      default:
        throw new FiresteelError("user", `a worker does not know the question ${(question as { type: string }).type}`);
    }
  }

  onDisconnected(peer: Peer, reason: FiresteelError): void {
    this.peers.delete(peer.id);
    this.queue.push({ type: "peerLost", peerId: peer.id, reason: reason.message });
  }

  onError(error: unknown): void {
    this.options.log?.(
      "warn",
      `a message could not be handled: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  private step(event: Event): void {
    for (const action of this.machine.step({ ...event, atMs: this.env.clock.nowMs() } as WorkerEvent)) {
      this.carryOut(action);
    }
  }

  private carryOut(action: WorkerAction): void {
    switch (action.type) {
      case "register":
        return this.register(action);
      case "decline":
        return this.env.ref<MasterProtocol>(action.master, masterEndpoint).send(action.message);
      case "tellMaster":
        return this.tellMaster(action.message);
      case "tellStranger": {
        const peer = this.peers.get(action.peerId);
        if (peer !== undefined) this.env.refAt<MasterProtocol>(peer, masterEndpoint).send(action.message);
        return;
      }
      case "launchExecutor": {
        const { launch, type: _, ...what } = action;
        const { workerId, host } = this;
        const start = (listener: LaunchListener) =>
          this.options.launcher.launchExecutor({ ...what, workerId, host }, listener);
        return this.launch(launch, start);
      }
      case "launchDriver": {
        const { launch, type: _, launchesBefore, ...what } = action;
        const { workerId } = this;
        const { masters } = this.options;
        const start = (listener: LaunchListener) =>
          this.options.launcher.launchDriver({ ...what, workerId, masters, launch: launchesBefore }, listener);
        return this.launch(launch, start);
      }
      case "kill":
        return this.launched.get(action.launch)?.kill();
      case "applicationEnded":
        return this.options.launcher.applicationEnded(action.appId);
      case "wakeAfter":
        return this.wakeAfter(action.afterMs, action.word);
      case "registered":
        return this.options.onRegistered?.(action.master);
      case "gaveUp":
        return this.options.onGaveUp?.(new FiresteelError("lost", action.reason));
      case "stopped":
        return this.allEnded?.();
      case "log":
        return this.options.log?.(action.level, action.text);
    }
  }

  private register({ attempt, master, registration }: Extract<WorkerAction, { readonly type: "register" }>): void {
    const { registrationTimeoutMs: timeoutMs = 5_000 } = this.options;
    const ref = this.env.ref<MasterProtocol>(master, masterEndpoint);
    ref.ask(registration, { timeoutMs }).then(
      answer => this.queue.push({ type: "registrationAnswered", attempt, master, answer }),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.queue.push({ type: "registrationFailed", attempt, master, reason });
      },
    );
  }

  /** By its address: a master that started again at the same one answers that the worker is to register. */
  private tellMaster(message: MasterProtocol["sends"]): void {
    const { masterAddress } = this.machine;
    if (masterAddress !== undefined) this.env.ref<MasterProtocol>(masterAddress, masterEndpoint).send(message);
  }

  private launch(launch: LaunchNumber, start: (listener: LaunchListener) => Launched): void {
    let isOver = false;
    const listener: LaunchListener = {
      started: pid => {
        if (!isOver) this.queue.push({ type: "launchStarted", launch, pid });
      },
      ended: end => {
        if (isOver) return;
        isOver = true;
        this.launched.delete(launch);
        this.queue.push({ type: "launchEnded", launch, end });
      },
    };
    try {
      const launched = start(listener);
      // it may have ended within the call
      if (!isOver) this.launched.set(launch, launched);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      listener.ended({ exitCode: undefined, signal: undefined, message });
    }
  }

  private wakeAfter(afterMs: number, word: string): void {
    const timer = this.env.clock.after(afterMs, () => {
      this.timers.delete(timer);
      this.queue.push({ type: "woke", word });
    });
    this.timers.add(timer);
  }

  private async end(): Promise<void> {
    const { stopTimeoutMs = 10_000 } = this.options;
    await new Promise<void>(resolve => {
      const timer = this.env.clock.after(stopTimeoutMs, resolve);
      this.allEnded = () => {
        timer.cancel();
        resolve();
      };
      this.queue.push({ type: "stopAsked" });
    });
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    await this.env.unregister(workerEndpoint);
  }
}
