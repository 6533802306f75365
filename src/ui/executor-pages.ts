/** Pages of an application's executors, what they keep, and its settings. */
import type { ExecutorSummary } from "../exec/remote-executors.ts";
import type { AppStatus } from "./app-status.ts";
import type { ApplicationView } from "./application-view.ts";
import { amountCell, badge, bar, bytes, count, duration, elapsed, moment } from "./format.ts";
import { html, type Html, outsideLink } from "./html.ts";
import type { Page } from "./layout.ts";
import { maskedSettings } from "./masked.ts";
import type { ExecutorHistory } from "./status-records.ts";
import { facts, section, table } from "./table.ts";

export function executorsPage(status: AppStatus, view: ApplicationView, nowMs: number): Page {
  const all = view.executors();
  const alive = status.executors.filter(each => each.lostMs === undefined);
  const isCluster = all.length > 0 || status.executors.some(each => each.host !== undefined);
  const lost = status.executors.filter(each => each.lostMs !== undefined).toReversed();
  const sum = (of: (summary: ExecutorSummary) => number) => all.reduce((sums, each) => sums + of(each), 0);
  const memory = sum(each => each.memoryBytes);
  const taken = sum(each => usedBytes(each));
  const body = html`${facts([
    ["Here", count(alive.length)],
    ["Lost", count(lost.length)],
    ["Tasks running", count(alive.reduce((running, each) => running + each.running, 0))],
    all.length > 0 && ["Cores", count(sum(each => each.cores))],
    all.length > 0 && ["Memory", bar(taken, memory, `${bytes(taken)} of ${bytes(memory)}`)],
  ])}
  ${section("Work", workTable(alive, isCluster, nowMs))} ${all.length > 0 && section("Processes", processTable(all))}
  ${lost.length > 0 && section("Lost", lostTable(lost))}`;
  return { title: "Executors", body };
}

function usedBytes({ metrics }: ExecutorSummary): number {
  return metrics === undefined ? 0 : metrics.taskBytes + metrics.storageBytes + metrics.exchangeBytes;
}

const numbers = (...titles: readonly string[]) => titles.map(title => ({ title, number: true }));

function workTable(executors: readonly ExecutorHistory[], isCluster: boolean, nowMs: number): Html {
  const rows = executors.map(each => [
    each.executor,
    ...(isCluster ? [each.host ?? "–"] : []),
    each.running,
    count(each.done),
    count(each.failed),
    html`<span class="keep">${duration(each.runMs)}</span>`,
    amountCell(each.inputBytes, each.inputRows),
    amountCell(each.shuffleReadBytes, each.shuffleReadRows),
    amountCell(each.shuffleWriteBytes, each.shuffleWriteRows),
    html`<span class="keep">${elapsed(each.addedMs, undefined, nowMs)}</span>`,
  ]);
  const columns = [
    ...numbers(isCluster ? "Executor" : "Thread"),
    ...(isCluster ? [{ title: "Host" }] : []),
    ...numbers("Running", "Done", "Failed", "Task time", "Input", "Shuffle read", "Shuffle write", "Here for"),
  ];
  return table(columns, rows, { empty: "No executor has registered." });
}

/** Of a cluster's executors, as of their last heartbeat. */
function processTable(executors: readonly ExecutorSummary[]): Html {
  const rows = executors.map(summary => {
    const { executor, host, address, metrics, memoryBytes, cores, pid, logUrl } = summary;
    return [
      executor,
      html`<span class="keep">${`${host}:${address.port}`}</span>`,
      pid,
      cores,
      bar(usedBytes(summary), memoryBytes, `${bytes(usedBytes(summary))} of ${bytes(memoryBytes)}`),
      bytes(metrics?.taskBytes),
      bytes(metrics?.storageBytes),
      count(metrics?.cachedPartitions ?? 0),
      bytes(metrics?.exchangeBytes),
      bytes(metrics?.residentBytes),
      logUrl === undefined ? "–" : outsideLink(logUrl, "logs"),
    ];
  });
  const columns = [
    ...numbers("Executor"),
    { title: "Address" },
    ...numbers("Process", "Cores"),
    { title: "Memory" },
    ...numbers("Tasks", "Storage", "Cached partitions", "Shuffle", "Resident"),
    { title: "Logs" },
  ];
  return table(columns, rows);
}

function lostTable(executors: readonly ExecutorHistory[]): Html {
  const rows = executors.map(each => [
    each.executor,
    each.host ?? "–",
    badge("lost"),
    count(each.done),
    count(each.failed),
    moment(each.addedMs),
    moment(each.lostMs),
    html`<span class="error">${each.lostReason}</span>`,
  ]);
  const columns = [
    { title: "Executor", number: true },
    ...["Host", "State"].map(title => ({ title })),
    ...["Done", "Failed"].map(title => ({ title, number: true })),
    ...["Since", "Lost", "Reason"].map(title => ({ title })),
  ];
  return table(columns, rows);
}

export function storagePage(status: AppStatus, view: ApplicationView): Page {
  const known = view.cached?.();
  const sums = new Map<number, { partitions: Set<number>; copies: number; bytes: number; diskBytes: number }>();
  for (const { rdd, partition, bytes: size, diskBytes } of known ?? []) {
    const sum = sums.get(rdd) ?? { partitions: new Set(), copies: 0, bytes: 0, diskBytes: 0 };
    sum.partitions.add(partition);
    sum.copies++;
    sum.bytes += size;
    sum.diskBytes += diskBytes;
    sums.set(rdd, sum);
  }
  // an Rdd that holds nothing is one that was unpersisted, or not computed yet
  const shown = status.persistedRdds.filter(rdd => known === undefined || sums.has(rdd.id)).toReversed();
  const rows = shown.map(rdd => {
    const sum = sums.get(rdd.id);
    const held =
      sum === undefined
        ? ["–", "–", "–", "–"]
        : [count(sum.partitions.size), count(sum.copies), bytes(sum.bytes), bytes(sum.diskBytes)];
    return [rdd.id, rdd.name, rdd.level, ...held];
  });
  const columns = [
    { title: "Rdd", number: true },
    ...["Name", "Level"].map(title => ({ title })),
    ...["Partitions", "Copies", "In memory", "On disk"].map(title => ({ title, number: true })),
  ];
  const executors = view.executors().filter(each => each.metrics !== undefined);
  const held = executors.map(({ executor, host, metrics }) => [
    executor,
    host,
    count(metrics!.cachedPartitions),
    bytes(metrics!.storageBytes),
    bytes(metrics!.cachedDiskBytes),
  ]);
  const heldColumns = [
    { title: "Executor", number: true },
    { title: "Host" },
    ...["Partitions", "Storage memory", "On disk"].map(title => ({ title, number: true })),
  ];
  const body = html`${section("Kept Rdds", table(columns, rows, { empty: "Nothing is kept." }))}
  ${held.length > 0 && section("By executor", table(heldColumns, held))}`;
  return { title: "Storage", body };
}

export function environmentPage(view: ApplicationView, nowMs: number): Page {
  const { application, settings } = view;
  const body = html`${facts([
    ["Application", application.name],
    application.id !== undefined && ["Id", html`<span class="id">${application.id}</span>`],
    ["User", application.user],
    ["Started", moment(application.startedMs)],
    ["Up for", elapsed(application.startedMs, undefined, nowMs)],
    ["Runtime", runtimeName()],
    ["System", `${process.platform} ${process.arch}`],
    ["Process", process.pid],
  ])}
  ${section(
    "Settings",
    table(
      [{ title: "Key" }, { title: "Value" }],
      maskedSettings(settings).map(([key, value]) => [html`<code>${key}</code>`, value]),
    ),
  )}`;
  return { title: "Environment", body };
}

export function runtimeName(): string {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  return bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
}
