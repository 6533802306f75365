/**
 * An application's pages, served by its driver: jobs, stages with their tasks, executors, what is kept in memory, settings; and the
 * same as data under /api/v1 (rest-monitoring.ts).
 */
import type { Hono } from "hono";
import type { RestEnv } from "../deploy/rest-authentication.ts";
import type { AppStatus } from "./app-status.ts";
import type { ApplicationView } from "./application-view.ts";
import { environmentPage, executorsPage, storagePage } from "./executor-pages.ts";
import { jobPage, jobsPage, type ListPaging, stagePage, stagesPage } from "./job-pages.ts";
import { PageError } from "./page-error.ts";
import { type PageContext, PagesApp, type PagesOptions } from "./pages-app.ts";
import { readPaging } from "./paging.ts";
import { monitoringApp } from "./rest-monitoring.ts";
import { taskPaging, taskSortKeys } from "./task-rows.ts";

const nav = [
  { href: "/jobs", text: "Jobs" },
  { href: "/stages", text: "Stages" },
  { href: "/executors", text: "Executors" },
  { href: "/storage", text: "Storage" },
  { href: "/environment", text: "Environment" },
];
const latest: ListPaging = { sort: "latest", descending: true, page: 1 };

export function createApplicationPages(status: AppStatus, view: ApplicationView, options: PagesOptions): Hono<RestEnv> {
  const pages = new PagesApp({ name: view.application.name, nav }, options);
  const { app, clock } = pages;
  const listPaging = (c: PageContext) => readPaging(name => c.req.query(name), ["latest"], latest);
  app.get("/", c => c.redirect("/jobs", 302));
  pages.page("/jobs", c => jobsPage(status, listPaging(c), clock.nowMs()));
  pages.page("/jobs/:id", c => jobPage(status, numberAt(c, "id"), clock.nowMs()));
  pages.page("/stages", c => stagesPage(status, listPaging(c), clock.nowMs()));
  pages.page("/stages/:id/:attempt", c => {
    const paging = readPaging(name => c.req.query(name), taskSortKeys, taskPaging);
    return stagePage(status, numberAt(c, "id"), numberAt(c, "attempt"), paging, clock.nowMs());
  });
  pages.page("/executors", () => executorsPage(status, view, clock.nowMs()));
  pages.page("/storage", () => storagePage(status, view));
  pages.page("/environment", () => environmentPage(view, clock.nowMs()));
  app.route("/api/v1", monitoringApp(status, view, clock));
  return app;
}

function numberAt(c: PageContext, name: string): number {
  const text = c.req.param(name) ?? "";
  if (!/^\d{1,9}$/.test(text)) throw new PageError(404, "there is no such page");
  return Number(text);
}
