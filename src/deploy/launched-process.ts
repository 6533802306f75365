/**
 * One process of a worker, from its start to its end: its output goes into rolling files of its folder, a kill is gentle first, and
 * its end is told once, in words that help: the last line it wrote to stderr.
 */
import { join } from "node:path";
import type { Clock, Timer } from "../base/clock.ts";
import { formatBytes } from "../base/quantity.ts";
import { type Child, spawnChild } from "../platform/spawn-child.ts";
import type { Launched, LaunchListener } from "./contracts.ts";
import { type LogBounds, RollingLog } from "./rolling-log.ts";

export interface ProcessRequest {
  readonly command: readonly string[];
  /** Where its logs go. */
  readonly folder: string;
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly greeting: string;
  readonly logs: LogBounds;
  readonly clock: Clock;
  /** From SIGTERM to SIGKILL. */
  readonly killGraceMs: number;
}

const lastLineBytesMax = 2048;
const decoder = new TextDecoder();

/** Throws when the folder or the program is not to be had; else `ended` follows. */
export function launchProcess(request: ProcessRequest, listener: LaunchListener): Launched & { readonly pid: number } {
  const logs = {
    stdout: new RollingLog(join(request.folder, "stdout"), request.logs),
    stderr: new RollingLog(join(request.folder, "stderr"), request.logs),
  };
  const closeLogs = () => {
    logs.stdout.close();
    logs.stderr.close();
  };
  let tail = new Uint8Array();
  let graceOver: Timer | undefined;
  let child: Child;
  try {
    child = spawnChild({
      command: request.command,
      folder: request.workingFolder,
      environment: request.environment,
      greeting: request.greeting,
      onOutput(stream, bytes) {
        logs[stream].write(bytes);
        if (stream === "stderr") tail = lastBytes(tail, bytes);
      },
      onEnded(exitCode, signal) {
        graceOver?.cancel();
        closeLogs();
        const lostBytes = logs.stdout.lostBytes + logs.stderr.lostBytes;
        const lost = lostBytes === 0 ? "" : `; ${formatBytes(lostBytes)} of its output could not be written`;
        const message = `${endMessage(exitCode, signal, graceOver !== undefined, tail)}${lost}`;
        listener.ended({ exitCode, signal, message });
      },
    });
  } catch (error) {
    closeLogs();
    throw error;
  }
  return {
    pid: child.pid,
    kill() {
      if (graceOver !== undefined) return;
      child.signal("SIGTERM");
      graceOver = request.clock.after(request.killGraceMs, () => child.signal("SIGKILL"));
    },
  };
}

function endMessage(
  exitCode: number | undefined,
  signal: string | undefined,
  killed: boolean,
  tail: Uint8Array,
): string {
  if (killed) return "killed";
  if (exitCode === 0) return "ended";
  const how = signal === undefined ? `exit code ${exitCode}` : `ended by ${signal}${whyKilled(signal)}`;
  const line = lastLine(tail);
  return line === undefined ? how : `${how}: ${line}`;
}

function whyKilled(signal: string): string {
  return signal === "SIGKILL" ? " (by hand, or by the system when memory ran out)" : "";
}

/** The last line that says something; of an error report its headline, since hints come last. */
function lastLine(tail: Uint8Array): string | undefined {
  const lines = decoder
    .decode(tail)
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "");
  return lines.findLast(line => line.startsWith("error: ")) ?? lines.at(-1);
}

function lastBytes(before: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = Buffer.concat([before.subarray(-lastLineBytesMax), bytes.subarray(-lastLineBytesMax)]);
  return new Uint8Array(kept.subarray(-lastLineBytesMax));
}
