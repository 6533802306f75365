/** Pages of an application's jobs and stages. */
import type { TaskMetrics } from "../base/events.ts";
import type { StageId } from "../base/ids.ts";
import type { AppStatus, SkippedStage } from "./app-status.ts";
import {
  amount,
  amountCell,
  badge,
  bytes,
  count,
  duration,
  elapsed,
  kernelShare,
  moment,
  progressOf,
} from "./format.ts";
import { html, type Html, type Piece } from "./html.ts";
import type { Page } from "./layout.ts";
import { PageError } from "./page-error.ts";
import { offsetOf, pageLinks, type Paging } from "./paging.ts";
import { quantileColumns, quantileParts, type JobStatus, type StageStatus } from "./status-records.ts";
import { type Fact, facts, section, table } from "./table.ts";
import { stageTasks, type TaskPaging } from "./task-rows.ts";
import { timeline } from "./timeline.ts";

export const listRows = 100;

export type ListPaging = Paging<"latest">;

export function jobsPage(status: AppStatus, paging: ListPaging, nowMs: number): Page {
  const all = status.jobs.toReversed();
  const running = all.filter(job => job.state === "running");
  const ended = all.filter(job => job.state !== "running");
  const offset = offsetOf(paging, listRows);
  const body = html`${running.length > 0 && section(html`Running <small>${count(running.length)}</small>`, jobTable(running.slice(0, listRows), nowMs))}
  ${section(
    html`Ended <small>${count(ended.length)}</small>`,
    jobTable(ended.slice(offset, offset + listRows), nowMs, leftOut(status.jobsDropped, "jobs")),
    pageLinks(paging, ended.length, listRows),
  )}`;
  return { title: "Jobs", body };
}

function leftOut(dropped: number, what: string, how = "no longer kept"): string | undefined {
  return dropped === 0 ? undefined : `${count(dropped)} older ${what} are ${how}.`;
}

function jobTable(jobs: readonly JobStatus[], nowMs: number, caption?: string): Html {
  const rows = jobs.map(job => [
    html`<a href="/jobs/${job.job}">${job.job}</a>`,
    html`<a class="name" href="/jobs/${job.job}">${job.name}</a
      >${job.description !== undefined && html`<div class="soft">${job.description}</div>`}`,
    badge(job.state),
    moment(job.submittedMs),
    html`<span class="keep">${elapsed(job.submittedMs, job.endedMs, nowMs)}</span>`,
    stagesText(job),
    progressOf(job),
  ]);
  const columns = [
    { title: "Job", number: true },
    ...["Action", "State", "Submitted", "Duration", "Stages", "Tasks"].map(title => ({ title })),
  ];
  return table(columns, rows, { empty: "No job has ended.", caption });
}

function stagesText(job: JobStatus): Html {
  const { outline, stagesCompleted, stagesSkipped, stagesCancelled } = job;
  const counts = { skipped: stagesSkipped, failed: job.stagesFailed - stagesCancelled, cancelled: stagesCancelled };
  const notes = Object.entries(counts).flatMap(([what, stages]) => (stages > 0 ? [`${stages} ${what}`] : []));
  return html`${stagesCompleted}/${outline.length - stagesSkipped}${notes.length > 0 && html`<div class="soft">${notes.join(", ")}</div>`}`;
}

export function jobPage(status: AppStatus, id: number, nowMs: number): Page {
  const job = status.job(id);
  if (job === undefined) throw new PageError(404, "there is no such job, or it is no longer kept");
  const stages = job.stages.map(ref => status.stage(ref.stage, ref.attempt)).filter(stage => stage !== undefined);
  const skipped = job.outline.filter(stage => stage.skipped).map(stage => ({ job: job.job, ...stage }));
  const body = html`${facts([
    ["State", badge(job.state)],
    ["Submitted", moment(job.submittedMs)],
    ["Duration", elapsed(job.submittedMs, job.endedMs, nowMs)],
    ["Stages", stagesText(job)],
    ["Tasks", progressOf(job)],
    job.group !== undefined && ["Group", job.group],
    ["Pool", job.pool],
    job.description !== undefined && ["Description", job.description],
  ])}
  ${job.error !== undefined && html`<pre class="error">${job.error.message}</pre>`} ${timeline(stages, nowMs)}
  ${section("Stages", stageTable(stages.slice(-listRows).toReversed(), nowMs, leftOut(Math.max(job.stages.length - Math.min(stages.length, listRows), 0), "stages")))}
  ${skipped.length > 0 && section(html`Skipped <small>${skippedNote}</small>`, skippedTable(skipped, status))}`;
  return { title: `Job ${job.job}: ${job.name}`, body };
}

export function stagesPage(status: AppStatus, paging: ListPaging, nowMs: number): Page {
  const all = status.stages.toReversed();
  const running = all.filter(stage => stage.state === "running");
  const ended = all.filter(stage => stage.state !== "running");
  const skipped = status.skippedStages;
  const offset = offsetOf(paging, listRows);
  const body = html`${running.length > 0 && section(html`Running <small>${count(running.length)}</small>`, stageTable(running.slice(0, listRows), nowMs))}
  ${section(
    html`Ended <small>${count(ended.length)}</small>`,
    stageTable(ended.slice(offset, offset + listRows), nowMs, leftOut(status.stagesDropped, "stages")),
    pageLinks(paging, ended.length, listRows),
  )}
  ${
    skipped.length > 0 &&
    section(html`Skipped <small>${count(skipped.length)}: ${skippedNote}</small>`, skippedTable(skipped, status))
  }`;
  return { title: "Stages", body };
}

const skippedNote = "the output was there, or another job made it";

type Skipped = Omit<SkippedStage, "stage"> & { readonly stage: StageId | undefined };

function skippedTable(stages: readonly Skipped[], status: AppStatus): Html {
  const rows = stages.slice(0, listRows).map(({ job, stage, name, tasks }) => {
    const ran = stage === undefined ? undefined : status.attemptsOf(stage).at(-1);
    return [
      ran === undefined ? (stage ?? "–") : html`<a href="/stages/${ran.stage}/${ran.attempt}">${ran.stage}</a>`,
      name,
      html`<a href="/jobs/${job}">${job}</a>`,
      count(tasks),
    ];
  });
  const columns = [
    { title: "Stage", number: true },
    { title: "Operator" },
    ...["Job", "Tasks"].map(title => ({ title, number: true })),
  ];
  return table(columns, rows, { caption: leftOut(Math.max(0, stages.length - listRows), "ones", "shown") });
}

/** Columns that all stages have nothing in are left out. */
const amountColumns: readonly (readonly [string, (metrics: TaskMetrics) => Piece, (metrics: TaskMetrics) => number])[] =
  [
    ["Input", of => amountCell(of.inputBytes, of.inputRows), of => of.inputRows],
    ["Shuffle read", of => amountCell(of.shuffleReadBytes, of.shuffleReadRows), of => of.shuffleReadBytes],
    ["Shuffle write", of => amountCell(of.shuffleWriteBytes, of.shuffleWriteRows), of => of.shuffleWriteBytes],
    ["Written", of => amountCell(of.outputBytes, of.outputRows), of => of.outputRows],
    ["To driver", of => amountCell(0, of.resultRows), of => of.resultRows],
    ["Kernels", of => kernelShare(of.kernelRows, of.jsRows), of => of.kernelRows + of.jsRows],
    ["Spilled", of => bytes(of.spilledBytes), of => of.spilledBytes],
  ];

function stageTable(stages: readonly StageStatus[], nowMs: number, caption?: string): Html {
  const amounts = amountColumns.filter(([, , value]) => stages.some(stage => value(stage.metrics) > 0));
  const rows = stages.map(stage => {
    const path = `/stages/${stage.stage}/${stage.attempt}`;
    const tone = stage.state === "failed" ? "error" : "soft";
    return [
      html`<a href="${path}">${stage.stage}${stage.attempt > 0 && `.${stage.attempt}`}</a>`,
      html`<a class="name" href="${path}">${stage.name}</a
        >${stage.error !== undefined && html`<div class="${tone}">${stage.error.message.slice(0, 300)}</div>`}`,
      badge(stage.state),
      moment(stage.submittedMs),
      html`<span class="keep">${elapsed(stage.submittedMs, stage.completedMs, nowMs)}</span>`,
      progressOf(stage),
      ...amounts.map(([, cell]) => cell(stage.metrics)),
    ];
  });
  const columns = [
    { title: "Stage", number: true },
    ...["Operator", "State", "Submitted", "Duration", "Tasks"].map(title => ({ title })),
    ...amounts.map(([title]) => ({ title, number: true })),
  ];
  return table(columns, rows, { empty: "No stage has ended.", caption });
}

export function stagePage(status: AppStatus, id: number, attempt: number, paging: TaskPaging, nowMs: number): Page {
  const stage = status.stage(id, attempt);
  if (stage === undefined) throw new PageError(404, "there is no such stage attempt, or it is no longer kept");
  const { metrics } = stage;
  const others = status.attemptsOf(id).filter(each => each !== stage);
  const body = html`${facts([
    ["State", badge(stage.state)],
    ["Job", html`<a href="/jobs/${stage.job}">${stage.job}</a>`],
    [
      "Attempt",
      html`${stage.attempt}${others.map(each => html` <a href="/stages/${id}/${each.attempt}">${each.attempt}</a>`)}`,
    ],
    stage.pool !== undefined && ["Pool", stage.pool],
    ["Submitted", moment(stage.submittedMs)],
    ["Duration", elapsed(stage.submittedMs, stage.completedMs, nowMs)],
    ["Tasks", progressOf(stage)],
    ["Time on threads", duration(stage.runMs)],
    ...amountFacts(metrics),
    ["By kernels", kernelShare(metrics.kernelRows, metrics.jsRows)],
    ["Spilled", bytes(metrics.spilledBytes)],
    metrics.droppedRecords > 0 && ["Malformed records left out", count(metrics.droppedRecords)],
    metrics.invalidUtf8 > 0 && ["Bytes that were not UTF-8", count(metrics.invalidUtf8)],
  ])}
  ${stage.error !== undefined && html`<pre class="error">${stage.error.message}</pre>`}
  ${section(html`Quantiles <small>of tasks that succeeded</small>`, quantileTable(stage))}
  ${section("Tasks", stageTasks(stage, status, paging, nowMs))}`;
  return { title: `Stage ${stage.stage}: ${stage.name}`, body };
}

/** Those that the stage has. */
function amountFacts(metrics: TaskMetrics): readonly (Fact | false)[] {
  const { inputBytes, inputRows, shuffleReadBytes, shuffleReadRows, remoteReadBytes, resultRows } = metrics;
  const ofOthers = remoteReadBytes > 0 && `, ${bytes(remoteReadBytes)} from other executors`;
  const { shuffleWriteBytes, shuffleWriteRows, outputBytes, outputRows } = metrics;
  return [
    inputRows + inputBytes > 0 && ["Input", amount(inputBytes, inputRows)],
    shuffleReadBytes > 0 && ["Shuffle read", html`${amount(shuffleReadBytes, shuffleReadRows)}${ofOthers}`],
    shuffleWriteBytes > 0 && ["Shuffle write", amount(shuffleWriteBytes, shuffleWriteRows)],
    outputRows + outputBytes > 0 && ["Written to files", amount(outputBytes, outputRows)],
    resultRows > 0 && ["Given to the driver", amount(0, resultRows)],
  ];
}

const quantileNames: Readonly<Record<(typeof quantileColumns)[number], readonly [string, (value: number) => string]>> =
  {
    runMs: ["Duration", duration],
    inputRows: ["Rows of input", count],
    inputBytes: ["Input", bytes],
    shuffleReadRows: ["Rows of shuffle read", count],
    shuffleReadBytes: ["Shuffle read", bytes],
    fetchWaitMs: ["Wait for other executors", duration],
    shuffleWriteRows: ["Rows of shuffle write", count],
    shuffleWriteBytes: ["Shuffle write", bytes],
    outputRows: ["Rows written to files", count],
    outputBytes: ["Written to files", bytes],
    resultRows: ["Rows given to the driver", count],
    kernelRows: ["Rows by kernels", count],
    jsRows: ["Rows by JavaScript", count],
    spilledBytes: ["Spilled", bytes],
    peakMemoryBytes: ["Peak memory", bytes],
  };

function quantileTable(stage: StageStatus): Html {
  const { quantiles, table: tasks } = stage;
  const titles = ["Least", "25 %", "Median", "75 %", "Most"];
  // most stages have no more than half of them
  const rows = (quantiles ?? []).flatMap((values, i) => {
    if (i > 0 && values.at(-1) === 0) return [];
    const [title, format] = quantileNames[quantileColumns[i]!];
    return [[title, ...quantileParts.map((_, part) => format(Math.round(values[part]!)))]];
  });
  const caption = tasks !== undefined && tasks.dropped > 0 ? `Of the latest ${count(tasks.kept)} tasks.` : undefined;
  return table([{ title: "" }, ...titles.map(title => ({ title, number: true }))], rows, {
    empty: "No task has succeeded yet.",
    caption,
  });
}
