/**
 * The cluster manager of a standalone cluster, as a driver's engine has it: speaks with masters through the application's machine.
 * Beside `start`, whose promise it keeps, the engine hears of all through its listener.
 */
import type { Timer } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import type { ExecutorId } from "../base/ids.ts";
import { Random } from "../base/random.ts";
import type { ClusterListener, ClusterManager } from "../exec/cluster-manager.ts";
import type { Peer, RpcAddress, RpcEndpoint, RpcEndpointRef, RpcEnv } from "../rpc/contracts.ts";
import {
  applicationLimits,
  type ApplicationAction,
  type ApplicationEvent,
  type ApplicationLimits,
  type EndState,
} from "./application-contracts.ts";
import { ApplicationMachine } from "./application-machine.ts";
import { EventQueue } from "./event-queue.ts";
import type { LogLevel } from "./master-contracts.ts";
import {
  applicationEndpoint,
  masterEndpoint,
  type ApplicationDescription,
  type ApplicationProtocol,
  type MasterProtocol,
  type MasterToApplication,
} from "./messages.ts";

export interface ApplicationClientOptions {
  readonly env: RpcEnv;
  /** Tried one after the other; one has the application. */
  readonly masters: readonly RpcAddress[];
  /** `driver` is given at `start`. */
  readonly description: Omit<ApplicationDescription, "driver">;
  readonly limits?: Partial<ApplicationLimits>;
  /** Of the waiting times between tries; default: another one each time. */
  readonly seed?: number;
  /** One line each. */
  readonly log?: (level: LogLevel, text: string) => void;
}

interface Starting {
  readonly resolve: (started: { readonly appId: string; readonly webUiUrl: string | undefined }) => void;
  readonly reject: (error: FiresteelError) => void;
}

type Event = ApplicationEvent extends infer E ? (E extends ApplicationEvent ? Omit<E, "atMs"> : never) : never;

/** In this process; tells their registrations apart. */
let clients = 0;

export class ApplicationClient implements ClusterManager, RpcEndpoint<ApplicationProtocol> {
  private readonly env: RpcEnv;
  private readonly limits: ApplicationLimits;
  private readonly machine: ApplicationMachine;
  private readonly queue = new EventQueue<Event>(event => this.step(event));
  private readonly timers = new Set<Timer>();
  private listener: ClusterListener | undefined;
  private description: ApplicationDescription | undefined;
  private starting: Starting | undefined;
  /** The registration that is under way, or was last. */
  private asking: Promise<void> = Promise.resolve();
  /** The master's answer to the last word, or that there was none. */
  private lastWord: Promise<unknown> = Promise.resolve();
  private readonly key: string;
  private stopped: Promise<void> | undefined;

  constructor(private readonly options: ApplicationClientOptions) {
    const { env, masters } = options;
    if (masters.length === 0) throw new FiresteelError("internal", "an application needs a master");
    this.env = env;
    this.key = `${env.id}/${clients++}`;
    this.limits = { ...applicationLimits, ...options.limits };
    const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
    this.machine = new ApplicationMachine(masters, this.limits, new Random(seed));
  }

  start(
    driver: RpcAddress,
    listener: ClusterListener,
  ): Promise<{ readonly appId: string; readonly webUiUrl: string | undefined }> {
    this.listener = listener;
    this.description = { ...this.options.description, driver };
    return new Promise((resolve, reject) => {
      this.starting = { resolve, reject };
      this.env.register<ApplicationProtocol>(applicationEndpoint, this);
    });
  }

  killExecutor(executor: ExecutorId): void {
    this.queue.push({ type: "killAsked", executorId: executor });
  }

  /** Resolves when the master has heard it, or `stopTimeoutMs` have passed. */
  stop(state: EndState): Promise<void> {
    this.stopped ??= this.end(state);
    return this.stopped;
  }

  onStart(): void {
    this.queue.push({ type: "started" });
  }

  receive(message: MasterToApplication, from: Peer): void {
    this.queue.push({ type: "told", peerId: from.id, message });
  }

  onDisconnected(peer: Peer, reason: FiresteelError): void {
    this.queue.push({ type: "peerLost", peerId: peer.id, reason: reason.message });
  }

  onError(error: unknown): void {
    this.options.log?.(
      "warn",
      `a message could not be handled: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  private step(event: Event): void {
    const atMs = this.env.clock.nowMs();
    for (const action of this.machine.step({ ...event, atMs } as ApplicationEvent)) this.carryOut(action);
  }

  private carryOut(action: ApplicationAction): void {
    const listener = this.listener!;
    switch (action.type) {
      case "register":
        return this.register(action);
      case "tellMaster":
        return this.masterRef()?.send(action.message);
      case "endApplication": {
        const { master, appId, state } = action;
        const ref = this.env.ref<MasterProtocol>(master, masterEndpoint);
        const { stopTimeoutMs: timeoutMs } = this.limits;
        this.lastWord = ref.ask({ type: "endApplication", appId, state }, { timeoutMs }).catch(() => undefined);
        return;
      }
      case "wakeAfter":
        return this.wakeAfter(action.afterMs, action.word);
      case "registered": {
        const { appId, webUiUrl } = action.registration;
        this.starting?.resolve({ appId, webUiUrl: webUiUrl === "" ? undefined : webUiUrl });
        this.starting = undefined;
        return;
      }
      case "unreachable": {
        const hint = "check the master's address, that it runs, and that it and this program have the same secret";
        return this.fail(new FiresteelError(action.isRefusal ? "user" : "lost", action.reason, { hint }));
      }
      case "executorGranted": {
        const { executorId, host, cores, memoryMb } = action;
        return listener.executorGranted({ executor: executorId as ExecutorId, host, cores, memoryMb });
      }
      case "executorLost":
        return listener.executorLost(action.executorId as ExecutorId, action.reason, action.workerLost);
      case "disconnected":
        return listener.disconnected(action.reason);
      case "reconnected":
        return listener.reconnected();
      case "removed":
        return listener.removed(action.reason);
      case "stopped":
        return this.fail(new FiresteelError("cancelled", "the application was stopped before it was registered"));
      case "log":
        return this.options.log?.(action.level, action.text);
    }
  }

  private register(action: Extract<ApplicationAction, { readonly type: "register" }>): void {
    const { attempt, master, appId, executors, timeoutMs } = action;
    const ref = this.env.ref<MasterProtocol>(master, masterEndpoint);
    const { key } = this;
    const description = this.description!;
    this.asking = ref.ask({ type: "registerApplication", description, appId, key, executors }, { timeoutMs }).then(
      answer => this.queue.push({ type: "registrationAnswered", attempt, answer }),
      (thrown: unknown) => {
        const error = thrown instanceof FiresteelError ? thrown : new FiresteelError("lost", String(thrown));
        this.queue.push({ type: "registrationFailed", attempt, error });
      },
    );
  }

  /** By its address: a master that started again at the same one answers that it does not know the application. */
  private masterRef(): RpcEndpointRef<MasterProtocol> | undefined {
    const { masterAddress } = this.machine;
    return masterAddress === undefined ? undefined : this.env.ref<MasterProtocol>(masterAddress, masterEndpoint);
  }

  private wakeAfter(afterMs: number, word: "register" | "heartbeat"): void {
    const timer = this.env.clock.after(afterMs, () => {
      this.timers.delete(timer);
      this.queue.push({ type: "woke", word });
    });
    this.timers.add(timer);
  }

  private fail(error: FiresteelError): void {
    this.starting?.reject(error);
    this.starting = undefined;
  }

  private async end(state: EndState): Promise<void> {
    this.queue.push({ type: "stopAsked", state });
    await new Promise<void>(resolve => {
      const timer = this.env.clock.after(this.limits.stopTimeoutMs, resolve);
      // a master that answers a registration now is told that it is over
      const said = this.asking.then(() => this.lastWord);
      void said.then(() => timer.cancel()).then(resolve);
    });
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    if (this.description !== undefined) await this.env.unregister(applicationEndpoint);
  }
}
