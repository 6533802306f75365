/**
 * What is timed beside others. A *server* stays alive and runs once for every line it gets on stdin, answering `seconds answer`
 * (bench/jobs/timed.ts, bench/native/jobs/timed.h): it is timed warm and from the inside. A *process* is timed from start to
 * exit, and its answer is what it prints, or what `answer` makes of what it wrote.
 */
import { openChild, type Command } from "./child.ts";

export interface Contender {
  readonly label: string;
  /** One run. */
  once(): Promise<Run>;
  /** Ends it; the most memory that it held at any time. */
  end(): Promise<number>;
}

export interface Run {
  readonly seconds: number;
  readonly answer: string;
}

export function openServer(command: Command): Contender {
  const child = openChild(command, "pipe");
  return {
    label: command.label,
    async once() {
      child.write("run\n");
      const line = await child.readLine();
      const space = line?.indexOf(" ") ?? -1;
      if (line === undefined || space < 0) throw await child.failure(line);
      return { seconds: Number(line.slice(0, space)), answer: line.slice(space + 1).trim() };
    },
    async end() {
      return (await child.end()).peakBytes;
    },
  };
}

export function openProcess(
  command: Command,
  hooks: { readonly before?: () => void; readonly answer?: () => Promise<string> } = {},
): Contender {
  let peakBytes = 0;
  return {
    label: command.label,
    async once() {
      hooks.before?.();
      const startMs = performance.now();
      const child = openChild(command, "ignore");
      const ended = await child.end();
      const seconds = (performance.now() - startMs) / 1000;
      peakBytes = Math.max(peakBytes, ended.peakBytes);
      return { seconds, answer: (await hooks.answer?.()) ?? ended.output.trim() };
    },
    end: () => Promise.resolve(peakBytes),
  };
}
