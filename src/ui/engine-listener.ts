/** What answers for an application's pages, apart from engine-pages.ts because it is imported when the first request comes. */
import type { RequestListener } from "node:http";
import { hostname } from "node:os";
import type { Clock } from "../base/clock.ts";
import { authenticated } from "../deploy/rest-authentication.ts";
import { restListener } from "../deploy/rest-server.ts";
import type { AppStatus } from "./app-status.ts";
import { createApplicationPages } from "./application-pages.ts";
import type { ApplicationView } from "./application-view.ts";
import type { EnginePagesSettings } from "./engine-pages.ts";

export function engineListener(
  status: AppStatus,
  view: ApplicationView,
  { secret, clock, hosts = [], warn = () => {} }: EnginePagesSettings & { readonly clock: Clock },
): RequestListener {
  const guard = authenticated({ secret, clock, hosts: [hostname(), ...hosts], warn });
  const app = createApplicationPages(status, view, { guard, clock, warn });
  return restListener((request, from) => app.fetch(request, from), hostname());
}
