/**
 * What the user sees on stderr while a job runs and when it has ended: progress from engine events, then the summary. While bars
 * are on the screen, whatever else is printed on this terminal first wipes them.
 */
import type { EngineEvent } from "../base/events.ts";
import { StageLedger } from "../base/stage-ledger.ts";
import { barProgress, lineProgress, noProgress, type Progress, type ProgressScreen } from "./progress.ts";
import { formatSummary } from "./summary.ts";

export type ProgressChoice = "auto" | "bar" | "lines" | "none";

export interface ConsoleView {
  onEvent(event: EngineEvent): void;
  /** Takes progress down; prints the summary when asked. */
  close(summary: boolean): void;
}

const tickMs = 100;

export const silentView: ConsoleView = { onEvent() {}, close() {} };

export function openConsoleView(choice: ProgressChoice): ConsoleView {
  const startedMs = Date.now();
  const ledger = new StageLedger();
  const progress = chooseProgress(choice, stderrScreen());
  const release = progress === noProgress ? () => {} : wipeBeforeOutput(progress);
  // a task may run for minutes without an event
  const timer = setInterval(() => progress.update(ledger.stages()), tickMs);
  timer.unref?.();
  return {
    onEvent(event) {
      ledger.apply(event);
    },
    close(summary) {
      clearInterval(timer);
      progress.update(ledger.stages());
      progress.wipe();
      release();
      if (summary) process.stderr.write(formatSummary(ledger, Date.now() - startedMs));
    },
  };
}

function chooseProgress(choice: ProgressChoice, screen: ProgressScreen): Progress {
  switch (choice) {
    case "auto":
      return process.stderr.isTTY === true && process.env.TERM !== "dumb" ? barProgress(screen) : lineProgress(screen);
    case "bar":
      return barProgress(screen);
    case "lines":
      return lineProgress(screen);
    case "none":
      return noProgress;
  }
}

function stderrScreen(): ProgressScreen {
  const write = process.stderr.write.bind(process.stderr);
  return {
    write(text) {
      write(text);
    },
    get columns() {
      return process.stderr.columns || 80; // 0 where the terminal does not say
    },
    nowMs: () => Date.now(),
  };
}

const consoleMethods = ["log", "info", "debug", "warn", "error", "table", "dir"] as const;

/** Makes the job's own printing wipe the bars first; gives the undo. */
function wipeBeforeOutput(progress: Progress): () => void {
  const undo: (() => void)[] = [];
  for (const name of consoleMethods) {
    const print = console[name];
    console[name] = (...args: unknown[]) => {
      progress.wipe();
      Reflect.apply(print, console, args);
    };
    undo.push(() => (console[name] = print));
  }
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write;
    stream.write = (...args: unknown[]) => {
      progress.wipe();
      return Reflect.apply(write, stream, args) as boolean;
    };
    undo.push(() => (stream.write = write));
  }
  return () => undo.forEach(each => each());
}
