/**
 * Runs a golden script of a worker's machine, whose masters are `m1` and `m2`. Commands:
 *
 *   start, stop, show, wait 15s
 *   registered [as=m1] [of=c] [unknown=x/0,etl] [gone=x], standby, refused "why", fail "why"   (answers of the last round, at=m2: of
 *                                                            that master; else of the first that has not answered)
 *   lose m1, launch x/0 x2 [from=m1], launch-driver etl [supervise] [before=1] [from=m1], kill x/0, kill-driver etl, over x, reregister
 *   started x/0, end x/0 1 "why", end etl 0
 */
import { Random } from "../../src/base/random.ts";
import type { MasterToWorker, WorkerRegistration, WorkerToMaster } from "../../src/deploy/messages.ts";
import { workerLimits, type Asked, type WorkerAction, type WorkerEvent } from "../../src/deploy/worker-contracts.ts";
import { WorkerMachine } from "../../src/deploy/worker-machine.ts";
import { describeApplication, describeDriver } from "./fake-cluster.ts";
import { Line } from "./script-line.ts";
import { ScriptTimers } from "./script-timers.ts";

type Happening = WorkerEvent extends infer E ? (E extends WorkerEvent ? Omit<E, "atMs"> : never) : never;

type Unanswered = Happening extends infer E ? (E extends Asked ? Omit<E, keyof Asked> : never) : never;

export class WorkerScript {
  private readonly timers = new ScriptTimers();
  private answers: string[] = [];
  /** The questions of the last round that no answer was given to, in their order. */
  private asked: Extract<WorkerAction, { type: "register" }>[] = [];
  private readonly launches = new Map<string, number>();
  private readonly machine = new WorkerMachine(
    {
      workerId: "w",
      host: "h",
      address: { host: "h", port: 4000 },
      cores: 4,
      memoryMb: 4096,
      webUiUrl: "",
      masters: [
        { host: "m1", port: 7077 },
        { host: "m2", port: 7077 },
      ],
      limits: workerLimits,
    },
    new Random(1),
  );

  command(text: string): readonly string[] {
    this.answers = [];
    this.run(new Line(text));
    return this.answers;
  }

  private run(line: Line): void {
    const reason = line.quoted ?? "the connection was lost";
    switch (line.verb) {
      case "start":
        return this.step({ type: "started" });
      case "stop":
        return this.step({ type: "stopAsked" });
      case "wait":
        return this.timers.advance(Number.parseInt(line.word(0), 10) * 1000, word => this.step({ type: "woke", word }));
      case "registered": {
        const unknown = line.list("unknown");
        const answer = {
          kind: "registered",
          masterId: line.option("as") ?? "m1",
          clusterId: line.option("of") ?? "c",
          webUiUrl: "",
          unknownExecutors: unknown.filter(each => each.includes("/")).map(parseExecutor),
          unknownDrivers: unknown.filter(each => !each.includes("/")),
          unknownApplications: line.list("gone"),
        } as const;
        return this.answer(line, { type: "registrationAnswered", answer });
      }
      case "refused":
        return this.answer(line, { type: "registrationAnswered", answer: { kind: "refused", reason } });
      case "standby":
        return this.answer(line, { type: "registrationAnswered", answer: { kind: "standby" } });
      case "fail":
        return this.answer(line, { type: "registrationFailed", reason });
      case "lose":
        return this.step({ type: "peerLost", peerId: line.word(0), reason });
      case "started":
        return this.step({ type: "launchStarted", launch: this.launches.get(line.word(0))!, pid: 17 });
      case "end": {
        const code = line.words[1];
        const exitCode = code === undefined ? undefined : Number(code);
        const end = { exitCode, signal: undefined, message: line.quoted ?? `exit code ${code}` };
        return this.step({ type: "launchEnded", launch: this.launches.get(line.word(0))!, end });
      }
      case "show":
        return this.show();
      default:
        return this.step({ type: "told", peerId: line.option("from") ?? "m1", message: parseMessage(line) });
    }
  }

  private answer(line: Line, event: Unanswered): void {
    const at = line.option("at") ?? this.asked[0]!.master.host;
    const { attempt, master } = this.asked.find(each => each.master.host === at)!;
    this.asked = this.asked.filter(each => each.master !== master);
    this.step({ ...event, attempt, master } as Happening);
  }

  private step(event: Happening): void {
    const actions = this.machine.step({ ...event, atMs: this.timers.nowMs } as WorkerEvent);
    for (const action of actions) {
      if (action.type === "wakeAfter") this.timers.add(action.afterMs, action.word);
      if (action.type === "register") {
        this.asked = [...this.asked.filter(each => each.attempt === action.attempt), action];
      }
      if (action.type === "launchExecutor") this.launches.set(`${action.appId}/${action.executorId}`, action.launch);
      if (action.type === "launchDriver") this.launches.set(action.driverId, action.launch);
      this.answers.push(describeWorkerAction(action));
    }
  }

  private show(): void {
    const { masterUrl, executors, endedExecutors, drivers, endedDrivers } = this.machine.snapshot();
    this.answers.push(`at ${masterUrl ?? "no master"}`);
    for (const each of [...executors, ...endedExecutors]) {
      this.answers.push(`executor ${each.appId}/${each.executorId} ${each.state}`);
    }
    for (const each of [...drivers, ...endedDrivers]) {
      this.answers.push(`driver ${each.driverId} ${each.state}, launches ${each.launches}`);
    }
  }
}

function parseMessage(line: Line): MasterToWorker {
  const masterId = line.option("from") ?? "m1";
  switch (line.verb) {
    case "launch": {
      const [key, size] = [line.word(0), line.word(1)];
      const description = describeApplication(key.split("/")[0]!);
      const what = { ...parseExecutor(key), cores: Number(size.slice(1)), memoryMb: 1024 };
      return { type: "launchExecutor", masterId, description, ...what };
    }
    case "launch-driver": {
      const description = describeDriver(line.word(0), { supervise: line.has("supervise") });
      const launch = line.number("before") ?? 0;
      return { type: "launchDriver", masterId, driverId: line.word(0), description, launch };
    }
    case "kill":
      return { type: "killExecutor", ...parseExecutor(line.word(0)) };
    case "kill-driver":
      return { type: "killDriver", driverId: line.word(0) };
    case "over":
      return { type: "applicationEnded", appId: line.word(0) };
    case "reregister":
      return { type: "reregister" };
    default:
      throw new Error(`no such command: ${line.text}`);
  }
}

function parseExecutor(key: string): { readonly appId: string; readonly executorId: number } {
  const [appId, executorId] = key.split("/");
  return { appId: appId!, executorId: Number(executorId) };
}

function describeWorkerAction(action: WorkerAction): string {
  switch (action.type) {
    case "register":
      return `ask ${action.master.host} (${action.attempt}): ${describeRegistration(action.registration)}`;
    case "decline":
      return `tell ${action.master.host}: ${describeReport(action.message)}`;
    case "tellMaster":
      return `tell: ${describeReport(action.message)}`;
    case "tellStranger":
      return `tell ${action.peerId}: ${describeReport(action.message)}`;
    case "launchExecutor":
      return `launch #${action.launch} ${action.appId}/${action.executorId} x${action.cores}, ${action.memoryMb} MB`;
    case "launchDriver":
      return `launch #${action.launch} driver ${action.driverId}, ${action.launchesBefore} times before`;
    case "kill":
      return `kill #${action.launch}`;
    case "applicationEnded":
      return `the directories of ${action.appId} may go`;
    case "wakeAfter":
      return `wake after ${action.afterMs} ms: ${action.word}`;
    case "registered":
      return `registered at ${action.master.host}`;
    case "gaveUp":
      return `gave up: ${action.reason}`;
    case "stopped":
      return "stopped";
    case "log":
      return `${action.level}: ${action.text}`;
  }
}

function describeRegistration(registration: WorkerRegistration): string {
  const { executors, drivers, endedDrivers, applications, clusterId } = registration;
  const parts = [
    ...executors.map(each => `${each.appId}/${each.executorId}`),
    ...drivers.map(each => each.driverId),
    ...endedDrivers.map(each => `${each.driverId} ${each.state} after ${each.launches}`),
    ...applications.map(each => `directories of ${each}`),
  ];
  const of = clusterId === undefined ? "" : ` (of ${clusterId})`;
  return `${parts.join(", ") || "nothing runs"}${of}`;
}

function describeReport(message: WorkerToMaster): string {
  switch (message.type) {
    case "workerHeartbeat":
      return "heartbeat";
    case "workerStopping":
      return "stopping";
    case "executorStateChanged": {
      const { appId, executorId, state, message: text, exitCode } = message;
      const code = exitCode === undefined ? "" : ` with ${exitCode}`;
      return `${appId}/${executorId} ${state}${code}${text === undefined ? "" : `: ${text}`}`;
    }
    case "driverStateChanged":
      return `${message.driverId} ${message.state}${message.error === undefined ? "" : `: ${message.error}`}`;
  }
}
