/**
 * Ends processes that outlive who started them. Threads and processes that end do not end what they started, and one that is killed
 * cannot: so a shell watches a pipe that only this process holds open, is told what runs, and ends it when the pipe breaks. Each
 * process leads a group of its own, which is ended with it.
 */
import { spawn } from "node:child_process";
import { endGroup } from "./spawn-child.ts";

const script = `
while read -r op pid; do
  if [ "$op" = + ]; then set -- "$@" "$pid"
  else for each; do shift; [ "$each" = "$pid" ] || set -- "$@" "$each"; done
  fi
done
for each; do kill -9 "-$each"; done 2>/dev/null
`;

export class ProcessGuard {
  private readonly pids = new Set<number>();
  private shell: ((line: string) => void) | undefined;

  note(pid: number, running: boolean): void {
    if (running) this.pids.add(pid);
    else if (!this.pids.delete(pid)) return;
    this.tell(`${running ? "+" : "-"} ${pid}\n`);
  }

  end(pid: number): void {
    endGroup(pid, "SIGKILL");
    this.note(pid, false);
  }

  endAll(): void {
    for (const pid of [...this.pids]) this.end(pid);
  }

  private tell(line: string): void {
    this.shell ??= startShell();
    this.shell(line);
  }
}

/** What tells it a line. Where there is no shell, there is only what this process ends itself. */
function startShell(): (line: string) => void {
  const command = ["/bin/sh", "-c", script] as const;
  try {
    if (typeof Bun === "undefined") {
      const shell = spawn(command[0], command.slice(1), { stdio: ["pipe", "ignore", "ignore"], detached: true });
      shell.on("error", () => {});
      shell.stdin.on("error", () => {});
      shell.unref();
      return line => void shell.stdin.write(line);
    }
    const shell = Bun.spawn([...command], { stdin: "pipe", stdout: "ignore", stderr: "ignore", detached: true });
    shell.unref();
    return line => {
      void shell.stdin.write(line);
      // at once: this process may be killed the next moment
      void shell.stdin.flush();
    };
  } catch {
    return () => {};
  }
}
