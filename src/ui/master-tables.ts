/** Tables of a master's overview. */
import type { ApplicationStatus, DriverStatus, WorkerId, WorkerStatus } from "../deploy/messages.ts";
import { badge, bar, elapsed, megabytes, moment } from "./format.ts";
import { html, type Html, outsideLink, pathPart, type Piece } from "./html.ts";
import { table } from "./table.ts";

/** A button that ends it. */
export type Kill = (kind: "applications" | "drivers", id: string) => Html;

export function workerTable(workers: readonly WorkerStatus[], nowMs: number): Html {
  const rows = workers.map(worker => [
    outsideLink(worker.webUiUrl, worker.workerId),
    html`<span class="keep">${`${worker.address.host}:${worker.address.port}`}</span>`,
    badge(worker.state),
    bar(worker.coresUsed, worker.cores, `${worker.coresUsed}/${worker.cores}`),
    bar(worker.memoryUsedMb, worker.memoryMb, `${megabytes(worker.memoryUsedMb)} of ${megabytes(worker.memoryMb)}`),
    html`<span class="keep">${elapsed(worker.heardMs, undefined, nowMs)} ago</span>`,
  ]);
  const columns = ["Worker", "Address", "State", "Cores", "Memory", "Heard of"].map(title => ({ title }));
  return table(columns, rows, { empty: "No worker has registered." });
}

/** With buttons where `kill` makes them. */
export function applicationTable(
  applications: readonly ApplicationStatus[],
  nowMs: number,
  kill: Kill | undefined,
): Html {
  const rows = applications.map(({ appId, description, ...status }) => [
    html`<a class="name" href="/applications/${pathPart(appId)}">${description.name}</a>`,
    html`<span class="id">${appId}</span>`,
    description.user,
    badge(status.state),
    status.coresGranted,
    megabytes(description.memoryPerExecutorMb),
    status.executors.length,
    moment(status.submittedMs),
    html`<span class="keep">${elapsed(status.submittedMs, status.endedMs, nowMs)}</span>`,
    ...(kill === undefined
      ? []
      : [
          html`<span class="keep"
            >${description.webUiUrl !== undefined && html`${outsideLink(description.webUiUrl, "jobs")} `}${kill("applications", appId)}</span
          >`,
        ]),
  ]);
  const columns = [
    ...["Name", "Id", "User", "State"].map(title => ({ title })),
    { title: "Cores", number: true },
    { title: "Memory an executor", number: true },
    { title: "Executors", number: true },
    { title: "Submitted" },
    { title: "Duration" },
    ...(kill === undefined ? [] : [{ title: "" }]),
  ];
  return table(columns, rows, { empty: "No application is running or waiting." });
}

export function driverTable(
  drivers: readonly DriverStatus[],
  workers: ReadonlyMap<WorkerId, WorkerStatus>,
  nowMs: number,
  kill: Kill | undefined,
): Html {
  const rows = drivers.map(({ driverId, description, ...status }) => [
    html`<a class="name" href="/drivers/${pathPart(driverId)}">${description.name}</a>`,
    html`<span class="id">${driverId}</span>`,
    badge(status.state),
    status.workerId === undefined ? "none yet" : outsideLink(workers.get(status.workerId)?.webUiUrl, status.workerId),
    description.cores,
    megabytes(description.memoryMb),
    status.launches,
    moment(status.submittedMs),
    html`<span class="keep">${elapsed(status.startedMs, status.endedMs, nowMs)}</span>`,
    ...(kill === undefined ? [] : [kill("drivers", driverId)]),
  ]);
  const columns = [
    ...["Name", "Id", "State", "Worker"].map(title => ({ title })),
    { title: "Cores", number: true },
    { title: "Memory", number: true },
    { title: "Launches", number: true },
    { title: "Submitted" },
    { title: "Duration" },
    ...(kill === undefined ? [] : [{ title: "" }]),
  ];
  return table(columns, rows, { empty: "No driver is here." });
}

/** To what a worker keeps of an executor or driver. */
export function logLinks(workerUrl: string | undefined, path: string): Piece {
  if (workerUrl === undefined || workerUrl === "") return "–";
  const base = workerUrl.replace(/\/+$/, "");
  return html`<span class="keep"
    >${outsideLink(`${base}/${path}/stdout`, "stdout")} ${outsideLink(`${base}/${path}/stderr`, "stderr")}</span
  >`;
}
