/**
 * Tells a process from a later one with the same number: by when it was started, and since which start of the machine. So a number
 * that was written down can be trusted, or is known to be of another process.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Something that no other process of that number has; undefined when there is no such process, or the system does not say. */
export function processIdentity(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // the name, in parentheses, may hold spaces: proc_pid_stat(5)
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, startTicks] = [fields[0], fields[19]];
    if (state === "Z" || startTicks === undefined) return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}-${startTicks}`;
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): string | undefined {
  if (process.platform !== "darwin") return undefined;
  try {
    const text = execFileSync("/bin/ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", timeout: 2_000 });
    return text.trim() === "" ? undefined : text.trim();
  } catch {
    return undefined;
  }
}
