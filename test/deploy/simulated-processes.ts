/** Workers and applications of the simulation: the real machines, with processes that only exist as entries of a map. */
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import {
  applicationLimits,
  type ApplicationAction,
  type ApplicationEvent,
  type EndState,
} from "../../src/deploy/application-contracts.ts";
import { ApplicationMachine } from "../../src/deploy/application-machine.ts";
import type {
  ApplicationDescription,
  MasterToApplication,
  MasterToWorker,
  WorkerRegistrationAnswer,
} from "../../src/deploy/messages.ts";
import { workerLimits, type WorkerAction, type WorkerEvent } from "../../src/deploy/worker-contracts.ts";
import { WorkerMachine } from "../../src/deploy/worker-machine.ts";
import type { Clock } from "../schedule/clock.ts";
import { must } from "../schedule/job-failures.ts";
import { SimulatedLine, type MasterEnd } from "./simulated-line.ts";

export const epochMs = Date.UTC(2026, 10, 21, 6, 50, 28);
const masters = [{ host: "master", port: 7077 }];

/** What the simulation gives to its parts. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly delayMaxMs: number;
  readonly master: () => MasterEnd<unknown> & { readonly id: string };
  /** How long a process runs by itself; undefined: until it is killed. */
  readonly lifeMs: () => number | undefined;
  readonly note: (text: string) => void;
}

type WorkerHappening = WorkerEvent extends infer E ? (E extends WorkerEvent ? Omit<E, "atMs"> : never) : never;
type Happening = ApplicationEvent extends infer E ? (E extends ApplicationEvent ? Omit<E, "atMs"> : never) : never;

interface Process {
  readonly name: string;
  readonly cores: number;
  readonly memoryMb: number;
}

export class SimulatedWorker {
  readonly line: SimulatedLine<unknown, MasterToWorker>;
  readonly processes = new Map<number, Process>();
  readonly workerId: string;
  isUp = true;
  private readonly machine: WorkerMachine;
  private frozen: WorkerHappening[] | undefined;

  constructor(
    private readonly world: World,
    readonly host: string,
    life: number,
    readonly cores: number,
    readonly memoryMb: number,
    private readonly started: (name: string) => void,
  ) {
    const { clock, random, delayMaxMs, master } = world;
    this.workerId = `worker-${host}-${life}`;
    this.line = new SimulatedLine(this.workerId, clock, random, delayMaxMs, master, {
      receive: (peerId, message) => this.step({ type: "told", peerId, message }),
      lost: peerId => this.step({ type: "peerLost", peerId, reason: "the connection was lost" }),
    });
    const { workerId } = this;
    const about = { workerId, host, address: { host, port: 4000 }, cores, memoryMb, webUiUrl: "" };
    this.machine = new WorkerMachine({ ...about, masters, limits: workerLimits }, new Random(random.uint32()));
    this.step({ type: "started" });
  }

  /** The process is killed, and with it what runs there. */
  crash(): void {
    this.isUp = false;
    this.processes.clear();
    this.line.close();
  }

  stop(): void {
    this.step({ type: "stopAsked" });
  }

  /** As SIGSTOP and SIGCONT: what comes in the meantime is handled late, and what runs there runs on. */
  freeze(forMs: number): void {
    this.frozen ??= [];
    this.later(forMs, () => {
      const events = this.frozen ?? [];
      this.frozen = undefined;
      for (const event of events) this.step(event);
    });
  }

  private step(event: WorkerHappening): void {
    if (!this.isUp) return;
    if (this.frozen !== undefined) return void this.frozen.push(event);
    const atMs = epochMs + this.world.clock.now;
    for (const action of this.machine.step({ ...event, atMs } as WorkerEvent)) this.carryOut(action);
  }

  private carryOut(action: WorkerAction): void {
    switch (action.type) {
      case "register": {
        const { attempt, master, registration } = action;
        const answered = (answer: unknown) =>
          this.step({ type: "registrationAnswered", attempt, master, answer: answer as WorkerRegistrationAnswer });
        return this.line.ask(registration, 5_000, answered, reason =>
          this.step({ type: "registrationFailed", attempt, master, reason }),
        );
      }
      case "tellMaster":
      case "tellStranger":
      case "decline":
        return this.line.send(action.message);
      case "launchExecutor":
        return this.launch(action.launch, `${action.appId}/${action.executorId}`, action.cores, action.memoryMb);
      case "launchDriver": {
        const { cores, memoryMb } = action.description;
        return this.launch(action.launch, action.driverId, cores, memoryMb);
      }
      case "kill":
        return this.later(1 + this.world.random.below(300), () => this.end(action.launch, undefined));
      case "wakeAfter":
        return this.later(action.afterMs, () => this.step({ type: "woke", word: action.word }));
      case "stopped":
        this.isUp = false;
        return this.line.close();
      case "gaveUp":
        return this.world.note(`${this.workerId} gave up: ${action.reason}`);
      default:
    }
  }

  private launch(launch: number, name: string, cores: number, memoryMb: number): void {
    this.processes.set(launch, { name, cores, memoryMb });
    this.started(name);
    this.world.note(`${this.workerId} launches ${name} x${cores}`);
    const used = [...this.processes.values()];
    const sum = (of: (process: Process) => number) => used.reduce((total, process) => total + of(process), 0);
    must(sum(each => each.cores) <= this.cores, `${this.workerId} gives a core twice`);
    must(sum(each => each.memoryMb) <= this.memoryMb, `${this.workerId} gives memory twice`);
    const names = used.map(each => each.name);
    must(new Set(names).size === names.length, `${this.workerId} runs ${name} twice`);
    this.later(this.world.random.below(200), () => {
      if (this.processes.has(launch)) this.step({ type: "launchStarted", launch, pid: launch });
    });
    const lifeMs = this.world.lifeMs();
    if (lifeMs !== undefined) this.later(lifeMs, () => this.end(launch, this.world.random.below(2)));
  }

  private end(launch: number, exitCode: number | undefined): void {
    if (!this.processes.delete(launch)) return;
    const message = exitCode === undefined ? "killed" : `exit code ${exitCode}`;
    this.step({ type: "launchEnded", launch, end: { exitCode, signal: undefined, message } });
  }

  private later(afterMs: number, then: () => void): void {
    this.world.clock.at(this.world.clock.now + afterMs, () => {
      if (this.isUp) then();
    });
  }
}

export class SimulatedApplication {
  readonly line: SimulatedLine<unknown, MasterToApplication>;
  readonly executors = new Set<number>();
  readonly everGranted = new Set<number>();
  appId: string | undefined;
  end: "running" | "stopped" | "crashed" | "removed" | "unreachable" = "running";
  reason = "";
  private frozen: Happening[] | undefined;
  private readonly machine: ApplicationMachine;

  constructor(
    private readonly world: World,
    readonly description: ApplicationDescription,
  ) {
    const { clock, random, delayMaxMs, master } = world;
    this.line = new SimulatedLine(`process of ${description.name}`, clock, random, delayMaxMs, master, {
      receive: (peerId, message) => this.step({ type: "told", peerId, message }),
      lost: peerId => this.step({ type: "peerLost", peerId, reason: "the connection was lost" }),
    });
    this.machine = new ApplicationMachine(masters, applicationLimits, new Random(random.uint32()));
    this.step({ type: "started" });
  }

  get isUp(): boolean {
    return this.end === "running";
  }

  crash(): void {
    this.end = "crashed";
    this.line.close();
  }

  stop(state: EndState): void {
    this.step({ type: "stopAsked", state });
  }

  kill(executorId: number): void {
    this.step({ type: "killAsked", executorId });
  }

  freeze(forMs: number): void {
    this.frozen ??= [];
    this.world.clock.at(this.world.clock.now + forMs, () => {
      const events = this.frozen ?? [];
      this.frozen = undefined;
      for (const event of events) this.step(event);
    });
  }

  private step(event: Happening): void {
    if (!this.isUp) return;
    if (this.frozen !== undefined) return void this.frozen.push(event);
    const atMs = epochMs + this.world.clock.now;
    for (const action of this.machine.step({ ...event, atMs } as never)) this.carryOut(action);
  }

  private carryOut(action: ApplicationAction): void {
    const { name } = this.description;
    switch (action.type) {
      case "register": {
        const { attempt, appId, executors, timeoutMs } = action;
        const question = { type: "registerApplication", description: this.description, appId, key: name, executors };
        const failed = (error: FiresteelError) => this.step({ type: "registrationFailed", attempt, error } as never);
        const answered = (answer: unknown) => {
          const { refused } = answer as { refused?: string };
          if (refused !== undefined) failed(new FiresteelError("user", refused));
          else this.step({ type: "registrationAnswered", attempt, answer } as never);
        };
        return this.line.ask(question, timeoutMs, answered, reason => failed(new FiresteelError("lost", reason)));
      }
      case "tellMaster":
        return this.line.send(action.message);
      case "endApplication": {
        const { appId, state } = action;
        const leave = () => this.line.close();
        return this.line.ask({ type: "endApplication", appId, state }, 3_000, leave, leave);
      }
      case "wakeAfter":
        this.world.clock.at(this.world.clock.now + action.afterMs, () =>
          this.step({ type: "woke", word: action.word } as never),
        );
        return;
      case "registered":
        this.appId = action.registration.appId;
        return;
      case "executorGranted":
        must(!this.everGranted.has(action.executorId), `${name} is granted executor ${action.executorId} twice`);
        this.everGranted.add(action.executorId);
        this.executors.add(action.executorId);
        return;
      case "executorLost":
        must(this.executors.delete(action.executorId), `${name} loses executor ${action.executorId}, which it has not`);
        return;
      case "removed":
      case "unreachable":
        this.reason = action.reason;
        this.world.note(`${name} is ${action.type}: ${action.reason}`);
        this.end = action.type;
        return this.line.close();
      case "stopped":
        this.end = "stopped";
        return;
      default:
    }
  }
}
