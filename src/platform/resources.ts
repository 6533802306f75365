/**
 * What this process may use: cores and memory as the cgroup (v1 or v2) allows, at most what the host has. Reads a few small
 * files once; where there are none (macOS), the host's figures hold.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import type { Machine } from "../base/config-keys.ts";

export function detectMachine(root = "/"): Machine {
  const host = { cores: availableParallelism(), memoryBytes: totalmem() };
  const limits = cgroupLimits(root);
  return {
    cores: Math.max(1, Math.min(host.cores, Math.ceil(limits.cores))),
    memoryBytes: Math.min(host.memoryBytes, limits.memoryBytes),
  };
}

/** The tightest limits on the way from this process's cgroup up to the root; Infinity where none is set. */
export function cgroupLimits(root: string): Machine {
  const limits = { cores: Infinity, memoryBytes: Infinity };
  for (const line of (read(join(root, "proc/self/cgroup")) ?? "").split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const folder of foldersUp(path)) {
      const tighter = controllers === "" ? unified(root, folder) : legacy(root, controllers.split(","), folder);
      limits.cores = Math.min(limits.cores, tighter.cores);
      limits.memoryBytes = Math.min(limits.memoryBytes, tighter.memoryBytes);
    }
  }
  return limits;
}

function unified(root: string, folder: string): Machine {
  const at = join(root, "sys/fs/cgroup", folder);
  const [quota, period] = (read(join(at, "cpu.max")) ?? "max").split(" ");
  return {
    cores: ratio(quota, period ?? "100000"),
    memoryBytes: Math.min(amount(read(join(at, "memory.max"))), amount(read(join(at, "memory.high")))),
  };
}

function legacy(root: string, controllers: readonly string[], folder: string): Machine {
  const base = join(root, "sys/fs/cgroup");
  return {
    cores: controllers.includes("cpu")
      ? ratio(read(join(base, "cpu", folder, "cpu.cfs_quota_us")), read(join(base, "cpu", folder, "cpu.cfs_period_us")))
      : Infinity,
    memoryBytes: controllers.includes("memory")
      ? amount(read(join(base, "memory", folder, "memory.limit_in_bytes")))
      : Infinity,
  };
}

/** "/a/b" → "/a/b", "/a", "/". In a container the path may be the host's; then only "/" exists. */
function foldersUp(path: string): string[] {
  const parts = path.split("/").filter(part => part !== "" && part !== "..");
  return Array.from({ length: parts.length + 1 }, (_, i) => "/" + parts.slice(0, parts.length - i).join("/"));
}

function ratio(quota: string | undefined, period: string | undefined): number {
  const cores = Number(quota) / Number(period);
  return cores > 0 && Number.isFinite(cores) ? cores : Infinity;
}

/** No limit is written "max" (v2) or as a number near 2⁶³ (v1). */
function amount(text: string | undefined): number {
  const bytes = Number(text);
  return text !== undefined && text !== "" && bytes > 0 && bytes < 2 ** 60 ? bytes : Infinity;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
