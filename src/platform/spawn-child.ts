/**
 * Starts a process that does not outlive this one: its standard input is a pipe that this process holds open until it ends, by
 * whatever death, and the child watches it (`parent-watch.ts`). It leads a process group of its own, so that what it starts
 * can be ended with it. The first line of that pipe is for what must not stand on a command line or in an environment.
 */
export interface ChildRequest {
  readonly command: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** One line. */
  readonly greeting: string;
  readonly onOutput: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
  /** Once, after the last output. */
  readonly onEnded: (exitCode: number | undefined, signal: string | undefined) => void;
}

export interface Child {
  readonly pid: number;
  /** To the whole group. What has ended already is left alone. */
  signal(signal: "SIGTERM" | "SIGKILL"): void;
}

/** Output may still be held open by a process that left the group. */
const outputWaitMs = 500;

/** Throws when the program cannot be started. */
export function spawnChild(request: ChildRequest): Child {
  if (typeof Bun === "undefined") throw new Error("only Bun starts processes of the cluster");
  let ended = false;
  const child = Bun.spawn([...request.command], {
    cwd: request.folder,
    env: { ...request.environment, [parentPipe]: "1" },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
    onExit: (_, exitCode) => {
      ended = true;
      endGroup(child.pid, "SIGKILL");
      const signal = child.signalCode === null ? undefined : String(child.signalCode);
      void Promise.race([outputs, after(outputWaitMs)]).then(() => request.onEnded(exitCode ?? undefined, signal));
    },
  });
  const outputs = Promise.all([
    pump(child.stdout, bytes => request.onOutput("stdout", bytes)),
    pump(child.stderr, bytes => request.onOutput("stderr", bytes)),
  ]);
  try {
    void child.stdin.write(`${request.greeting}\n`);
    void child.stdin.flush();
  } catch {
    // it has ended already, which onExit tells
  }
  return {
    pid: child.pid,
    signal(signal) {
      if (!ended) endGroup(child.pid, signal);
    },
  };
}

/** Tells the child that its standard input is such a pipe. */
export const parentPipe = "FIRESTEEL_INTERNAL_PARENT_PIPE";

export function endGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // nobody is left in it
  }
}

async function pump(stream: ReadableStream<Uint8Array>, take: (bytes: Uint8Array) => void): Promise<void> {
  try {
    for await (const bytes of stream) take(bytes);
  } catch {
    // a pipe that breaks has no more to say
  }
}

/** In two steps: between them is read what came while this process stood still. */
async function after(waitMs: number): Promise<void> {
  for (let step = 0; step < 2; step++) await new Promise<void>(resolve => void setTimeout(resolve, waitMs / 2).unref());
}
