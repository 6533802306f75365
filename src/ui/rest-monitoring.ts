/**
 * What the driver knows of its application as data, in the form of Spark's monitoring REST: `/api/v1/applications/{id}/…`. Fields
 * that Firesteel does not measure are left out; wrong parameters are 400 with the reason, unknown ids 404.
 */
import { Hono } from "hono";
import { version } from "../api/version.ts";
import type { Clock } from "../base/clock.ts";
import type { RestEnv } from "../deploy/rest-authentication.ts";
import type { AppStatus, SkippedStage } from "./app-status.ts";
import { applicationId, type ApplicationView } from "./application-view.ts";
import { runtimeName } from "./executor-pages.ts";
import { maskedSettings } from "./masked.ts";
import {
  type ExecutorContext,
  executorSummary,
  jobData,
  jobStatusOf,
  skippedStageData,
  sparkTime,
  stageData,
  stageStatusOf,
  taskData,
  taskMetricDistributions,
} from "./monitoring-data.ts";
import { asPageError, PageError } from "./page-error.ts";
import type { PageContext } from "./pages-app.ts";
import type { StageStatus } from "./status-records.ts";
import type { TaskColumn } from "./task-table.ts";

const taskRowsDefault = 20;
const taskRowsMax = 5000;
const quantilesMax = 100;

/** Spark's names of what tasks are sorted by. */
const taskSorts: Readonly<Record<string, readonly [TaskColumn, descending: boolean]>> = {
  ID: ["attempt", false],
  INCREASING_RUNTIME: ["runMs", false],
  DECREASING_RUNTIME: ["runMs", true],
};

export function monitoringApp(status: AppStatus, view: ApplicationView, clock: Clock): Hono<RestEnv> {
  const app = new Hono<RestEnv>();
  const { application } = view;
  app.get("/version", c => c.json({ spark: version }));
  app.get("/applications", c => c.json([applicationInfo(view, clock.nowMs())]));
  const own = new Hono<RestEnv>();
  own.use("*", async (c, next) => {
    if (c.req.param("app") !== applicationId(application)) throw new PageError(404, "unknown application");
    await next();
  });
  own.get("/", c => c.json(applicationInfo(view, clock.nowMs())));
  own.get("/jobs", c => {
    const wanted = c.req.queries("status") ?? [];
    const jobs = status.jobs
      .toReversed()
      .filter(job => wanted.length === 0 || wanted.some(each => each.toUpperCase() === jobStatusOf(job)));
    return c.json(jobs.map(jobData));
  });
  own.get("/jobs/:job", c => c.json(jobData(found(status.job(numberAt(c, "job")), "job"))));
  addStages(own, status);
  const executors = (all: boolean): unknown => {
    const summaries = new Map(view.executors().map(summary => [summary.executor, summary]));
    const listed = status.executors.filter(each => all || each.lostMs === undefined);
    return listed.map(history =>
      executorSummary({ history, summary: summaries.get(history.executor) } satisfies ExecutorContext),
    );
  };
  own.get("/executors", c => c.json(executors(false) as object));
  own.get("/allexecutors", c => c.json(executors(true) as object));
  own.get("/environment", c => c.json(environmentInfo(view)));
  app.route("/applications/:app", own);
  app.all("*", () => {
    throw new PageError(404, "nothing is served there");
  });
  app.onError((thrown, c) => {
    const { status: code, message, hint } = asPageError(thrown);
    return c.json({ message, ...(hint !== undefined && { hint }) }, code);
  });
  return app;
}

function addStages(own: Hono<RestEnv>, status: AppStatus): void {
  own.get("/stages", c => {
    const wanted = c.req.queries("status") ?? [];
    const isWanted = (state: string) => wanted.length === 0 || wanted.some(each => each.toUpperCase() === state);
    const ran = status.stages.toReversed().filter(stage => isWanted(stageStatusOf(stage)));
    const skipped = isWanted("SKIPPED") ? neverRun(status) : [];
    const all = [...ran.map(stageData), ...skipped.map(skippedStageData)];
    return c.json(all.sort((a, b) => b.stageId - a.stageId));
  });
  own.get("/stages/:stage", c => {
    const id = numberAt(c, "stage");
    const attempts = status.attemptsOf(id);
    if (attempts.length > 0) return c.json(attempts.map(stageData));
    return c.json([
      skippedStageData(
        found(
          neverRun(status).find(each => each.stage === id),
          "stage",
        ),
      ),
    ]);
  });
  const stageAt = (c: PageContext) =>
    found(status.stage(numberAt(c, "stage"), numberAt(c, "attempt")), "stage attempt");
  own.get("/stages/:stage/:attempt", c => c.json(stageData(stageAt(c))));
  own.get("/stages/:stage/:attempt/taskSummary", c => {
    const parts = quantilesOf(c.req.query("quantiles"));
    const summary = taskMetricDistributions(stageAt(c), parts);
    if (summary === undefined) throw new PageError(404, "no task has succeeded, or they are no longer kept");
    return c.json(summary);
  });
  own.get("/stages/:stage/:attempt/taskList", c => {
    const stage = stageAt(c);
    const offset = countAt(c, "offset", 0, Number.MAX_SAFE_INTEGER);
    const length = countAt(c, "length", taskRowsDefault, taskRowsMax);
    return c.json(taskList(stage, status, c.req.query("sortBy"), offset, length) as object);
  });
}

/** Skipped stages; one that another job ran stands as that. */
function neverRun(status: AppStatus): readonly SkippedStage[] {
  const ran = new Set(status.stages.map(each => each.stage));
  return status.skippedStages.filter(each => !ran.has(each.stage) && ran.add(each.stage));
}

function taskList(
  stage: StageStatus,
  status: AppStatus,
  sortBy: string | undefined,
  offset: number,
  length: number,
): unknown {
  const name = (sortBy ?? "ID").toUpperCase();
  const sort = Object.hasOwn(taskSorts, name) ? taskSorts[name] : undefined;
  if (sort === undefined) throw new PageError(400, `sortBy is one of ${Object.keys(taskSorts).join(", ")}`);
  const rows = stage.table?.rows(...sort, offset, length) ?? [];
  return rows.map(row => taskData(row, status.executor(row.executor)?.host));
}

function applicationInfo({ application }: ApplicationView, nowMs: number) {
  const { name, user, startedMs } = application;
  const attempt = {
    startTime: sparkTime(startedMs),
    endTime: "1969-12-31T23:59:59.999GMT",
    lastUpdated: sparkTime(nowMs),
    duration: nowMs - startedMs,
    sparkUser: user,
    completed: false,
    appSparkVersion: version,
  };
  return { id: applicationId(application), name, attempts: [attempt] };
}

function environmentInfo(view: ApplicationView) {
  return {
    runtime: { javaVersion: runtimeName(), javaHome: "", scalaVersion: "" },
    sparkProperties: maskedSettings(view.settings),
    hadoopProperties: [],
    systemProperties: [
      ["os.name", process.platform],
      ["os.arch", process.arch],
    ],
    classpathEntries: [],
  };
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new PageError(404, `unknown ${what}`);
  return value;
}

function numberAt(c: PageContext, name: string): number {
  const text = c.req.param(name) ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new PageError(404, `unknown ${name}`);
}

function countAt(c: PageContext, name: string, standard: number, most: number): number {
  const text = c.req.query(name);
  if (text === undefined) return standard;
  const amount = /^\d{1,15}$/.test(text) ? Number(text) : Infinity;
  if (amount <= most) return amount;
  throw new PageError(400, `${name} is a number from 0 to ${most}`);
}

function quantilesOf(text: string | undefined): readonly number[] {
  if (text === undefined) return [0.05, 0.25, 0.5, 0.75, 0.95];
  const parts = text.split(",").map(part => (part.trim() === "" ? NaN : Number(part)));
  if (parts.length <= quantilesMax && parts.every(part => part >= 0 && part <= 1)) return parts;
  throw new PageError(400, "quantiles are numbers from 0 to 1 with commas between them");
}
