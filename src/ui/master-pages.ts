/**
 * A master's pages: workers, applications and drivers with what they take, details of each, and buttons that end them. `/json` gives
 * the same as data, in the form of Spark's masters.
 */
import type { Hono } from "hono";
import { driverEnded, type ApplicationStatus, type MasterSnapshot } from "../deploy/messages.ts";
import type { MasterAccess } from "../deploy/master-access.ts";
import type { RestEnv } from "../deploy/rest-authentication.ts";
import { badge, bar, elapsed, megabytes, moment } from "./format.ts";
import { html, outsideLink, pathPart } from "./html.ts";
import type { Page } from "./layout.ts";
import { masterJson } from "./master-json.ts";
import { applicationTable, driverTable, type Kill, logLinks, workerTable } from "./master-tables.ts";
import { maskedSettings, maskedText } from "./masked.ts";
import { PageError } from "./page-error.ts";
import { PagesApp, type PagesOptions } from "./pages-app.ts";
import { facts, folded, section, table } from "./table.ts";

export type MasterPagesAccess = Pick<MasterAccess, "masterState" | "killApplication" | "killDriver">;

const applicationLive = ["waiting", "running"];

export function createMasterPages(access: MasterPagesAccess, options: PagesOptions): Hono<RestEnv> {
  const site = { name: "Firesteel master", nav: [{ href: "/", text: "Overview" }] };
  const pages = new PagesApp(site, options);
  const { app, token, clock } = pages;
  const kill: Kill = (kind, id) => token.button(`/${kind}/${pathPart(id)}/kill`, "kill", `kill-${id}`);

  pages.page("/", async () => overview(await access.masterState(), clock.nowMs(), kill));
  pages.page("/applications/:id", async c => {
    const state = await access.masterState();
    const id = c.req.param("id") ?? "";
    const found = [...state.applications, ...state.endedApplications].find(each => each.appId === id);
    if (found === undefined) throw new PageError(404, "the master knows no such application");
    return applicationPage(found, state, clock.nowMs(), kill);
  });
  pages.page("/drivers/:id", async c => {
    const state = await access.masterState();
    return driverPage(state, c.req.param("id") ?? "", clock.nowMs(), kill);
  });
  pages.action("/applications/:id/kill", async c => {
    const id = c.req.param("id") ?? "";
    await done(access.killApplication(id));
    return `/applications/${pathPart(id)}`;
  });
  pages.action("/drivers/:id/kill", async c => {
    const id = c.req.param("id") ?? "";
    await done(access.killDriver(id));
    return `/drivers/${pathPart(id)}`;
  });
  const json = async () => masterJson(await access.masterState(), clock.nowMs());
  app.get("/json", async c => c.json(await json()));
  app.get("/json/", async c => c.json(await json()));
  return app;
}

async function done(answer: Promise<{ readonly success: boolean; readonly message: string }>): Promise<void> {
  const { success, message } = await answer;
  if (!success) throw new PageError(409, message);
}

function overview(state: MasterSnapshot, nowMs: number, kill: Kill): Page {
  const { workers, applications, endedApplications, drivers, endedDrivers } = state;
  const alive = workers.filter(worker => worker.state === "alive");
  const sum = (of: (worker: (typeof alive)[number]) => number) => alive.reduce((all, worker) => all + of(worker), 0);
  const [cores, coresUsed] = [sum(worker => worker.cores), sum(worker => worker.coresUsed)];
  const [memoryMb, memoryUsedMb] = [sum(worker => worker.memoryMb), sum(worker => worker.memoryUsedMb)];
  const links = new Map(workers.map(worker => [worker.workerId, worker]));
  const body = html`${facts([
    ["Address", html`<code>${state.url}</code>`],
    ["State", badge(state.state)],
    ["Up for", elapsed(state.startedMs, undefined, nowMs)],
    ["Workers", `${alive.length} alive of ${workers.length}`],
    ["Cores", bar(coresUsed, cores, `${coresUsed} of ${cores} taken`)],
    ["Memory", bar(memoryUsedMb, memoryMb, `${megabytes(memoryUsedMb)} of ${megabytes(memoryMb)} taken`)],
    ["Applications", `${applications.length} running or waiting`],
    ["Drivers", `${drivers.length} here`],
  ])}
  ${section("Workers", workerTable(workers, nowMs))}
  ${section("Applications", applicationTable(applications, nowMs, kill))}
  ${(drivers.length > 0 || endedDrivers.length > 0) && section("Drivers", driverTable(drivers, links, nowMs, kill))}
  ${endedApplications.length > 0 && folded("ended-applications", `Ended applications (${endedApplications.length})`, applicationTable(newestFirst(endedApplications), nowMs, undefined))}
  ${endedDrivers.length > 0 && folded("ended-drivers", `Ended drivers (${endedDrivers.length})`, driverTable(newestFirst(endedDrivers), links, nowMs, undefined))}`;
  return { title: "Overview", body };
}

function newestFirst<T extends { readonly endedMs: number | undefined }>(ended: readonly T[]): readonly T[] {
  return ended.toSorted((a, b) => (b.endedMs ?? 0) - (a.endedMs ?? 0));
}

function applicationPage(status: ApplicationStatus, state: MasterSnapshot, nowMs: number, kill: Kill): Page {
  const { appId, description, executors } = status;
  const workers = new Map(state.workers.map(worker => [worker.workerId, worker]));
  const running = applicationLive.includes(status.state);
  const rows = executors.map(executor => [
    executor.executorId,
    badge(executor.state),
    outsideLink(workers.get(executor.workerId)?.webUiUrl, executor.workerId),
    executor.host,
    executor.cores,
    megabytes(executor.memoryMb),
    logLinks(
      workers.get(executor.workerId)?.webUiUrl,
      `applications/${pathPart(appId)}/executors/${executor.executorId}`,
    ),
  ]);
  const columns = [
    { title: "Executor", number: true },
    ...["State", "Worker", "Host"].map(title => ({ title })),
    { title: "Cores", number: true },
    { title: "Memory", number: true },
    { title: "Logs" },
  ];
  const body = html`${facts([
    ["Id", html`<span class="id">${appId}</span>`],
    ["State", badge(status.state)],
    ["User", description.user],
    ["Submitted", moment(status.submittedMs)],
    ["Duration", elapsed(status.submittedMs, status.endedMs, nowMs)],
    ["Cores", `${status.coresGranted} of ${description.coresMax ?? "all that are free"}`],
    ["Cores an executor", description.coresPerExecutor ?? "all of a worker"],
    ["Memory an executor", megabytes(description.memoryPerExecutorMb)],
    ["Executors at most", description.executorsMax ?? "as many as fit"],
    ["Driver", html`<code>${`${description.driver.host}:${description.driver.port}`}</code>`],
    running && description.webUiUrl !== undefined && ["Pages", outsideLink(description.webUiUrl, "jobs and stages")],
    running && ["", kill("applications", appId)],
  ])}
  ${section("Executors", table(columns, rows, { empty: "It has none." }))}`;
  return { title: description.name, body };
}

function driverPage(state: MasterSnapshot, id: string, nowMs: number, kill: Kill): Page {
  const driver = [...state.drivers, ...state.endedDrivers].find(each => each.driverId === id);
  if (driver === undefined) throw new PageError(404, "the master knows no such driver");
  const { description, error } = driver;
  const worker = state.workers.find(each => each.workerId === driver.workerId);
  const pairs = (settings: Readonly<Record<string, string>>) =>
    table([{ title: "Name" }, { title: "Value" }], maskedSettings(settings));
  const body = html`${facts([
    ["Id", html`<span class="id">${id}</span>`],
    ["State", badge(driver.state)],
    ["Job", description.job.kind === "blob" ? description.job.fileName : maskedText(description.job.path)],
    ["Submitted", moment(driver.submittedMs)],
    ["Started", moment(driver.startedMs)],
    ["Duration", elapsed(driver.startedMs, driver.endedMs, nowMs)],
    ["Launches", driver.launches],
    ["Supervised", description.supervise ? "yes" : "no"],
    ["Cores", description.cores],
    ["Memory", megabytes(description.memoryMb)],
    ["Worker", driver.workerId === undefined ? "none yet" : outsideLink(worker?.webUiUrl, driver.workerId)],
    ["Logs", logLinks(worker?.webUiUrl, `drivers/${pathPart(id)}`)],
    !driverEnded.includes(driver.state) && ["", kill("drivers", id)],
  ])}
  ${error !== undefined && section("Error", html`<pre class="error">${error}</pre>`)}
  ${description.args.length > 0 && section("Arguments", html`<pre>${description.args.map(maskedText).join("\n")}</pre>`)}
  ${Object.keys(description.conf).length > 0 && section("Settings", pairs(description.conf))}
  ${Object.keys(description.environment).length > 0 && section("Environment", pairs(description.environment))}`;
  return { title: description.name, body };
}
