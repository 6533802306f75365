/**
 * The driver's side of the engine thread: starts it, submits jobs, gives back results partition by partition and settles each
 * job's promise. The thread keeps the process alive only while jobs run.
 */
import type { Worker } from "node:worker_threads";
import type { EngineEvent } from "../base/events.ts";
import { FiresteelError, fromWire } from "../base/errors.ts";
import type { JobId } from "../base/ids.ts";
import { startThread } from "../platform/threads.ts";
import { type EngineMail, unpackMail } from "./engine-mail.ts";
import type { AccumulatorUpdate, EngineStart, FromEngine, Released, SubmittedJob, ToEngine } from "./messages.ts";

export interface EngineListener {
  event(event: EngineEvent): void;
  warning(message: string): void;
  accumulated(updates: readonly AccumulatorUpdate[]): void;
}

interface RunningJob {
  readonly onResult: (partition: number, payload: Uint8Array) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How often the main thread shows the engine that it is not blocked. */
const beatEveryMs = 100;
/** How long leaving a cluster may take: who is not told notices. */
const leaveMaxMs = 3000;

export class EngineClient {
  private readonly worker: Worker;
  private readonly beating: NodeJS.Timeout;
  private readonly jobs = new Map<JobId, RunningJob>();
  private stopped = false;
  private death: FiresteelError | undefined;
  private readonly onCluster: boolean;
  /** How a cluster calls the application. */
  appId: string | undefined;
  webUiUrl: string | undefined;
  private readonly mustBeReady: boolean;
  private readonly ready = Promise.withResolvers<void>();
  private readonly releases = new Map<number, () => void>();
  private nextReply = 0;
  private onStopped: (() => void) | undefined;

  constructor(
    start: Omit<EngineStart, "mainBeat">,
    private readonly listener: EngineListener,
  ) {
    this.ready.promise.catch(() => {});
    this.onCluster = start.master !== undefined;
    this.mustBeReady = this.onCluster || start.settings["firesteel.ui.enabled"] === true;
    const mainBeat = new Int32Array(new SharedArrayBuffer(4));
    this.beating = setInterval(() => void Atomics.add(mainBeat, 0, 1), beatEveryMs);
    this.beating.unref();
    this.worker = startThread("engine", { ...start, mainBeat });
    this.worker.on("message", (mail: EngineMail) => this.receiveAll(unpackMail(mail)));
    this.worker.on("error", (error: unknown) => this.died(error));
    this.worker.unref();
  }

  send(message: ToEngine): void {
    if (!this.stopped) this.worker.postMessage(message);
  }

  /** Resolves when all partitions have been given to `onResult`; rejects with the job's error. */
  run(
    job: SubmittedJob,
    onResult: (partition: number, payload: Uint8Array) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.death !== undefined) return Promise.reject(this.death);
    if (this.stopped)
      return Promise.reject(
        new FiresteelError("user", "the Context is stopped", { hint: "run actions before stop()" }),
      );
    if (signal?.aborted === true) return Promise.reject(cancelled(signal));
    return new Promise<void>((resolve, reject) => {
      const abort = () => this.send({ type: "cancelJob", job: job.id, reason: reasonOf(signal) });
      const settle = () => {
        signal?.removeEventListener("abort", abort);
        this.jobs.delete(job.id);
        if (this.jobs.size + this.releases.size === 0) this.worker.unref();
      };
      this.jobs.set(job.id, {
        onResult,
        resolve: () => {
          settle();
          resolve();
        },
        reject: error => {
          settle();
          reject(error);
        },
      });
      signal?.addEventListener("abort", abort, { once: true });
      this.worker.ref();
      this.send({ type: "submit", job });
    });
  }

  /** Resolves when a cluster has taken the application, or the pages are there; rejects when that fails. */
  registered(): Promise<void> {
    if (!this.mustBeReady) return Promise.resolve();
    this.worker.ref();
    const settled = () => {
      if (this.jobs.size + this.releases.size === 0) this.worker.unref();
    };
    return this.ready.promise.finally(settled);
  }

  /** Resolves when executors have released it, or there are none any more. */
  release(what: Released): Promise<void> {
    if (this.stopped || this.death !== undefined) return Promise.resolve();
    const reply = this.nextReply++;
    return new Promise(resolve => {
      this.releases.set(reply, resolve);
      this.worker.ref();
      this.send({ type: "release", what, reply });
    });
  }

  private released(reply: number): void {
    this.releases.get(reply)?.();
    this.releases.delete(reply);
    if (this.jobs.size + this.releases.size === 0) this.worker.unref();
  }

  get runningJobs(): number {
    return this.jobs.size;
  }

  /** Ends the engine thread and its task threads; jobs that still run are rejected as cancelled. */
  async stop(state: "finished" | "failed" | "killed" = "finished"): Promise<void> {
    if (this.stopped) return;
    // what tasks have started does not end with their threads
    if ((this.onCluster || this.jobs.size > 0) && this.death === undefined) await this.leave(state);
    this.stopped = true;
    clearInterval(this.beating);
    for (const job of [...this.jobs.values()])
      job.reject(new FiresteelError("cancelled", "the Context was stopped while the job ran"));
    for (const reply of [...this.releases.keys()]) this.released(reply);
    await this.worker.terminate();
  }

  /** The engine, the master and the executors are told, as long as that takes little. */
  private async leave(state: "finished" | "failed" | "killed"): Promise<void> {
    this.worker.ref();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      this.onStopped = resolve;
      timer = setTimeout(resolve, leaveMaxMs);
      this.send({ type: "stop", state });
    });
    clearTimeout(timer);
  }

  /** A listener that throws ends its own message alone. */
  private receiveAll(messages: readonly FromEngine[]): void {
    for (const [i, message] of messages.entries()) {
      try {
        this.receive(message);
      } catch (thrown) {
        const rest = messages.slice(i + 1);
        if (rest.length > 0) queueMicrotask(() => this.receiveAll(rest));
        throw thrown;
      }
    }
  }

  private receive(message: FromEngine): void {
    switch (message.type) {
      case "result": {
        const job = this.jobs.get(message.job);
        try {
          job?.onResult(message.partition, message.payload);
        } catch (error) {
          this.send({ type: "cancelJob", job: message.job, reason: "its result was refused by the driver" });
          job?.reject(error);
        }
        break;
      }
      case "accumulated":
        this.listener.accumulated(message.updates);
        break;
      case "jobEnded": {
        const job = this.jobs.get(message.job);
        if (message.error === undefined) job?.resolve();
        else job?.reject(fromWire(message.error));
        break;
      }
      case "event":
        this.listener.event(message.event);
        break;
      case "warning":
        this.listener.warning(message.message);
        break;
      case "gone":
        this.die(fromWire(message.error));
        break;
      case "stopped":
        this.onStopped?.();
        break;
      case "released":
        this.released(message.reply);
        break;
      case "ready":
        this.appId = message.appId;
        this.webUiUrl = message.webUiUrl;
        this.ready.resolve();
        break;
    }
  }

  private died(error: unknown): void {
    this.stopped = true;
    this.onStopped?.();
    const said = error instanceof Error ? error.message : String(error);
    this.die(new FiresteelError("internal", `the engine thread died: ${said}`, { cause: error }));
  }

  private die(death: FiresteelError): void {
    this.death = death;
    this.ready.reject(death);
    for (const job of [...this.jobs.values()]) job.reject(death);
    for (const reply of [...this.releases.keys()]) this.released(reply);
  }
}

/** What pages say; the action's own error has the reason whatever it is. */
function reasonOf(signal: AbortSignal | undefined): string {
  const reason: unknown = signal?.reason;
  return typeof reason === "string" ? reason : "cancelled by its AbortSignal";
}

function cancelled(signal: AbortSignal): FiresteelError {
  return new FiresteelError("cancelled", "the job was cancelled by its AbortSignal", { cause: signal.reason });
}
