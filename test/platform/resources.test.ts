import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cgroupLimits, detectMachine } from "../../src/platform/resources.ts";

const roots: string[] = [];

function fileSystem(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "firesteel-cgroup-"));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

test("version 2: the tightest limit on the way up holds", () => {
  const root = fileSystem({
    "proc/self/cgroup": "0::/box/inner\n",
    "sys/fs/cgroup/box/inner/cpu.max": "max 100000\n",
    "sys/fs/cgroup/box/inner/memory.max": "max\n",
    "sys/fs/cgroup/box/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/box/memory.max": "1073741824\n",
    "sys/fs/cgroup/box/memory.high": "536870912\n",
  });
  expect(cgroupLimits(root)).toEqual({ cores: 1.5, memoryBytes: 536870912 });
});

test("version 2 in a container: the limits are at the root", () => {
  const root = fileSystem({
    "proc/self/cgroup": "0::/../..\n",
    "sys/fs/cgroup/cpu.max": "50000 100000\n",
    "sys/fs/cgroup/memory.max": "268435456\n",
  });
  expect(cgroupLimits(root)).toEqual({ cores: 0.5, memoryBytes: 268435456 });
  expect(detectMachine(root)).toEqual({ cores: 1, memoryBytes: 268435456 });
});

test("version 1: one hierarchy per controller", () => {
  const root = fileSystem({
    "proc/self/cgroup": "5:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n1:name=systemd:/docker/a\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us": "300000\n",
    "sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes": "2147483648\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
  });
  expect(cgroupLimits(root)).toEqual({ cores: 3, memoryBytes: 2147483648 });
});

test("without cgroups the host's figures hold", () => {
  const root = fileSystem({});
  expect(cgroupLimits(root)).toEqual({ cores: Infinity, memoryBytes: Infinity });
  const machine = detectMachine(root);
  expect(machine.cores).toBeGreaterThanOrEqual(1);
  expect(Number.isFinite(machine.memoryBytes)).toBe(true);
});
