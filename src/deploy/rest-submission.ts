/**
 * Spark's submission REST, as its standalone master serves it on port 6066: `spark-submit --deploy-mode cluster` submits, polls and
 * kills here. Answers are Spark's, word for word where clients look at them; paths and versions that do not exist get Spark's
 * errors too. Unlike Spark's, no error shows a stack of the server.
 */
import { Hono } from "hono";
import type { Context } from "hono";
import { driverEnded, type DriverStatus } from "./messages.ts";
import type { MasterAccess } from "./master-access.ts";
import { asRestError, readBody } from "./rest-bodies.ts";
import type { RestEnv } from "./rest-authentication.ts";
import { parseSubmission } from "./submission-request.ts";

export interface SubmissionOptions {
  readonly master: MasterAccess;
  /** Ours, sent where Spark sends its own. */
  readonly version: string;
}

const protocolVersion = "v1";
const base = `/${protocolVersion}/submissions`;
const bodyBytesMax = 1 << 20;
const unknownVersionStatus = 468;
const whereTo = `Please submit requests through http://[host]:[port]${base}/...`;

type Answer = Readonly<Record<string, unknown>> & { readonly action: string };

export function submissionApp({ master, version }: SubmissionOptions): Hono<RestEnv> {
  const app = new Hono<RestEnv>();
  const answer = (status: number, fields: Answer, headers: Readonly<Record<string, string>> = {}) =>
    new Response(`${JSON.stringify(inOrder({ ...fields, serverSparkVersion: version }), undefined, 2)}\n`, {
      status,
      headers: { ...headers, "content-type": "application/json;charset=utf-8" },
    });
  const failure = (status: number, message: string, more = {}, headers = {}) =>
    answer(status, { action: "ErrorResponse", message, ...more }, headers);
  const path = (action: string) => [`${base}/${action}`, `${base}/${action}/*`];
  const id = (c: Context) => c.req.path.slice(base.length).split("/")[2] ?? "";

  app.on("POST", path("create"), async c => {
    const request = parseSubmission((await readBody(c.req.raw, bodyBytesMax)).toString("utf8"));
    const { success, driverId, message } = await master.submitDriver(request.description);
    const { unknownFields } = request;
    return answer(200, {
      ...{ action: "CreateSubmissionResponse", success, message, submissionId: driverId },
      unknownFields: unknownFields.length === 0 ? undefined : unknownFields,
    });
  });
  app.on("POST", path("kill"), async c => {
    if (id(c) === "") return failure(400, "Submission ID is missing in kill request.");
    const { success, message } = await master.killDriver(id(c));
    return answer(200, { action: "KillSubmissionResponse", success, message, submissionId: id(c) });
  });
  app.on("GET", path("status"), async c => {
    if (id(c) === "") return failure(400, "Submission ID is missing in status request.");
    return answer(200, statusAnswer(id(c), await master.driverStatus(id(c))));
  });
  app.on("POST", path("killall"), async () => {
    const living = (await master.masterState()).drivers.filter(driver => !driverEnded.includes(driver.state));
    for (const { driverId } of living) await master.killDriver(driverId);
    return answer(200, killAllAnswer);
  });
  app.on("POST", path("clear"), async () => answer(200, { action: "ClearResponse", ...(await master.clearEnded()) }));
  app.on("GET", path("readyz"), async () => {
    const ready = (await master.masterState()).state === "alive";
    const message = ready ? "" : "Master is not ready.";
    return answer(ready ? 200 : 503, { action: "ReadyzResponse", success: ready, message });
  });
  for (const [action, allowed] of Object.entries(methods)) {
    app.on(otherMethods(allowed), path(action), c =>
      failure(405, `HTTP method ${c.req.method} is not supported by this URL`, {}, { allow: allowed }),
    );
  }
  app.all("*", (c, next) => {
    const wrong = wrongPath(c.req.path);
    if (wrong === undefined) return next();
    return failure(wrong.status, `${wrong.message} ${whereTo}`, wrong.more);
  });
  app.onError(thrown => {
    const { status, message, details } = asRestError(thrown);
    // clients refuse answers with fields that they do not know: the hint goes into the message
    const hint = details.hint === undefined ? "" : ` (${details.hint})`;
    if (status === 400) return failure(400, `Malformed request: ${message}${hint}`);
    if (status === 413) return failure(413, `Malformed request: ${message}`);
    return failure(500, `Internal server error: ${message}`);
  });
  return app;
}

const methods = { create: "POST", kill: "POST", killall: "POST", clear: "POST", status: "GET", readyz: "GET" } as const;

function otherMethods(allowed: "GET" | "POST"): string[] {
  return ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"].filter(method => method !== allowed);
}

const killAllAnswer: Answer = {
  action: "KillAllSubmissionResponse",
  success: true,
  message: "Kill request for all drivers submitted",
};

function statusAnswer(submissionId: string, status: DriverStatus | undefined): Answer {
  const action = "SubmissionStatusResponse";
  if (status === undefined) return { action, submissionId, success: false };
  const { state: driverState, workerId, workerHostPort, error } = status;
  const message = error === undefined ? undefined : `Exception from the cluster:\n${error}`;
  return { action, submissionId, success: true, driverState, workerId, workerHostPort, message };
}

/** By name, as Spark writes them. */
function inOrder(fields: Answer): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Paths that are meant for this protocol and are not of it; others belong to someone else. */
function wrongPath(
  path: string,
): { readonly status: number; readonly message: string; readonly more?: object } | undefined {
  const [version, second] = path.split("/").filter(part => part !== "");
  if (version === undefined) return { status: 400, message: "Missing protocol version." };
  if (version === protocolVersion && second === undefined)
    return { status: 400, message: "Missing the /submissions prefix." };
  if (version === protocolVersion && second === "submissions") {
    return {
      status: 400,
      message: "Missing an action: please specify one of /create, /kill, /killall, /clear, /status, or /readyz.",
    };
  }
  if (version === protocolVersion || (second !== "submissions" && !/^v\d+$/.test(version))) return undefined;
  const message = `Unknown protocol version '${version.slice(0, 100)}'.`;
  return { status: unknownVersionStatus, message, more: { highestProtocolVersion: protocolVersion } };
}
