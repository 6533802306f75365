/**
 * A standalone cluster simulated from one seed: the real machines of master, workers and applications, over connections that are slow
 * and break, with crashes of all three, restarts of the master from its store, and processes that end by themselves.
 * Checked all along: no core and no memory is given twice. At the end: what can run runs, then nothing is left behind.
 */
import { Random } from "../../src/base/random.ts";
import { masterLimits, type MasterAction } from "../../src/deploy/master-contracts.ts";
import { MasterMachine } from "../../src/deploy/master-machine.ts";
import { MemoryMasterStore } from "../../src/deploy/memory-store.ts";
import { driverEnded } from "../../src/deploy/messages.ts";
import { must } from "../schedule/job-failures.ts";
import { Clock } from "../schedule/clock.ts";
import { describeApplication, describeDriver } from "./fake-cluster.ts";
import { checkAccounts, checkAgreement } from "./simulation-checks.ts";
import type { SimulatedLine } from "./simulated-line.ts";
import { epochMs, SimulatedApplication, SimulatedWorker, type World } from "./simulated-processes.ts";

const troubleMs = 120_000;
const calmMs = 180_000;
const stepsMax = 200_000;

export interface SimulationProfile {
  /** Only the master fails: nothing that runs may be disturbed. */
  readonly onlyMaster: boolean;
}

export interface SimulationResult {
  readonly transcript: readonly string[];
  readonly counters: Readonly<Record<string, number>>;
}

export function simulate(seed: number, profile: SimulationProfile): SimulationResult {
  const simulation = new Simulation(seed, profile);
  try {
    simulation.run();
  } catch (error) {
    const story = simulation.transcript.slice(-80).join("\n");
    throw new Error(`seed ${seed}: ${(error as Error).message}\n${story}`, { cause: error });
  }
  return { transcript: simulation.transcript, counters: simulation.counters };
}

class Simulation {
  readonly transcript: string[] = [];
  readonly counters: Record<string, number> = {
    ...{ masterCrashes: 0, cuts: 0, partitions: 0, freezes: 0 },
    ...{ grants: 0, driversEnded: 0, comebacks: 0 },
  };
  private readonly clock = new Clock();
  private readonly random: Random;
  private readonly store = new MemoryMasterStore();
  private readonly world: World;
  private machine: MasterMachine | undefined;
  private life = 0;
  private readonly workers: SimulatedWorker[] = [];
  private readonly applications: SimulatedApplication[] = [];
  private readonly drivers = new Map<string, string>();
  private readonly leaving = new Set<SimulatedWorker>();
  private readonly launched = new Set<string>();
  private readonly supervised = new Set<string>();
  private readonly started = new Set<string>();
  private isCalm = false;

  constructor(
    seed: number,
    private readonly profile: SimulationProfile,
  ) {
    this.random = new Random(seed);
    const hasMortals = !profile.onlyMaster && this.random.below(3) > 0;
    this.world = {
      clock: this.clock,
      random: this.random,
      delayMaxMs: 1 + this.random.below(400),
      master: () => this.masterEnd(),
      lifeMs: () => (hasMortals && this.random.below(2) === 0 ? this.random.below(30_000) : undefined),
      note: text => this.note(text),
    };
  }

  run(): void {
    this.startMaster();
    const hosts = 1 + this.random.below(4);
    for (let host = 0; host < hosts; host++) this.startWorker(`h${host}`, 0);
    for (let i = 1 + this.random.below(4); i > 0; i--) this.sometime(() => this.startApplication(i));
    for (let i = this.random.below(4); i > 0; i--) this.sometime(() => this.submitDriver(i));
    if (this.profile.onlyMaster) this.planMasterTroubleOnly();
    else this.planTrouble();
    this.runUntil(troubleMs);
    this.isCalm = true;
    if (this.machine === undefined) this.startMaster();
    this.runUntil(troubleMs + calmMs);
    checkAgreement(this.machine!.snapshot(), this.workers, this.applications);
    if (this.profile.onlyMaster) this.checkUndisturbed();
    this.endAll();
    this.runUntil(troubleMs + 2 * calmMs);
    this.checkNothingLeft();
  }

  // ---- the master

  private masterEnd() {
    const { machine } = this;
    return {
      id: `master-${this.life}`,
      isUp: machine !== undefined,
      receive: (peerId: string, up: unknown, reply: ((answer: unknown) => void) | undefined) => {
        const from = { id: peerId, address: undefined, description: peerId };
        const atMs = epochMs + this.clock.now;
        if (reply === undefined) this.carryOut(machine!.step({ type: "told", atMs, from, message: up as never }));
        else this.carryOut(machine!.step({ type: "asked", atMs, from, question: up as never }), reply);
      },
      lost: (peerId: string) => {
        this.carryOut(machine!.step({ type: "peerLost", atMs: epochMs + this.clock.now, peerId, reason: "cut" }));
      },
    };
  }

  private carryOut(actions: readonly MasterAction[], reply?: (answer: unknown) => void): void {
    for (const action of actions) {
      switch (action.type) {
        case "answer":
          reply?.(action.answer);
          break;
        case "refuse":
          this.note(`refused: ${action.message}`);
          reply?.({ refused: action.message });
          break;
        case "tellWorker":
        case "tellApplication":
          if (action.message.type === "launchExecutor") {
            const key = `${action.message.appId}/${action.message.executorId}`;
            must(!this.launched.has(key), `${key} is launched twice`);
            this.launched.add(key);
            this.counters["grants"]!++;
          }
          this.lineOf(action.peerId)?.tell(action.message as never);
          break;
        case "log":
          this.note(`master: ${action.text}`);
          if (action.text.includes("came back")) this.counters["comebacks"]!++;
          break;
        case "putDriver": {
          const { driverId, state } = action.driver;
          const before = this.drivers.get(driverId);
          const hasEnded = before !== undefined && driverEnded.includes(before as never);
          must(!hasEnded || before === state, `driver ${driverId} ended as ${before}, then ${state}`);
          if (!hasEnded && driverEnded.includes(state)) this.counters["driversEnded"]!++;
          this.drivers.set(driverId, state);
          this.store.putDriver(action.driver);
          break;
        }
        case "putWorker":
          this.store.putWorker(action.worker);
          break;
        case "removeWorker":
          this.store.removeWorker(action.workerId);
          break;
        case "putApplication":
          this.store.putApplication(action.application);
          break;
        case "removeApplication":
          this.store.removeApplication(action.appId);
          break;
        case "removeDriver":
          this.store.removeDriver(action.driverId);
      }
    }
    checkAccounts(this.machine!.snapshot());
  }

  private startMaster(): void {
    this.life++;
    const about = {
      masterId: `master-${this.life}`,
      url: "firesteel://master:7077",
      webUiUrl: "",
      clusterId: "simulated",
    };
    const limits = { ...masterLimits, spreadOut: this.random.below(2) === 0 };
    this.machine = new MasterMachine({ ...about, startedMs: epochMs + this.clock.now, limits }, this.store.load());
    const { machine } = this;
    const tick = () => {
      if (this.machine !== machine) return;
      this.carryOut(machine.step({ type: "ticked", atMs: epochMs + this.clock.now }));
      this.clock.at(this.clock.now + masterLimits.tickMs, tick);
    };
    tick();
  }

  private crashMaster(downMs: number): void {
    if (this.machine === undefined || this.isCalm) return;
    this.note("the master crashes");
    this.counters["masterCrashes"]!++;
    this.machine = undefined;
    for (const each of [...this.workers, ...this.applications]) each.line.cut();
    this.clock.at(this.clock.now + downMs, () => {
      if (this.machine === undefined) this.startMaster();
    });
  }

  // ---- who comes and goes

  private startWorker(host: string, life: number): void {
    const [cores, memoryMb] = [1 + this.random.below(8), 1024 * (1 + this.random.below(4))];
    this.workers.push(new SimulatedWorker(this.world, host, life, cores, memoryMb, name => this.noteStart(name)));
  }

  private noteStart(name: string): void {
    const isOnce = !this.supervised.has(name);
    must(!isOnce || !this.started.has(name), `${name} starts a second time`);
    this.started.add(name);
  }

  private startApplication(number: number): void {
    const { random } = this;
    const maybe = (most: number) => (random.below(2) === 0 ? undefined : 1 + random.below(most));
    const about = {
      coresMax: maybe(8),
      coresPerExecutor: maybe(3),
      executorsMax: maybe(4),
      memoryPerExecutorMb: 512 * (1 + random.below(3)),
    };
    this.applications.push(new SimulatedApplication(this.world, describeApplication(`application ${number}`, about)));
  }

  private submitDriver(number: number): void {
    if (this.machine === undefined) return;
    const about = { supervise: this.random.below(2) === 0, cores: 1 + this.random.below(2) };
    const question = { type: "submitDriver", description: describeDriver(`driver ${number}`, about) } as const;
    this.masterEnd().receive("submitter", question, answer => {
      const { driverId } = answer as { readonly driverId: string };
      if (about.supervise) this.supervised.add(driverId);
    });
  }

  private lineOf(peerId: string): SimulatedLine<unknown, never> | undefined {
    const all = [...this.workers, ...this.applications];
    return all.find(each => each.line.peerId === peerId)?.line as SimulatedLine<unknown, never> | undefined;
  }

  // ---- trouble

  private planMasterTroubleOnly(): void {
    for (let i = 0; i < 2; i++) {
      this.clock.at(20_000 + i * 60_000 + this.random.below(10_000), () => this.crashMaster(this.random.below(8_000)));
    }
  }

  private planTrouble(): void {
    const some = (times: number, what: () => void) => {
      for (let i = this.random.below(times + 1); i > 0; i--) this.sometime(what);
    };
    some(2, () => this.crashMaster(this.random.below(40_000)));
    some(6, () => {
      this.counters["cuts"]!++;
      this.pick([...this.workers, ...this.applications])?.line.cut();
    });
    some(3, () => {
      this.counters["partitions"]!++;
      this.pick([...this.workers, ...this.applications])?.line.block(this.random.below(60_000));
    });
    some(2, () => {
      this.counters["freezes"]!++;
      this.pick([...this.workers, ...this.applications])?.freeze(this.random.below(90_000));
    });
    some(2, () => this.replaceWorker(worker => worker.crash()));
    some(1, () => this.replaceWorker(worker => worker.stop()));
    some(1, () => this.pick(this.applications.filter(each => each.isUp))?.crash());
    some(2, () => this.pick(this.applications.filter(each => each.isUp))?.stop("finished"));
    some(3, () => {
      const application = this.pick(this.applications.filter(each => each.isUp));
      const executorId = this.pick([...(application?.executors ?? [])]);
      if (executorId !== undefined) application!.kill(executorId);
    });
    some(1, () => this.killDriver());
  }

  private replaceWorker(end: (worker: SimulatedWorker) => void): void {
    const worker = this.pick(this.workers.filter(each => each.isUp && !this.leaving.has(each)));
    if (worker === undefined) return;
    this.note(`${worker.workerId} goes`);
    this.leaving.add(worker);
    end(worker);
    const life = this.workers.filter(each => each.host === worker.host).length;
    this.clock.at(this.clock.now + this.random.below(20_000), () => this.startWorker(worker.host, life));
  }

  private killDriver(): void {
    const driverId = this.pick([...this.drivers.keys()]);
    if (driverId === undefined || this.machine === undefined) return;
    this.masterEnd().receive("submitter", { type: "killDriver", driverId }, () => undefined);
  }

  // ---- checks

  /** Masters that come and go end no executor, no driver and no application. */
  private checkUndisturbed(): void {
    for (const { appId, end, reason, executors, everGranted, description } of this.applications) {
      if (end === "unreachable") continue;
      must(end === "running", `${description.name} was disturbed: ${reason}`);
      const lost = [...everGranted].filter(executorId => !executors.has(executorId));
      // the launch of one may have been lost with the master; one that ran goes on
      const disturbed = lost.filter(executorId => this.started.has(`${appId}/${executorId}`));
      must(disturbed.length === 0, `${description.name} lost executors ${disturbed}`);
    }
    for (const [driverId, state] of this.drivers) {
      must(state === "RUNNING" || state === "SUBMITTED", `driver ${driverId} is ${state}`);
    }
  }

  private endAll(): void {
    for (const application of this.applications) application.stop("finished");
    for (const driverId of this.drivers.keys()) {
      this.masterEnd().receive("submitter", { type: "killDriver", driverId }, () => undefined);
    }
  }

  private checkNothingLeft(): void {
    const { workers, applications, drivers, endedApplications } = this.machine!.snapshot();
    must(applications.length === 0, `applications are left: ${applications.map(each => each.appId)}`);
    must(drivers.length === 0, `drivers are left: ${drivers.map(each => `${each.driverId} ${each.state}`)}`);
    for (const { workerId, state, coresUsed, memoryUsedMb } of workers) {
      if (state === "alive") must(coresUsed === 0 && memoryUsedMb === 0, `${coresUsed} cores of ${workerId} leaked`);
    }
    for (const { workerId, processes } of this.workers) must(processes.size === 0, `${workerId} still runs something`);
    for (const [driverId, state] of this.drivers) {
      must(driverEnded.includes(state as never), `driver ${driverId} did not end: ${state}`);
    }
    for (const { appId, state } of endedApplications) must(state !== "running", `${appId} ended as ${state}`);
  }

  // ---- odds and ends

  private runUntil(ms: number): void {
    let isOver = false;
    this.clock.at(ms, () => (isOver = true));
    for (let steps = 0; !isOver; steps++) must(steps < stepsMax && this.clock.step(), "it does not end");
  }

  private sometime(what: () => void): void {
    this.clock.at(this.random.below(troubleMs), what);
  }

  private pick<T>(from: readonly T[]): T | undefined {
    return from[this.random.below(Math.max(1, from.length))];
  }

  private note(text: string): void {
    this.transcript.push(`${this.clock.now} ${text}`);
  }
}
