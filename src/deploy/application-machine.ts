/**
 * An application as masters see it: registers at one of those given, comes back with its id when the master or the connection was
 * away, and keeps track of which executors it has. A deterministic machine: `step(event)` returns what to do.
 *
 * Promises: each executor is granted once and lost at most once, in that order, whatever is said twice; the first registration
 * succeeds or fails within `connectTimeoutMs`; later a master that is away disturbs nothing.
 */
import { assertNever } from "../base/assert.ts";
import type { FiresteelError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import type {
  ApplicationAction,
  ApplicationEvent,
  ApplicationLimits,
  EndState,
  Registration,
} from "./application-contracts.ts";
import { executorEnded, type ApplicationId, type MasterToApplication } from "./messages.ts";
import { retryDelayMs } from "./retry-delay.ts";

/** A master that does not answer has at least so long. */
const answerMsMin = 200;

export class ApplicationMachine {
  private appId: ApplicationId | undefined;
  private master: { readonly id: string; readonly address: RpcAddress } | undefined;
  private phase: "connecting" | "working" | "over" = "connecting";
  private stoppedAs: EndState | undefined;
  private attempt = 0;
  private isAsking = false;
  private preferred = 0;
  /** Masters that did not take it in this round; those among them that refused it. */
  private asked = 0;
  private refusals = 0;
  private readonly reasons = new Map<string, string>();
  private failedRounds = 0;
  private startedMs = 0;
  private nowMs = 0;
  private readonly executors = new Set<number>();
  /** Ids grow: what was granted before is not granted again. */
  private executorIdSeen = -1;
  /** Asked for while no master was there. */
  private readonly kills = new Set<number>();
  private actions: ApplicationAction[] = [];

  constructor(
    private readonly masters: readonly RpcAddress[],
    private readonly limits: ApplicationLimits,
    private readonly random: Random,
  ) {}

  step(event: ApplicationEvent): ApplicationAction[] {
    const actions: ApplicationAction[] = [];
    this.actions = actions;
    this.nowMs = event.atMs;
    if (this.phase !== "over") this.handle(event);
    else if (event.type === "registrationAnswered") this.answeredTooLate(event.attempt, event.answer);
    return actions;
  }

  /** Of the master that has it; undefined while none has. */
  get masterAddress(): RpcAddress | undefined {
    return this.master?.address;
  }

  private handle(event: ApplicationEvent): void {
    switch (event.type) {
      case "started":
        this.startedMs = event.atMs;
        return this.register();
      case "registrationAnswered":
        if (event.attempt === this.attempt && this.isAsking) this.answered(event.answer);
        return;
      case "registrationFailed":
        if (event.attempt === this.attempt && this.isAsking) this.failed(event.error);
        return;
      case "peerLost":
        if (event.peerId === this.master?.id) this.loseMaster(event.reason);
        return;
      case "told":
        if (event.peerId === this.master?.id) this.hear(event.message);
        return;
      case "woke":
        return this.wake(event.word);
      case "killAsked":
        return this.kill(event.executorId);
      case "stopAsked":
        return this.stop(event.state);
      default:
        return assertNever(event);
    }
  }

  private wake(word: "register" | "heartbeat"): void {
    if (word === "register") {
      if (this.master === undefined && !this.isAsking) this.register();
      return;
    }
    const { master, appId, limits } = this;
    if (master !== undefined)
      this.act({ type: "tellMaster", message: { type: "applicationHeartbeat", appId: appId! } });
    this.act({ type: "wakeAfter", afterMs: limits.heartbeatMs, word: "heartbeat" });
  }

  // ---- registration

  private register(): void {
    this.isAsking = true;
    const { appId } = this;
    const master = this.nextMaster;
    const executors = [...this.executors];
    const timeoutMs = this.answerMs();
    this.act({ type: "register", attempt: ++this.attempt, master, appId, executors, timeoutMs });
  }

  /** The one that is asked now, or next. */
  private get nextMaster(): RpcAddress {
    const { masters } = this;
    return masters[(this.preferred + this.asked) % masters.length]!;
  }

  /** At first, those that are left share the time that is left. */
  private answerMs(): number {
    const { connectTimeoutMs, askTimeoutMs } = this.limits;
    if (this.phase !== "connecting") return askTimeoutMs;
    const share = Math.floor(this.leftMs() / (this.masters.length - this.asked));
    return Math.max(Math.min(answerMsMin, connectTimeoutMs), Math.min(askTimeoutMs, share));
  }

  private leftMs(): number {
    return this.startedMs + this.limits.connectTimeoutMs - this.nowMs;
  }

  private answered(registration: Registration): void {
    const { masters, limits } = this;
    this.preferred = (this.preferred + this.asked) % masters.length;
    this.master = { id: registration.masterId, address: masters[this.preferred]! };
    this.asked = 0;
    this.refusals = 0;
    this.reasons.clear();
    this.failedRounds = 0;
    this.isAsking = false;
    this.appId = registration.appId;
    if (this.phase === "connecting") {
      this.phase = "working";
      this.act({ type: "registered", registration });
      this.act({ type: "wakeAfter", afterMs: limits.heartbeatMs, word: "heartbeat" });
    } else {
      this.act({
        type: "log",
        level: "info",
        text: `application ${this.appId} is back at ${hostPort(this.master.address)}`,
      });
      this.act({ type: "reconnected" });
    }
    for (const executorId of this.kills) this.kill(executorId);
    this.kills.clear();
  }

  /** Stopped while it asked: the master has it now, and is to know. */
  private answeredTooLate(attempt: number, { appId }: Registration): void {
    if (attempt !== this.attempt || !this.isAsking || this.stoppedAs === undefined) return;
    this.isAsking = false;
    this.act({ type: "endApplication", master: this.nextMaster, appId, state: this.stoppedAs });
  }

  private failed(error: FiresteelError): void {
    const { masters, limits } = this;
    this.reasons.set(hostPort(this.nextMaster), error.message);
    this.isAsking = false;
    this.asked++;
    if (error.kind === "user") this.refusals++;
    if (this.asked < masters.length) return this.register();
    // what all refused once they will refuse again
    const isRefusal = this.refusals === this.asked;
    this.asked = 0;
    this.refusals = 0;
    this.failedRounds++;
    const reasons = [...this.reasons]
      .map(([master, reason]) => (reason.includes(master) ? reason : `${master}: ${reason}`))
      .join("; ");
    const afterMs = retryDelayMs(limits.retryDelays, this.failedRounds, this.random);
    if (this.phase === "connecting") {
      if (!isRefusal && afterMs + answerMsMin < this.leftMs()) return this.tryAgain(afterMs);
      this.phase = "over";
      const tried = masters.length === 1 ? "the master" : `any of ${masters.length} masters`;
      return this.act({ type: "unreachable", reason: `cannot register at ${tried}: ${reasons}`, isRefusal });
    }
    if (isRefusal || this.failedRounds >= limits.reconnectRoundsMax) return this.remove(`no master has it: ${reasons}`);
    this.tryAgain(afterMs);
  }

  private tryAgain(afterMs: number): void {
    this.act({ type: "wakeAfter", afterMs, word: "register" });
  }

  private loseMaster(reason: string): void {
    const where = hostPort(this.master!.address);
    this.master = undefined;
    this.act({ type: "disconnected", reason: `the master at ${where} is lost: ${reason}` });
    this.register();
  }

  // ---- what the master says

  private hear(message: MasterToApplication): void {
    switch (message.type) {
      case "executorAdded": {
        const { executorId, host, cores, memoryMb } = message;
        if (executorId <= this.executorIdSeen) return;
        this.executorIdSeen = executorId;
        this.executors.add(executorId);
        return this.act({ type: "executorGranted", executorId, host, cores, memoryMb });
      }
      case "executorUpdated": {
        const { executorId, state, message: text, exitCode, workerLost } = message;
        if (!executorEnded.includes(state) || !this.executors.delete(executorId)) return;
        const code = exitCode === undefined ? "" : ` with exit code ${exitCode}`;
        const reason = text ?? `executor ${executorId} ended: ${state}${code}`;
        return this.act({ type: "executorLost", executorId, reason, workerLost });
      }
      case "applicationRemoved":
        return this.remove(message.reason);
      case "reregister":
        return this.loseMaster("it asks for a registration");
      default:
        this.act({ type: "log", level: "warn", text: "the master sent a message of an unknown type: ignored" });
    }
  }

  private remove(reason: string): void {
    this.phase = "over";
    this.master = undefined;
    this.act({ type: "removed", reason });
  }

  // ---- what the driver wants

  private kill(executorId: number): void {
    if (!this.executors.has(executorId)) return;
    const { appId } = this;
    if (this.master === undefined) this.kills.add(executorId);
    else this.act({ type: "tellMaster", message: { type: "killExecutor", appId: appId!, executorId } });
  }

  private stop(state: EndState): void {
    this.phase = "over";
    this.stoppedAs = state;
    const { master, appId } = this;
    if (master !== undefined) this.act({ type: "endApplication", master: master.address, appId: appId!, state });
    this.act({ type: "stopped" });
  }

  private act(action: ApplicationAction): void {
    this.actions.push(action);
  }
}

function hostPort(address: RpcAddress): string {
  return `${address.host}:${address.port}`;
}
