/** Pages of an application's jobs and stages. */
import type { AppStatus } from "./app-status.ts";
import { badge, bytes, count, duration, elapsed, kernelShare, moment, progressOf } from "./format.ts";
import { html, type Html } from "./html.ts";
import type { Page } from "./layout.ts";
import { PageError } from "./page-error.ts";
import { offsetOf, pageLinks, type Paging } from "./paging.ts";
import { quantileColumns, quantileParts, type JobStatus, type StageStatus } from "./status-records.ts";
import { facts, section, table } from "./table.ts";
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

function leftOut(dropped: number, what: string): string | undefined {
  return dropped === 0 ? undefined : `${count(dropped)} older ${what} are no longer kept.`;
}

function jobTable(jobs: readonly JobStatus[], nowMs: number, caption?: string): Html {
  const rows = jobs.map(job => [
    html`<a href="/jobs/${job.job}">${job.job}</a>`,
    html`<a class="name" href="/jobs/${job.job}">${job.name}</a
      >${job.description !== undefined && html`<div class="soft">${job.description}</div>`}`,
    badge(job.state),
    moment(job.submittedMs),
    html`<span class="keep">${elapsed(job.submittedMs, job.endedMs, nowMs)}</span>`,
    html`<span class="keep">${stagesText(job)}</span>`,
    progressOf(job),
  ]);
  const columns = [
    { title: "Job", number: true },
    ...["Action", "State", "Submitted", "Duration", "Stages", "Tasks"].map(title => ({ title })),
  ];
  return table(columns, rows, { empty: "No job has ended.", caption });
}

function stagesText({ outline, stagesCompleted, stagesFailed, stagesSkipped }: JobStatus): string {
  const notes = [stagesSkipped > 0 && `${stagesSkipped} skipped`, stagesFailed > 0 && `${stagesFailed} failed`].filter(
    note => note !== false,
  );
  return `${stagesCompleted}/${outline.length - stagesSkipped}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}

export function jobPage(status: AppStatus, id: number, nowMs: number): Page {
  const job = status.job(id);
  if (job === undefined) throw new PageError(404, "there is no such job, or it is no longer kept");
  const stages = job.stages.map(ref => status.stage(ref.stage, ref.attempt)).filter(stage => stage !== undefined);
  const skipped = job.outline.filter(stage => stage.skipped);
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
  ${
    skipped.length > 0 &&
    section(
      html`Skipped <small>their output was still there</small>`,
      html`<p>
        ${skipped
          .slice(0, listRows)
          .map(stage => `${stage.name} (${count(stage.tasks)} tasks)`)
          .join(", ")}
      </p>`,
    )
  }`;
  return { title: `Job ${job.job}: ${job.name}`, body };
}

export function stagesPage(status: AppStatus, paging: ListPaging, nowMs: number): Page {
  const all = status.stages.toReversed();
  const running = all.filter(stage => stage.state === "running");
  const ended = all.filter(stage => stage.state !== "running");
  const offset = offsetOf(paging, listRows);
  const body = html`${running.length > 0 && section(html`Running <small>${count(running.length)}</small>`, stageTable(running.slice(0, listRows), nowMs))}
  ${section(
    html`Ended <small>${count(ended.length)}</small>`,
    stageTable(ended.slice(offset, offset + listRows), nowMs, leftOut(status.stagesDropped, "stages")),
    pageLinks(paging, ended.length, listRows),
  )}`;
  return { title: "Stages", body };
}

function stageTable(stages: readonly StageStatus[], nowMs: number, caption?: string): Html {
  const rows = stages.map(stage => {
    const path = `/stages/${stage.stage}/${stage.attempt}`;
    const { metrics } = stage;
    return [
      html`<a href="${path}">${stage.stage}${stage.attempt > 0 && `.${stage.attempt}`}</a>`,
      html`<a class="name" href="${path}">${stage.name}</a
        >${stage.error !== undefined && html`<div class="error">${stage.error.message.slice(0, 300)}</div>`}`,
      badge(stage.state),
      moment(stage.submittedMs),
      html`<span class="keep">${elapsed(stage.submittedMs, stage.completedMs, nowMs)}</span>`,
      progressOf(stage),
      count(metrics.rowsIn),
      count(metrics.rowsOut),
      kernelShare(metrics.kernelRows, metrics.jsRows),
      bytes(metrics.shuffleReadBytes),
      bytes(metrics.shuffleWriteBytes),
      bytes(metrics.spilledBytes),
    ];
  });
  const columns = [
    { title: "Stage", number: true },
    ...["Operator", "State", "Submitted", "Duration", "Tasks"].map(title => ({ title })),
    ...["Rows in", "Rows out", "Kernels", "Shuffle read", "Shuffle write", "Spilled"].map(title => ({
      title,
      number: true,
    })),
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
    ["Submitted", moment(stage.submittedMs)],
    ["Duration", elapsed(stage.submittedMs, stage.completedMs, nowMs)],
    ["Tasks", progressOf(stage)],
    ["Time on threads", duration(stage.runMs)],
    ["Rows in", count(metrics.rowsIn)],
    ["Rows out", count(metrics.rowsOut)],
    ["By kernels", kernelShare(metrics.kernelRows, metrics.jsRows)],
    ["Shuffle read", bytes(metrics.shuffleReadBytes)],
    ["Shuffle write", bytes(metrics.shuffleWriteBytes)],
    ["Spilled", bytes(metrics.spilledBytes)],
    metrics.droppedRecords > 0 && ["Malformed records left out", count(metrics.droppedRecords)],
    metrics.invalidUtf8 > 0 && ["Bytes that were not UTF-8", count(metrics.invalidUtf8)],
  ])}
  ${stage.error !== undefined && html`<pre class="error">${stage.error.message}</pre>`}
  ${section(html`Quantiles <small>of tasks that succeeded</small>`, quantileTable(stage))}
  ${section("Tasks", stageTasks(stage, status, paging, nowMs))}`;
  return { title: `Stage ${stage.stage}: ${stage.name}`, body };
}

const quantileNames: Readonly<Record<(typeof quantileColumns)[number], readonly [string, (value: number) => string]>> =
  {
    runMs: ["Duration", duration],
    rowsIn: ["Rows in", count],
    rowsOut: ["Rows out", count],
    kernelRows: ["Rows by kernels", count],
    jsRows: ["Rows by JavaScript", count],
    shuffleReadBytes: ["Shuffle read", bytes],
    shuffleWriteBytes: ["Shuffle write", bytes],
    spilledBytes: ["Spilled", bytes],
    peakMemoryBytes: ["Peak memory", bytes],
  };

function quantileTable(stage: StageStatus): Html {
  const { quantiles, table: tasks } = stage;
  const titles = ["Least", "25 %", "Median", "75 %", "Most"];
  const rows = (quantiles ?? []).map((values, i) => {
    const [title, format] = quantileNames[quantileColumns[i]!];
    return [title, ...quantileParts.map((_, part) => format(Math.round(values[part]!)))];
  });
  const caption = tasks !== undefined && tasks.dropped > 0 ? `Of the latest ${count(tasks.kept)} tasks.` : undefined;
  return table([{ title: "" }, ...titles.map(title => ({ title, number: true }))], rows, {
    empty: "No task has succeeded yet.",
    caption,
  });
}
