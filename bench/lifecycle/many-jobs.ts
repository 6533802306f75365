/**
 * Many jobs in one Context: what is held after the 50th and after the last, which should be the same:
 *
 *   firesteel run --conf firesteel.executor.idleMemoryDelay=2s bench/lifecycle/many-jobs.ts [jobs]
 *   firesteel run --master local-cluster[1,2,256] --conf firesteel.ui.enabled=true --conf firesteel.executor.heartbeatInterval=100ms …
 *
 * Resident memory of the process, at once and at rest, when idle threads have given back what they can; on a cluster with pages
 * also what executors account for and have resident. Shuffles, sorts, caches that are freed and that are forgotten, broadcasts
 * and accumulators that are forgotten, rows that are collected.
 */
import { type Context, StorageLevel } from "firesteel";

export default async function main(ctx: Context, [jobs = "1000"]: string[]): Promise<void> {
  const last = Number(jobs);
  let early: Figures | undefined;
  for (let i = 1; i <= last; i++) {
    await kinds[i % kinds.length]!(ctx, i);
    if (i % 10 === 0) await settle(5);
    if (i !== 50 && i !== last && i % 200 !== 0) continue;
    const now = await figures(ctx, i === 50 || i === last);
    console.log(
      `after ${i} jobs: ${Object.entries(now)
        .map(([name, bytes]) => `${name} ${mb(bytes)}`)
        .join(", ")}`,
    );
    if (i === 50) early = now;
    if (i === last && early !== undefined) compare(early, now);
  }
}

interface Figures {
  readonly driverResident: number;
  /** 0 where it is not waited for. */
  readonly driverAtRest: number;
  readonly executorsResident: number;
  readonly executorsHold: number;
}

function compare(early: Figures, now: Figures): void {
  const shareOf = (name: keyof Figures) => (early[name] === 0 ? 0 : (100 * (now[name] - early[name])) / early[name]);
  console.log(
    `against the 50th: driver ${shareOf("driverResident").toFixed(1)} %, at rest ${shareOf("driverAtRest").toFixed(1)} %, executors ${shareOf("executorsResident").toFixed(1)} %, ` +
      `held ${mb(now.executorsHold - early.executorsHold)} more`,
  );
  const isMore = (["driverResident", "driverAtRest", "executorsResident"] as const).some(name => shareOf(name) > 10);
  if (isMore || now.executorsHold > early.executorsHold) process.exitCode = 1;
}

const kinds: readonly ((ctx: Context, i: number) => Promise<unknown>)[] = [
  (ctx, i) =>
    ctx
      .range(0, 20_000, 1, 4)
      .map(n => [n % 100, i])
      .reduceByKey((a, b) => a + b)
      .collect(),
  (ctx, i) =>
    ctx
      .range(0, 20_000, 1, 4)
      .map(n => `${(n * 7919) % 10_007} ${i}`)
      .sortBy(text => text)
      .count(),
  async ctx => {
    const rows = ctx
      .range(0, 50_000, 1, 4)
      .map(n => n * 2)
      .cache();
    await rows.sum();
    await rows.unpersist();
  },
  (ctx, i) =>
    ctx
      .range(0, 50_000, 1, 4)
      .map(n => n + i)
      .cache()
      .count(),
  (ctx, i) =>
    ctx
      .range(0, 50_000, 1, 4)
      .map(n => n + i)
      .persist(StorageLevel.DISK_ONLY)
      .count(),
  (ctx, i) => {
    const table = ctx.broadcast(Array.from({ length: 5000 }, (_, at) => at * i));
    return ctx
      .range(0, 5000, 1, 4)
      .map(n => table.value[n]!)
      .sum();
  },
  (ctx, i) => {
    const seen = ctx.longAccumulator();
    return ctx.range(0, 1000, 1, 4).foreach(n => seen.add(n + i));
  },
  ctx =>
    ctx
      .range(0, 20_000, 1, 4)
      .map(n => ({ n, text: `row ${n}` }))
      .collect(),
  (ctx, i) => {
    const rows = ctx.range(0, 5000, 1, 4).map(n => [n % 50, i]);
    return rows.join(rows.mapValues(n => n + 1).reduceByKey((a, b) => a + b)).count();
  },
  ctx =>
    ctx
      .range(0, 5000, 1, 4)
      .map(n => n * 3)
      .localCheckpoint()
      .count(),
];

/** Lets garbage be found, and the engine hear of it. */
async function settle(ms: number): Promise<void> {
  Bun.gc(true);
  await new Promise(resolve => setTimeout(resolve, ms));
}

async function figures(ctx: Context, isRestAwaited: boolean): Promise<Figures> {
  for (let i = 0; i < 20; i++) await settle(20);
  await ctx.range(1).count();
  await settle(300);
  const driverResident = process.memoryUsage.rss();
  const delayMs = ctx.config.get("firesteel.executor.idleMemoryDelay");
  if (isRestAwaited && delayMs > 0) await settle(delayMs + 2000);
  const driverAtRest = isRestAwaited ? process.memoryUsage.rss() : 0;
  const url = ctx.uiWebUrl;
  if (url === undefined) return { driverResident, driverAtRest, executorsResident: 0, executorsHold: 0 };
  const answer = await fetch(`${url}/api/v1/applications/${ctx.applicationId}/executors`);
  const executors = (await answer.json()) as { diskUsed: number; engineMemory?: Record<string, number> }[];
  const sum = (of: (executor: (typeof executors)[number]) => number) =>
    executors.reduce((all, each) => all + of(each), 0);
  return {
    driverResident,
    driverAtRest,
    executorsResident: sum(({ engineMemory }) => engineMemory?.["residentBytes"] ?? 0),
    executorsHold: sum(({ engineMemory, diskUsed }) => {
      const { taskBytes = 0, storageBytes = 0, exchangeBytes = 0 } = engineMemory ?? {};
      return taskBytes + storageBytes + exchangeBytes + diskUsed;
    }),
  };
}

function mb(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
