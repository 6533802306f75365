/**
 * A worker's answers over HTTP: `/json`, what runs there, and `/logs?driverId=…&stream=stderr&bytes=…` (or `appId` and `executorId`),
 * the end of a log as text. Under the same authentication as a master's. Pages that others serve come behind it.
 */
import { Hono } from "hono";
import type { Clock } from "../base/clock.ts";
import type { Launcher } from "./contracts.ts";
import type { WorkerSnapshot } from "./messages.ts";
import { authenticated, type RestEnv } from "./rest-authentication.ts";
import { asRestError, errorAnswer, RestError } from "./rest-bodies.ts";
import type { Fetch } from "./rest-server.ts";

export interface WorkerHttpOptions {
  readonly snapshot: () => WorkerSnapshot;
  readonly logTail: Launcher["logTail"];
  readonly secret: string | undefined;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  /** Answers what is not here; undefined for what it does not know either. */
  readonly pages?: (request: Request) => Response | undefined | Promise<Response | undefined>;
}

const logBytesDefault = 64 * 1024;

export function workerFetch(options: WorkerHttpOptions): Fetch {
  const { snapshot, logTail, secret, clock, warn, pages } = options;
  const app = new Hono<RestEnv>();
  app.use("*", authenticated({ secret, clock, warn }));
  app.get("/json", c => c.json(snapshot()));
  app.get("/logs", async c => {
    const { driverId, appId, executorId, stream = "stdout", bytes } = c.req.query();
    if (stream !== "stdout" && stream !== "stderr")
      throw new RestError(400, "a log is stdout or stderr", { field: "stream" });
    const bytesMax = bytes === undefined ? logBytesDefault : Number(bytes);
    if (!Number.isSafeInteger(bytesMax) || bytesMax < 0)
      throw new RestError(400, "bytes is not a whole number", { field: "bytes" });
    if (driverId === undefined && (appId === undefined || !/^\d{1,15}$/.test(executorId ?? "")))
      throw new RestError(400, "whose log: driverId, or appId and executorId", { field: "driverId" });
    const of = driverId !== undefined ? { driverId } : { appId: appId!, executorId: Number(executorId) };
    const { text, totalBytes } = await logTail(of, stream, bytesMax);
    return c.text(text, 200, { "x-total-bytes": String(totalBytes), "x-content-type-options": "nosniff" });
  });
  app.notFound(async c => {
    const page = await pages?.(c.req.raw);
    return page ?? errorAnswer(c, new RestError(404, `nothing is served at ${c.req.path.slice(0, 200)}`));
  });
  app.onError((thrown, c) => errorAnswer(c, asRestError(thrown)));
  return (request, from) => app.fetch(request, from);
}
