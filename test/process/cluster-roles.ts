/** Masters and workers as processes of the program, for tests: started, waited for by what they say, stopped. */
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { type Outcome, type Run, start } from "./harness.ts";

export interface Role {
  readonly child: ChildProcess;
  readonly folder: string;
  /** All that it has said on stderr. */
  readonly said: () => string;
  /** Resolves with the match when it says so; rejects when it ends before. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
  readonly outcome: Promise<Outcome>;
  stop(signal?: NodeJS.Signals): Promise<Outcome>;
}

export function startRole(args: readonly string[], run: Omit<Run, "args"> = {}): Role {
  const { child, folder, outcome } = start({ ...run, args });
  let text = "";
  const waiting = new Set<() => void>();
  child.stderr!.on("data", (more: string) => {
    text += more;
    for (const look of waiting) look();
  });
  const says = (pattern: RegExp) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(text);
        if (match === null) return;
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      look();
      const ended = () => reject(new Error(`${args.join(" ")} ended without saying ${pattern}: ${text}`));
      outcome.then(ended, ended);
    });
  return {
    ...{ child, folder, says, outcome, said: () => text },
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return outcome;
    },
  };
}

/** A master at the port, or any free one, and where it is. */
export async function startMaster(options: readonly string[] = [], run: Omit<Run, "args"> = {}, port = "0") {
  const role = startRole(["master", "--port", port, ...freePorts, ...options], run);
  const [, url] = await role.says(/master at (firesteel:\/\/\S+:\d+)/);
  return { ...role, url: url! };
}

const freePorts = ["--webui-port", "0", "--rest-port", "0"];

export function startWorker(url: string, options: readonly string[] = [], run: Omit<Run, "args"> = {}): Role {
  return startRole(["worker", "--webui-port", "0", ...options, url], { leaves: ["work"], ...run });
}

/** What `ps` shows of all processes: command lines. Linux. */
export function commandLines(): Map<number, string> {
  const lines = new Map<number, string>();
  for (const name of readdirSync("/proc").filter(each => /^\d+$/.test(each))) {
    try {
      lines.set(Number(name), readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " "));
    } catch {
      // it has ended
    }
  }
  return lines;
}

export function environmentOf(pid: number): string {
  return readFileSync(`/proc/${pid}/environ`, "utf8");
}
