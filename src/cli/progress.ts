/**
 * Progress of running stages on stderr. Bars on a terminal: one line, redrawn in place at most ten times a second and wiped
 * before anything else is printed. Lines otherwise, and only for stages that take a while.
 *
 *   [Stage 3: map at job.ts:4  =======>            (12 + 2) / 40]
 *
 * The numbers are tasks done, running, and all, as in Spark.
 */
import type { StageTotals } from "../base/events.ts";
import { formatDuration } from "../base/quantity.ts";
import { cut } from "./table.ts";

export interface Progress {
  /** Looks at the stages as they are; cheap enough to call at any time. */
  update(stages: readonly StageTotals[]): void;
  /** Takes the bars off the screen until the next update. */
  wipe(): void;
}

export interface ProgressScreen {
  write(text: string): void;
  /** Of the terminal. */
  readonly columns: number;
  nowMs(): number;
}

const redrawEveryMs = 100;
const barsMax = 3;
/** Bars of shorter stages would only flicker. */
const barAfterMs = 200;
const lineAfterMs = 3_000;
const lineEveryMs = 10_000;

export const noProgress: Progress = { update() {}, wipe() {} };

export function barProgress(screen: ProgressScreen): Progress {
  let shown = "";
  let drawnMs = -Infinity;
  const wipe = () => {
    if (shown !== "") screen.write("\r\x1b[K");
    shown = "";
  };
  return {
    wipe,
    update(stages) {
      const now = screen.nowMs();
      if (now - drawnMs < redrawEveryMs) return;
      const running = stages.filter(stage => stage.state === "running" && now - stage.submittedMs >= barAfterMs);
      const line = drawBars(running, screen.columns);
      if (line === shown) return;
      drawnMs = now;
      if (line === "") return wipe();
      screen.write(`\r${line}\x1b[K`);
      shown = line;
    },
  };
}

export function lineProgress(screen: ProgressScreen): Progress {
  const toldMs = new Map<number, number>();
  return {
    wipe() {},
    update(stages) {
      const now = screen.nowMs();
      for (const stage of stages) {
        const told = toldMs.get(stage.stage);
        if (stage.state === "running") {
          const due = told === undefined ? stage.submittedMs + lineAfterMs : told + lineEveryMs;
          if (now < due) continue;
          toldMs.set(stage.stage, now);
          screen.write(`stage ${stage.stage} (${stage.name}): ${stage.tasksDone} of ${stage.tasks} tasks done\n`);
        } else if (told !== undefined) {
          toldMs.delete(stage.stage);
          const tookMs = (stage.completedMs ?? now) - stage.submittedMs;
          screen.write(`stage ${stage.stage} (${stage.name}): ${stage.state} in ${formatDuration(tookMs)}\n`);
        }
      }
    },
  };
}

/** Left free at a line's end, so that the `^C` which a terminal echoes does not begin a new line. */
const columnsFree = 3;

/** The running stages side by side in one line; "" when nothing runs. */
export function drawBars(running: readonly StageTotals[], columns: number): string {
  const shown = running.slice(0, barsMax);
  if (shown.length === 0) return "";
  const width = Math.max(24, Math.floor((columns - columnsFree) / shown.length));
  return cut(shown.map(stage => drawBar(stage, width)).join(""), columns - columnsFree);
}

function drawBar(stage: StageTotals, width: number): string {
  const numbers = ` (${stage.tasksDone} + ${stage.tasksRunning}) / ${stage.tasks}]`;
  const title = cut(`[Stage ${stage.stage}: ${stage.name} `, Math.max(12, Math.floor((width - numbers.length) * 0.6)));
  const room = width - title.length - numbers.length;
  if (room <= 0) return title + numbers;
  const filled = Math.floor((room * stage.tasksDone) / Math.max(1, stage.tasks));
  const bar = filled >= room ? "=".repeat(room) : `${"=".repeat(filled)}>`;
  return title + bar.padEnd(room) + numbers;
}
