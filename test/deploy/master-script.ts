/**
 * Runs a golden script of the master's machine: lines at the margin are what happens to it, indented lines what it does then. A peer is
 * called like its worker or application, unless `as=` names another. Ids are shown by the names that the script gives. Commands:
 *
 *   limits retries=3 packed default-cores=2 ended=1
 *   worker a cores=4 memory=4096 [at=host:1] [has=x/0x4,y/1x2] [drivers=etl] [ended=etl:FINISHED:1]
 *   app x [max=8] [cores=2] [memory=1024] [executors=3] [claims=0,1] [id=x]
 *   driver etl [supervise] [cores=1] [memory=1024]
 *   running x/0 on a, exited x/0 on a code=1 "why", killed x/0 on a, report etl on a FAILED "why"
 *   lose a, heartbeat a, stopping a, wait 60s [without a x]       (everyone else is heard of every second)
 *   kill app x, kill driver etl, kill x/0, end x finished, status etl
 *   restart, show
 */
import type { Peer } from "../../src/rpc/contracts.ts";
import { masterLimits, type MasterAction, type MasterQuestion } from "../../src/deploy/master-contracts.ts";
import { MasterMachine } from "../../src/deploy/master-machine.ts";
import { MemoryMasterStore } from "../../src/deploy/memory-store.ts";
import type { MasterProtocol } from "../../src/deploy/messages.ts";
import { describeMasterAction, describeSnapshot } from "./describe-master.ts";
import { describeApplication, describeDriver } from "./fake-cluster.ts";
import { Line } from "./script-line.ts";

const epochMs = Date.UTC(2026, 10, 21, 6, 50, 28);

export class MasterScript {
  private nowMs = epochMs;
  private limits = masterLimits;
  private readonly store = new MemoryMasterStore();
  private machine = this.start();
  private answers: string[] = [];
  /** By the names that the script gives. */
  private readonly ids = new Map<string, string>();
  private readonly heard = new Map<string, Extract<MasterProtocol["sends"], { readonly type: `${string}Heartbeat` }>>();

  command(text: string): readonly string[] {
    this.answers = [];
    this.run(new Line(text));
    const named = [...this.ids].map(([name, id]) => [id, name] as const);
    return this.answers.map(answer => named.reduce((line, [id, name]) => line.replaceAll(id, name), answer));
  }

  private run(line: Line): void {
    switch (line.verb) {
      case "limits":
        this.limits = {
          ...masterLimits,
          spreadOut: !line.has("packed"),
          executorRetriesMax: line.number("retries") ?? masterLimits.executorRetriesMax,
          defaultCores: line.number("default-cores"),
          endedApplicationsMax: line.number("ended") ?? masterLimits.endedApplicationsMax,
          endedDriversMax: line.number("ended") ?? masterLimits.endedDriversMax,
        };
        this.machine = this.start();
        return;
      case "worker":
        return this.worker(line);
      case "app":
        return this.application(line);
      case "driver": {
        const about = { cores: line.number("cores") ?? 1, memoryMb: line.number("memory") ?? 1024 };
        const description = describeDriver(line.word(0), { ...about, supervise: line.has("supervise") });
        const answer = this.ask("submitter", { type: "submitDriver", description });
        const driverId = (answer as { driverId?: string } | undefined)?.driverId;
        if (driverId !== undefined) this.ids.set(line.word(0), driverId);
        return;
      }
      case "running":
      case "exited":
      case "failed":
      case "killed":
      case "lost":
        return this.tell(line.option("as") ?? line.word(2), {
          type: "executorStateChanged",
          ...this.executor(line.word(0)),
          state: line.verb,
          message: line.quoted,
          exitCode: line.number("code"),
        });
      case "report": {
        const [driverId, state] = [this.id(line.word(0)), line.word(3)];
        return this.tell(line.word(2), {
          type: "driverStateChanged",
          driverId,
          state: state as never,
          error: line.quoted,
        });
      }
      case "lose":
        this.heard.delete(line.word(0));
        return this.step({ type: "peerLost", peerId: line.word(0), reason: "the connection was lost" });
      case "heartbeat":
        return this.tell(line.word(0), { type: "workerHeartbeat", workerId: line.word(0) });
      case "stopping":
        return this.tell(line.word(0), { type: "workerStopping", workerId: line.word(0) });
      case "wait":
        return this.wait(line);
      case "kill":
        return this.kill(line);
      case "end":
        return void this.ask(line.option("as") ?? line.word(0), {
          type: "endApplication",
          appId: this.id(line.word(0)),
          state: line.word(1) as "finished",
        });
      case "status":
        return void this.ask("submitter", { type: "driverStatus", driverId: this.id(line.word(0)) });
      case "clear":
        return void this.ask("page", { type: "clearEnded" });
      case "restart":
        this.heard.clear();
        this.machine = this.start();
        return this.step({ type: "ticked" });
      case "show":
        this.answers.push(...describeSnapshot(this.machine.snapshot()));
        return;
      default:
        throw new Error(`no such command: ${line.text}`);
    }
  }

  private worker(line: Line): void {
    const name = line.word(0);
    const [host = name, port = "4000"] = line.option("at")?.split(":") ?? [];
    const executors = line.list("has").map(each => {
      const [, key, cores] = /^(.*)x(\d+)$/.exec(each)!;
      return { ...this.executor(key!), cores: Number(cores), memoryMb: 1024 };
    });
    const from = line.option("as") ?? name;
    this.ask(from, {
      type: "registerWorker",
      workerId: name,
      host,
      address: { host, port: Number(port) },
      cores: line.number("cores") ?? 4,
      memoryMb: line.number("memory") ?? 4096,
      webUiUrl: "",
      executors,
      drivers: line.list("drivers").map(each => ({ driverId: this.id(each), cores: 1, memoryMb: 1024 })),
      endedDrivers: line.list("ended").map(each => {
        const [driver, state, launches] = each.split(":");
        return { driverId: this.id(driver!), state: state as never, launches: Number(launches), error: undefined };
      }),
      applications: [...new Set(executors.map(each => each.appId))],
      clusterId: line.option("of"),
    });
    if (from === name) this.heard.set(name, { type: "workerHeartbeat", workerId: name });
  }

  private application(line: Line): void {
    const name = line.word(0);
    const description = describeApplication(name, {
      coresMax: line.number("max"),
      coresPerExecutor: line.number("cores"),
      memoryPerExecutorMb: line.number("memory") ?? 1024,
      executorsMax: line.number("executors"),
    });
    const id = line.option("id");
    const appId = id === undefined ? undefined : this.id(id);
    const executors = line.list("claims").map(Number);
    const from = line.option("as") ?? name;
    const answer = this.ask(from, { type: "registerApplication", description, appId, key: name, executors });
    const answered = (answer as { appId?: string } | undefined)?.appId;
    if (answered === undefined) return;
    this.ids.set(name, answered);
    this.heard.set(from, { type: "applicationHeartbeat", appId: answered });
  }

  private kill(line: Line): void {
    const what = line.word(0);
    if (what === "app") this.ask("page", { type: "killApplication", appId: this.id(line.word(1)) });
    else if (what === "driver") this.ask("submitter", { type: "killDriver", driverId: this.id(line.word(1)) });
    else this.tell(line.option("as") ?? what.split("/")[0]!, { type: "killExecutor", ...this.executor(what) });
  }

  private wait(line: Line): void {
    const silent = new Set(line.has("without") ? line.words.slice(2) : []);
    for (let second = Number.parseInt(line.word(0), 10); second > 0; second--) {
      this.nowMs += 1000;
      for (const [peer, message] of this.heard) if (!silent.has(peer)) this.tell(peer, message);
      this.step({ type: "ticked" });
    }
  }

  private start(): MasterMachine {
    const about = { masterId: "master", url: "firesteel://master:7077", webUiUrl: "http://master:8080" };
    const options = { ...about, clusterId: "here", startedMs: this.nowMs, limits: this.limits };
    return new MasterMachine(options, this.store.load());
  }

  private ask(from: string, question: MasterQuestion): unknown {
    let answer: unknown;
    for (const action of this.steps({ type: "asked", from: peerOf(from), question })) {
      if (action.type === "answer") answer = action.answer;
    }
    return answer;
  }

  private tell(from: string, message: MasterProtocol["sends"]): void {
    this.step({ type: "told", from: peerOf(from), message });
  }

  private step(event: Parameters<MasterScript["steps"]>[0]): void {
    this.steps(event);
  }

  private steps(
    event: Parameters<MasterMachine["step"]>[0] extends infer E ? (E extends unknown ? Omit<E, "atMs"> : never) : never,
  ): MasterAction[] {
    const actions = this.machine.step({ ...event, atMs: this.nowMs } as never);
    for (const action of actions) {
      this.keep(action);
      this.answers.push(describeMasterAction(action));
    }
    return actions;
  }

  private keep(action: MasterAction): void {
    if (action.type === "putWorker") this.store.putWorker(action.worker);
    else if (action.type === "removeWorker") this.store.removeWorker(action.workerId);
    else if (action.type === "putApplication") this.store.putApplication(action.application);
    else if (action.type === "removeApplication") this.store.removeApplication(action.appId);
    else if (action.type === "putDriver") this.store.putDriver(action.driver);
    else if (action.type === "removeDriver") this.store.removeDriver(action.driverId);
  }

  private executor(key: string): { readonly appId: string; readonly executorId: number } {
    const [application, number] = key.split("/");
    return { appId: this.id(application!), executorId: Number(number) };
  }

  /** Names that were never given stand for themselves. */
  private id(name: string): string {
    return this.ids.get(name) ?? name;
  }
}

function peerOf(name: string): Peer {
  return { id: name, address: undefined, description: `peer ${name}` };
}
