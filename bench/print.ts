/** Results as lines of the console, each as soon as it is there. */
import { showMegabytes, showSeconds, type Timing } from "./measure.ts";
import type { FigureResult, GeneratedResult, JobResult, KernelResult } from "./results.ts";

const nameWidth = 46;

export function heading(text: string): string {
  return `\n# ${text}`;
}

/** A line a contender: time, spread, peak memory, and how many times our own that is. */
export function jobLines(job: JobResult): string {
  const ours = job.contenders[0]!.timing.seconds;
  const lines = job.contenders.map(({ label, timing, peakBytes }, i) => {
    const peak = peakBytes === undefined ? "" : showMegabytes(peakBytes);
    const ratio = i === 0 ? "" : `firesteel takes ${Number((ours / timing.seconds).toPrecision(2))} ×`;
    return `  ${label.padEnd(10)} ${showTiming(timing)} ${peak.padStart(9)}  ${ratio}`.trimEnd();
  });
  return [job.title, ...lines].join("\n");
}

export function kernelHeading(): string {
  return row("case", "kernel", "JS loop", "C", "÷ JS", "÷ C");
}

export function kernelLine({ name, kernel, jsLoop, c }: KernelResult): string {
  return row(
    name,
    showSeconds(kernel.seconds),
    showSeconds(jsLoop.seconds),
    c === undefined ? "–" : showSeconds(c),
    (kernel.seconds / jsLoop.seconds).toFixed(3),
    c === undefined ? "–" : (kernel.seconds / c).toFixed(2),
  );
}

export function generatedHeading(): string {
  return row("loop", "generated", "JS loop", "C", "÷ C", "C fast-math");
}

export function generatedLine({ name, generated, jsLoop, c, fastMathC }: GeneratedResult): string {
  return row(
    name,
    showSeconds(generated.seconds),
    showSeconds(jsLoop.seconds),
    c === undefined ? "–" : showSeconds(c.seconds),
    c === undefined ? "–" : (generated.seconds / c.seconds).toFixed(2),
    fastMathC === undefined ? "–" : showSeconds(fastMathC.seconds),
  );
}

export function figureLine({ name, timing }: FigureResult): string {
  return `${name.padEnd(nameWidth)} ${showTiming(timing)}`;
}

function showTiming({ seconds, min, max, runs }: Timing): string {
  return `${showSeconds(seconds).padStart(9)}  ${`(${showSeconds(min)} – ${showSeconds(max)}, ${runs} runs)`.padEnd(34)}`;
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(nameWidth) + cells.map(cell => cell.padStart(12)).join("");
}
