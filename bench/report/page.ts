/** The results as one HTML page that needs nothing else: style and plots are in it, nothing is loaded, nothing runs. */
import { machineLine, showMegabytes, showSeconds, type Timing } from "../measure.ts";
import type { BenchResults, JobResult, ScalingResult } from "../results.ts";
import { markdownOf, showFactor } from "./markdown.ts";
import { style } from "./style.ts";
import { barPlot, escapeText, linePlot, ratioPlot, seriesClass, type Bar } from "./svg.ts";

export function reportPage(results: BenchResults): string {
  const body = [
    "<h1>Firesteel benchmarks</h1>",
    `<p class="facts">${escapeText(machineLine(results.machine))}<br>${escapeText(Object.values(results.versions).join(" · "))}</p>`,
    "<p>Medians; thin lines span the fastest and the slowest run. All contenders of a job gave the same answer; they took turns, but for Spark, which ran first.</p>",
    ...section("Jobs", jobPlots(results)),
    ...section("Scaling", results.scaling.length === 0 ? [] : scalingPlots(results.scaling)),
    ...section("Generated code", generatedPlots(results)),
    ...section("Kernels", kernelPlots(results)),
    ...section("Start-up", startupPlots(results)),
    ...section("As Markdown", [`<pre>${escapeText(markdownOf(results))}</pre>`]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Firesteel benchmarks, ${escapeText(results.machine.date)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body.join("\n")}
</main>
</body>
</html>
`;
}

function section(title: string, content: readonly string[]): string[] {
  return content.length === 0 ? [] : [`<section><h2>${title}</h2>`, ...content, "</section>"];
}

function figure(caption: string, plot: string): string {
  return `<figure><figcaption>${escapeText(caption)}</figcaption>${plot}</figure>`;
}

function jobPlots({ jobs, threads }: BenchResults): string[] {
  if (jobs.length === 0) return [];
  const others = [...new Set(jobs.flatMap(job => job.contenders.slice(1).map(each => each.label)))];
  const key = others.map(keyOf).join(" ");
  const ratios = jobs
    .filter(job => job.contenders.length > 1)
    .map(job => ({
      label: job.name,
      factors: new Map(
        job.contenders.slice(1).map(each => [each.label, each.timing.seconds / job.contenders[0]!.timing.seconds]),
      ),
    }));
  return [
    `<p>Firesteel has ${threads} threads, the script and C one. Right of 1 × Firesteel is faster. ${key}</p>`,
    ...(ratios.length === 0
      ? []
      : [figure("how many times Firesteel's time the others take", ratioPlot("Ratios", ratios))]),
    ...jobs.map(job =>
      figure(
        job.title,
        barPlot(
          job.title,
          job.contenders.map(each => jobBar(job, each.label)),
        ),
      ),
    ),
  ];
}

function jobBar(job: JobResult, label: string): Bar {
  const { timing, peakBytes } = job.contenders.find(each => each.label === label)!;
  const own = job.contenders[0]!;
  const notes = [
    showSeconds(timing.seconds),
    ...(label === own.label ? [] : [showFactor(timing.seconds / own.timing.seconds)]),
    ...(peakBytes === undefined ? [] : [showMegabytes(peakBytes)]),
  ];
  return bar(label, timing, notes.join(" · "));
}

function bar(label: string, timing: Timing, note = showSeconds(timing.seconds)): Bar {
  return { label, value: timing.seconds, min: timing.min, max: timing.max, note };
}

function scalingPlots(scaling: readonly ScalingResult[]): string[] {
  const share = (rows: number) => `${Math.round(rows * 100)} %`;
  const byRows = scaling.map(({ name, byRows: points }) => {
    const most = Math.max(...points.map(point => point.rows));
    return { label: name, points: points.map(({ rows, timing }) => ({ x: rows / most, y: timing.seconds })) };
  });
  const byThreads = scaling.map(({ name, byThreads: points }) => ({
    label: name,
    points: points.map(({ threads, timing }) => ({ x: threads, y: timing.seconds })),
  }));
  return [
    figure("time by rows, as a part of all", linePlot("Time by rows", byRows, share)),
    figure("time by threads", linePlot("Time by threads", byThreads, String)),
  ];
}

function generatedPlots({ generated, compiling }: BenchResults): string[] {
  return [
    ...generated.map(({ name, generated: own, jsLoop, c, fastMathC }) =>
      figure(
        name,
        barPlot(name, [
          bar("firesteel", own),
          bar("js loop", jsLoop),
          ...(c === undefined ? [] : [bar("c", c)]),
          ...(fastMathC === undefined ? [] : [bar("c fast-math", fastMathC)]),
        ]),
      ),
    ),
    ...compiling.map(({ name, timing }) => `<p>${escapeText(name)}: ${showSeconds(timing.seconds)}</p>`),
  ];
}

function kernelPlots({ kernels }: BenchResults): string[] {
  if (kernels.length === 0) return [];
  const ratios = kernels.map(({ name, kernel, jsLoop, c }) => ({
    label: name,
    factors: new Map([
      ["js loop", jsLoop.seconds / kernel.seconds],
      ...(c === undefined ? [] : [["c", c / kernel.seconds] as const]),
    ]),
  }));
  const key = ["js loop", "c"].map(keyOf).join(" ");
  return [
    `<p>One thread each. Right of 1 × the kernel is faster. ${key}</p>`,
    figure("how many times the kernel's time the others take", ratioPlot("Kernels", ratios)),
  ];
}

function keyOf(label: string): string {
  return `<span class="key ${seriesClass(label)}"></span>${escapeText(label)}`;
}

function startupPlots({ startup }: BenchResults): string[] {
  return startup.map(({ name, timing }) => figure(name, barPlot(name, [bar("firesteel", timing)])));
}
