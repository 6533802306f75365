/**
 * The routes of our own REST as one table: the server registers its handlers by it, and the OpenAPI 3.1 document at
 * `/v1/openapi.json` is written from it, so that neither has what the other lacks.
 */

export type Schema = Readonly<Record<string, unknown>>;

export interface RouteSpec {
  readonly method: "get" | "post" | "put" | "delete";
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly summary: string;
  /** Of the query; those of the path follow from it. */
  readonly query?: Readonly<Record<string, Schema & { readonly description: string }>>;
  /** By media type. */
  readonly body?: Readonly<Record<string, Schema>>;
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly content?: Readonly<Record<string, Schema>> }>
  >;
}

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Schema) => ({ "application/json": schema });
const error = (description: string) => ({ description, content: json(ref("Error")) });
const text = (description: string) => ({ type: "string", description });
const bytes: Schema = { type: "string", format: "binary" };

export const stdoutBytesMax = 256 * 1024;
export const stdoutBytesDefault = 64 * 1024;

export const routes = {
  submitApplication: {
    method: "post",
    path: "/v1/applications",
    summary: "Submit a job: its driver is started on a worker",
    body: { "multipart/form-data": ref("SubmissionForm"), ...json(ref("Submission")) },
    answers: {
      201: { description: "Submitted; `location` says where to ask for it", content: json(ref("Submitted")) },
      400: error("A field is wrong, or the job does not parse"),
      413: error("The body is too large"),
      415: error("The body is neither a form nor JSON"),
      503: error("The master does not take submissions now"),
    },
  },
  listApplications: {
    method: "get",
    path: "/v1/applications",
    summary: "All submissions, and applications that were started elsewhere, newest first",
    answers: {
      200: { description: "A list", content: json({ type: "array", items: ref("Application") }) },
      503: error("The master cannot be reached"),
    },
  },
  getApplication: {
    method: "get",
    path: "/v1/applications/{id}",
    summary: "State, progress, output and, when it has finished, the result",
    query: {
      stdoutBytes: {
        ...{ type: "integer", minimum: 0, maximum: stdoutBytesMax, default: stdoutBytesDefault },
        description: "How much of the end of stdout to give",
      },
    },
    answers: {
      200: { description: "The application", content: json(ref("ApplicationDetail")) },
      400: error("A parameter is wrong"),
      404: error("There is no such application"),
      503: error("The master cannot be reached"),
    },
  },
  killApplication: {
    method: "delete",
    path: "/v1/applications/{id}",
    summary: "Kill it",
    answers: {
      200: { description: "It is being killed", content: json(ref("Done")) },
      404: error("There is no such application"),
      409: error("It has ended already"),
      503: error("The master cannot be reached"),
    },
  },
  putBlob: {
    method: "put",
    path: "/v1/blobs/{sha256}",
    summary: "Keep bytes by their hash, for a submission that follows",
    body: { "application/octet-stream": bytes },
    answers: {
      201: { description: "Kept", content: json(ref("Blob")) },
      400: error("The hash is no sha256, or not that of the body"),
      413: error("The body is too large"),
      507: error("There is no room for it"),
    },
  },
  getBlob: {
    method: "get",
    path: "/v1/blobs/{sha256}",
    summary: "The bytes that have the hash",
    answers: {
      200: { description: "The bytes", content: { "application/octet-stream": bytes } },
      400: error("The hash is no sha256"),
      404: error("There are no such bytes"),
    },
  },
  openApi: {
    method: "get",
    path: "/v1/openapi.json",
    summary: "This document",
    answers: { 200: { description: "OpenAPI 3.1", content: json({ type: "object" }) } },
  },
} as const satisfies Readonly<Record<string, RouteSpec>>;

export type OperationId = keyof typeof routes;

const hash: Schema = { type: "string", pattern: "^[0-9a-f]{64}$", description: "sha256, in hexadecimal digits" };
const settings: Schema = { type: "object", additionalProperties: { type: "string" } };
const time: Schema = { type: "string", format: "date-time" };
const cores = { type: "integer", minimum: 1, default: 1, description: "Cores that the driver takes of its worker" };
const memory = { type: "string", default: "1g", description: "Memory that the driver takes of its worker: 512m, 2g" };
const supervise = { type: "boolean", default: false, description: "Start the driver again when it fails" };
const args = { type: "array", items: { type: "string" }, description: "The job's arguments" };

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[]): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

const application: Readonly<Record<string, Schema>> = {
  id: text("driver-… when it was submitted here, app-… when its driver runs elsewhere"),
  name: { type: "string" },
  state: text("SUBMITTED, RUNNING, RELAUNCHING, FINISHED, FAILED, KILLED, ERROR or UNKNOWN; of app-… also WAITING"),
  submittedAt: time,
  startedAt: time,
  endedAt: time,
  launches: { type: "integer", description: "How often the driver was started" },
  worker: object({ id: { type: "string" }, address: { type: "string" } }, ["id"]),
  error: text("What went wrong"),
  coresGranted: { type: "integer", description: "Of app-…: what it has of the cluster" },
  executors: { type: "integer", description: "Of app-…: how many" },
};
const applicationRequired = ["id", "name", "state", "submittedAt"];
const output = (of: string): Schema => ({
  ...object(
    {
      text: text(`The end of ${of}`),
      totalBytes: { type: "integer", description: "Of all that was written" },
      unavailable: text("Why it cannot be had"),
    },
    [],
  ),
});

export const schemas: Readonly<Record<string, Schema>> = {
  Error: object(
    {
      status: { type: "integer" },
      message: { type: "string" },
      field: text("What is wrong in the request"),
      hint: text("What to do about it"),
      at: text("file:line:column of the job"),
    },
    ["status", "message"],
  ),
  SubmissionForm: object(
    {
      job: { ...bytes, description: "The job's file, or a bundle of it" },
      args,
      name: { type: "string" },
      conf: { type: "array", items: { type: "string" }, description: "KEY=VALUE each" },
      files: { type: "array", items: bytes, description: "Further files for the driver's folder" },
      ...{ cores, memory, supervise },
    },
    ["job"],
  ),
  Submission: object(
    {
      job: {
        oneOf: [
          object({ hash, fileName: { type: "string" } }, ["hash", "fileName"]),
          object({ url: text("Where workers reach it: http:, https:, or file: on a shared file system") }, ["url"]),
        ],
      },
      args,
      name: { type: "string" },
      conf: settings,
      environment: settings,
      files: { type: "array", items: object({ hash, name: { type: "string" } }, ["hash", "name"]) },
      ...{ cores, memory, supervise },
    },
    ["job"],
  ),
  Submitted: object({ id: { type: "string" }, message: { type: "string" } }, ["id", "message"]),
  Done: object({ id: { type: "string" }, message: { type: "string" } }, ["id", "message"]),
  Blob: object({ hash, bytes: { type: "integer" } }, ["hash", "bytes"]),
  Application: object(application, applicationRequired),
  ApplicationDetail: object(
    {
      ...application,
      progress: {
        type: "object",
        description: "Jobs, stages and tasks so far, and the application's id at the master",
      },
      stdout: output("stdout"),
      stderr: output("stderr"),
      result: object({ value: { description: "What the job returned" }, problem: text("Why there is no value") }, []),
    },
    applicationRequired,
  ),
};

export function openApiDocument(version: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [operationId, spec] of Object.entries(routes) as [OperationId, RouteSpec][]) {
    (paths[spec.path] ??= {})[spec.method] = operation(operationId, spec);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Firesteel",
      version,
      description:
        "Submit jobs to a cluster, follow and kill them. With a secret, by HTTP Digest (SHA-256) as firesteel.",
    },
    paths,
    components: { schemas, securitySchemes: { digest: { type: "http", scheme: "digest" } } },
    security: [{ digest: [] }],
  };
}

function operation(operationId: string, spec: RouteSpec): Readonly<Record<string, unknown>> {
  const inPath = [...spec.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: "path", required: true },
    schema: name === "sha256" ? hash : { type: "string" },
  }));
  const inQuery = Object.entries(spec.query ?? {}).map(([name, { description, ...schema }]) => {
    return { name, in: "query", required: false, description, schema };
  });
  const contentOf = (types: Readonly<Record<string, Schema>>) =>
    Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }]));
  const answers = Object.entries({ ...spec.answers, 401: error("No proof of the secret"), 403: error("Refused") });
  return {
    operationId,
    summary: spec.summary,
    parameters: [...inPath, ...inQuery],
    ...(spec.body !== undefined && { requestBody: { required: true, content: contentOf(spec.body) } }),
    responses: Object.fromEntries(
      answers.map(([status, { description, content }]) => [
        status,
        { description, ...(content !== undefined && { content: contentOf(content) }) },
      ]),
    ),
  };
}
