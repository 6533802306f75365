/**
 * Our own REST for jobs: `curl -F job=@word-count.ts http://master:6066/v1/applications` submits one, further calls follow, list and
 * kill it. The server looks at jobs without running them; drivers do that, on workers. Handlers are registered by the table in
 * rest-routes.ts. Bodies, names and counts are bounded; what is wrong is said with its field.
 */
import { type Context, Hono } from "hono";
import { FiresteelError } from "../base/errors.ts";
import { readApplication } from "./application-form.ts";
import {
  applicationEnded,
  detailOfApplication,
  detailOfDriver,
  viewOfApplication,
  viewOfDriver,
} from "./application-views.ts";
import { isBlobHash } from "../storage/blob-store.ts";
import type { MasterAccess } from "./master-access.ts";
import { driverEnded } from "./messages.ts";
import type { RestEnv } from "./rest-authentication.ts";
import { asRestError, bodyChunks, errorAnswer, RestError } from "./rest-bodies.ts";
import { openApiDocument, routes, stdoutBytesDefault, stdoutBytesMax, type OperationId } from "./rest-routes.ts";

export interface ApplicationsOptions {
  readonly master: MasterAccess;
  readonly version: string;
}

/** Forms are held in memory while they are read. */
const formsAtOnceMax = 4;

type Handler = (c: Context<RestEnv>) => Promise<Response> | Response;

export function applicationsApp(options: ApplicationsOptions): Hono<RestEnv> {
  const app = new Hono<RestEnv>();
  const handlers: Readonly<Record<OperationId, Handler>> = {
    ...submissionHandlers(options.master),
    ...blobHandlers(options.master),
    openApi: c => c.json(openApiDocument(options.version)),
  };
  const byPath = new Map<string, string[]>();
  for (const [id, { method, path }] of Object.entries(routes) as [OperationId, (typeof routes)[OperationId]][]) {
    const pattern = path.replace(/\{(\w+)\}/g, ":$1");
    app.on(method.toUpperCase(), pattern, handlers[id]);
    byPath.set(pattern, [...(byPath.get(pattern) ?? []), method.toUpperCase()]);
  }
  for (const [pattern, methods] of byPath) {
    const allow = methods.includes("GET") ? ["HEAD", ...methods] : methods;
    app.all(pattern, c =>
      errorAnswer(
        c,
        new RestError(405, `${c.req.method} is not for ${c.req.path}`, { headers: { allow: allow.join(", ") } }),
      ),
    );
  }
  app.onError((thrown, c) => errorAnswer(c, asRestError(thrown)));
  return app;
}

function submissionHandlers(master: MasterAccess) {
  let forms = 0;
  return {
    submitApplication: async (c: Context<RestEnv>) => {
      if (forms >= formsAtOnceMax) {
        const headers = { "retry-after": "1" };
        throw new RestError(503, "too many submissions arrive at once", { headers, hint: "try again" });
      }
      forms++;
      try {
        const description = await readApplication(c.req.raw, master.blobs);
        const { success, driverId, message } = await master.submitDriver(description);
        if (!success || driverId === undefined) throw new RestError(503, message);
        return c.json({ id: driverId, message }, 201, { location: `/v1/applications/${driverId}` });
      } finally {
        forms--;
      }
    },
    listApplications: async (c: Context<RestEnv>) => {
      const { drivers, endedDrivers, applications, endedApplications } = await master.masterState();
      const views = [
        ...[...drivers, ...endedDrivers].map(viewOfDriver),
        ...[...applications, ...endedApplications].map(viewOfApplication),
      ];
      return c.json(views.sort((a, b) => (a.submittedAt < b.submittedAt ? 1 : a.submittedAt > b.submittedAt ? -1 : 0)));
    },
    getApplication: async (c: Context<RestEnv>) => {
      const id = c.req.param("id") ?? "";
      const stdoutBytes = countOf(c.req.query("stdoutBytes"));
      const found = await find(master, id);
      if (found.kind === "application") return c.json(detailOfApplication(found.status));
      return c.json(await detailOfDriver(master, found.status, stdoutBytes));
    },
    killApplication: async (c: Context<RestEnv>) => {
      const id = c.req.param("id") ?? "";
      const found = await find(master, id);
      const ended =
        found.kind === "driver"
          ? driverEnded.includes(found.status.state)
          : applicationEnded.includes(found.status.state);
      if (ended) throw new RestError(409, `${id} has ended already: it is ${found.status.state.toUpperCase()}`);
      const { success, message } = await (found.kind === "driver" ? master.killDriver(id) : master.killApplication(id));
      if (!success) throw new RestError(409, message);
      return c.json({ id, message });
    },
  };
}

async function find(master: MasterAccess, id: string) {
  if (/^driver-[\w.-]{1,100}$/.test(id)) {
    const status = await master.driverStatus(id);
    if (status !== undefined) return { kind: "driver", status } as const;
  } else if (/^app-[\w.-]{1,100}$/.test(id)) {
    const { applications, endedApplications } = await master.masterState();
    const status = [...applications, ...endedApplications].find(each => each.appId === id);
    if (status !== undefined) return { kind: "application", status } as const;
  }
  throw new RestError(404, `there is no application ${JSON.stringify(id.slice(0, 120))}`, {
    hint: "GET /v1/applications lists them",
  });
}

function countOf(text: string | undefined): number {
  if (text === undefined) return stdoutBytesDefault;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Infinity;
  if (count <= stdoutBytesMax) return count;
  throw new RestError(400, `stdoutBytes is a number from 0 to ${stdoutBytesMax}`, { field: "stdoutBytes" });
}

function blobHandlers({ blobs }: MasterAccess) {
  const hashOf = (c: Context) => {
    const hash = c.req.param("sha256") ?? "";
    if (isBlobHash(hash)) return hash;
    throw new RestError(400, "a blob is named by its sha256: 64 hexadecimal digits in lower case", { field: "sha256" });
  };
  return {
    putBlob: async (c: Context<RestEnv>) => {
      const hash = hashOf(c);
      try {
        return c.json(await blobs.put(bodyChunks(c.req.raw, blobs.blobBytesMax), hash), 201);
      } catch (error) {
        if (!(error instanceof FiresteelError)) throw error;
        if (error.kind === "data") throw new RestError(400, error.message, { field: "sha256" });
        throw error;
      }
    },
    getBlob: async (c: Context<RestEnv>) => {
      const hash = hashOf(c);
      const blob = await (c.req.method === "HEAD" ? blobs.find(hash) : blobs.read(hash));
      if (blob === undefined) throw new RestError(404, `there is no blob ${hash}`);
      const headers = {
        "content-type": "application/octet-stream",
        "content-length": String(blob.bytes),
        etag: `"${hash}"`,
      };
      return new Response("chunks" in blob ? streamOf(blob.chunks as AsyncIterable<Uint8Array>) : null, { headers });
    },
  };
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await reader.return?.();
    },
  });
}
