/**
 * Checkpoints of one Context. A plan that is marked is written, or made sure to be kept, after the first job that computes it or
 * anything of it; then its lineage is cut (plan/checkpointed.ts). Of plans that depend on each other the nearest to the job is taken,
 * since what is below it is not needed any more.
 *
 * Reliable ones are object files, committed whole by the output committer of their place; nobody reads one that is not.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ConfigKey } from "../base/config-keys.ts";
import { FiresteelError } from "../base/errors.ts";
import { systemReason } from "../base/system-errors.ts";
import type { ExchangeId } from "../base/ids.ts";
import type { CallSite } from "../closure/contracts.ts";
import { preview } from "../operators/row-errors.ts";
import { failureOf } from "../operators/task-failure.ts";
import { becomeFiles, becomeKept } from "../plan/checkpointed.ts";
import { parentsOf, type Plan } from "../plan/nodes.ts";
import { planCheckpoint } from "../sources/checkpoint-scan.ts";
import { remoteSchemeOf } from "../sources/file-schemes.ts";
import { fileSettings } from "../sources/file-settings.ts";
import { committerOf, partName } from "../sources/output-committer.ts";
import type { ActionRun, Driver } from "./driver.ts";

export type CheckpointKind = "reliable" | "local";

interface Mark {
  readonly kind: CheckpointKind;
  readonly at: CallSite | undefined;
  state: "marked" | "writing" | "done";
}

export class Checkpoints {
  /** This application's folder in the directory that was set. */
  private folder: string | undefined;
  private readonly marks = new WeakMap<Plan, Mark>();
  /** Whether there may be marked plans at all. */
  private isUsed = false;

  constructor(private readonly driver: Driver) {}

  get directory(): string | undefined {
    return this.folder;
  }

  setDirectory(path: unknown, at: CallSite | undefined): void {
    if (typeof path !== "string" || path === "") {
      throw new FiresteelError("user", `setCheckpointDir needs a path, but got ${preview(path)}`, {
        hint: "give a folder; on a cluster, one that all machines share",
        at,
      });
    }
    const name = `checkpoint-${randomUUID()}`;
    try {
      if (remoteSchemeOf(path, "write to") !== undefined) {
        committerOf(path, () => this.settings());
        this.folder = `${path.replace(/\/+$/, "")}/${name}`;
        return;
      }
      const folder = join(resolve(path.replace(/^file:(?:\/\/[^/]*(?=\/))?/i, "")), name);
      mkdirSync(folder, { recursive: true });
      const probe = join(folder, "_probe");
      writeFileSync(probe, "");
      rmSync(probe);
      this.folder = folder;
    } catch (thrown) {
      if (thrown instanceof FiresteelError)
        throw new FiresteelError(thrown.kind, thrown.message, { hint: thrown.hint, at, cause: thrown });
      throw new FiresteelError("user", `cannot write to the checkpoint directory ${path}: ${whyNot(thrown)}`, {
        hint: "give a folder that the driver and all executors can write to",
        at,
        cause: thrown,
      });
    }
  }

  mark(plan: Plan, kind: CheckpointKind, at: CallSite | undefined): void {
    if (kind === "reliable" && this.folder === undefined) {
      throw new FiresteelError("user", "checkpoint() needs a directory, and none is set", {
        hint: "call ctx.setCheckpointDir(path) first; on a cluster, with a folder that all machines share",
        at,
      });
    }
    const known = this.marks.get(plan);
    if (known !== undefined && known.state !== "marked") return;
    this.marks.set(plan, { kind, at, state: "marked" });
    this.isUsed = true;
  }

  isLocal(plan: Plan): boolean {
    return this.marks.get(plan)?.kind === "local";
  }

  /** After a job over `plan` has succeeded. */
  async afterJob(plan: Plan, run: ActionRun): Promise<void> {
    if (!this.isUsed) return;
    for (const marked of this.nearest(plan)) {
      const mark = this.marks.get(marked)!;
      mark.state = "writing";
      try {
        const own = { ...run, operator: mark.kind === "local" ? "localCheckpoint" : "checkpoint", at: mark.at };
        if (mark.kind === "reliable") await this.write(marked, own);
        else if (!(await this.keep(marked, own))) continue;
        mark.state = "done";
      } finally {
        // another job tries again
        if (mark.state === "writing") mark.state = "marked";
      }
    }
  }

  /** Marked plans that are met first on the way down, none of which is being written. */
  private nearest(root: Plan): Plan[] {
    const found: Plan[] = [];
    const seen = new Set<Plan>();
    const waiting = [root];
    for (let plan = waiting.pop(); plan !== undefined; plan = waiting.pop()) {
      if (seen.has(plan)) continue;
      seen.add(plan);
      const state = this.marks.get(plan)?.state;
      if (state === "marked") found.push(plan);
      else if (state === undefined) waiting.push(...parentsOf(plan));
    }
    return found;
  }

  private async write(plan: Plan, run: ActionRun): Promise<void> {
    const path = join(this.folder!, `rdd-${plan.id}`).replace(/^([a-z0-9]+):\/(?!\/)/, "$1://");
    const committer = committerOf(path, () => this.settings());
    const output = await inAction(run, () => committer.createOutput(path));
    try {
      const attempts = await this.driver.values<number>(plan, { kind: "saveObjects", output, isCheckpoint: true }, run);
      const parts = attempts.map((attempt, partition) => ({ file: partName(partition), attempt }));
      await inAction(run, () => committer.commitOutput(output, parts));
      const scan = await inAction(run, () => planCheckpoint(output.path, attempts.length, () => this.settings()));
      const { exchange } = plan as { readonly exchange?: ExchangeId };
      becomeFiles(plan, output.path, scan);
      this.releaseOwn(exchange);
    } catch (error) {
      await committer.abortOutput(output);
      throw error;
    }
  }

  /** False when not all of it is kept: its lineage stays. */
  private async keep(plan: Plan, run: ActionRun): Promise<boolean> {
    const kept = await this.driver.values<boolean>(plan, { kind: "keep" }, run);
    const missing = kept.indexOf(false);
    if (missing < 0) {
      const { exchange } = plan as { readonly exchange?: ExchangeId };
      becomeKept(plan);
      this.releaseOwn(exchange);
    } else {
      this.driver.warnOnce(
        `localCheckpoint of ${plan.operator}: its lineage is not cut, for there is no room for partition ${missing}`,
      );
    }
    return missing < 0;
  }

  /** What the node itself wrote when it was an exchange: it is referred to still, but not as one. */
  private releaseOwn(exchange: ExchangeId | undefined): void {
    if (exchange !== undefined) void this.driver.release({ kind: "exchange", id: exchange });
  }

  /** The directory, when nothing was written to it. */
  removeEmpty(): void {
    if (this.folder === undefined || remoteSchemeOf(this.folder, "write to") !== undefined) return;
    try {
      rmdirSync(this.folder);
    } catch {
      // there is something in it, or it is gone
    }
  }

  private settings() {
    return fileSettings(key => this.driver.config.get(key as ConfigKey));
  }
}

/** The folder itself is made where it is missing. */
function whyNot(thrown: unknown): string {
  const { code } = (thrown ?? {}) as { readonly code?: unknown };
  if (code === "ENOENT") return "no folder can be made there";
  return code === "ENOTDIR" ? "it is a file, or a part of its path is one" : systemReason(thrown);
}

async function inAction<R>(run: ActionRun, step: () => R | Promise<R>): Promise<R> {
  try {
    return await step();
  } catch (error) {
    throw failureOf(error, run);
  }
}
