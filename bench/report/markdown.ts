/** The results as Markdown tables: what the README shows. */
import { machineLine, showMegabytes, showSeconds } from "../measure.ts";
import { findContender, type BenchResults, type ContenderResult, type JobResult } from "../results.ts";

/** Columns in this order, where anybody has them; GNU sort stands in C's. */
const columns = [
  { title: "Firesteel", labels: ["firesteel"] },
  { title: "script, 1 thread", labels: ["script"] },
  { title: "C, 1 thread", labels: ["c", "sort"] },
  { title: "Spark", labels: ["spark"] },
] as const;

export function markdownOf(results: BenchResults): string {
  return [
    machineLine(results.machine),
    Object.values(results.versions).join("; "),
    `Medians; Firesteel has ${results.threads} task threads. × is how many times Firesteel's time the others take.`,
    ...(results.startup.length > 0 ? [startupTable(results)] : []),
    ...(results.jobs.length > 0 ? [jobTable(results.jobs)] : []),
    ...(results.generated.length > 0 ? [generatedTable(results)] : []),
    ...(results.kernels.length > 0 ? [kernelTable(results)] : []),
  ].join("\n\n");
}

function jobTable(jobs: readonly JobResult[]): string {
  const shown = columns.filter(({ labels }) => jobs.some(job => pick(job, labels) !== undefined));
  const header = ["", ...shown.map(each => each.title), "peak memory"];
  const rows = jobs.map(job => [
    job.title,
    ...shown.map(({ labels }) => timeAndRatio(job, pick(job, labels))),
    showPeak(job.contenders[0]!),
  ]);
  return table(header, rows);
}

function pick(job: JobResult, labels: readonly string[]): ContenderResult | undefined {
  return labels.map(label => findContender(job, label)).find(each => each !== undefined);
}

/** "1.20 s (3.1 ×)": how many times Firesteel's time that is. */
function timeAndRatio(job: JobResult, other: ContenderResult | undefined): string {
  if (other === undefined) return "–";
  const own = job.contenders[0]!;
  const time = `${showSeconds(other.timing.seconds)}${other.label === "sort" ? " (GNU sort)" : ""}`;
  if (other === own) return `**${time}**`;
  return `${time}, ${showFactor(other.timing.seconds / own.timing.seconds)}`;
}

export function showFactor(factor: number): string {
  return `${factor >= 10 ? factor.toFixed(0) : factor.toFixed(factor >= 1 ? 1 : 2)} ×`;
}

function showPeak({ peakBytes }: ContenderResult): string {
  return peakBytes === undefined ? "–" : showMegabytes(peakBytes);
}

function startupTable({ startup }: BenchResults): string {
  return table(
    ["", "start to exit"],
    startup.map(({ name, timing }) => [name, showSeconds(timing.seconds)]),
  );
}

function generatedTable({ generated, compiling }: BenchResults): string {
  const loops = generated.map(({ name, generated: own, jsLoop, c }) => [
    name,
    showSeconds(own.seconds),
    showSeconds(jsLoop.seconds),
    c === undefined ? "–" : `${showSeconds(c.seconds)}, ${(c.seconds / own.seconds).toFixed(2)} of its speed`,
  ]);
  const figures = compiling.map(({ name, timing }) => [name, showSeconds(timing.seconds), "–", "–"]);
  return table(["generated code", "Firesteel", "JavaScript loop", "C"], [...loops, ...figures]);
}

function kernelTable({ kernels }: BenchResults): string {
  const rows = kernels.map(({ name, kernel, jsLoop, c }) => [
    name,
    showSeconds(kernel.seconds),
    showSeconds(jsLoop.seconds),
    c === undefined ? "–" : showSeconds(c),
  ]);
  const title = `${kernels.length} kernels, one thread`;
  return `<details><summary>${title}</summary>\n\n${table(["kernel", "Firesteel", "JavaScript loop", "C"], rows)}\n\n</details>`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
