/** The body of Spark's `create` call, read and checked: every complaint names its field. What the driver needs of it comes out. */
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { DriverDescription } from "./messages.ts";
import { RestError } from "./rest-bodies.ts";
import { driverSettings, type Settings } from "./spark-properties.ts";

export interface SubmissionRequest {
  readonly description: DriverDescription;
  readonly unknownFields: readonly string[];
}

const action = "CreateSubmissionRequest";
const knownFields = [
  ...["action", "message", "clientSparkVersion", "appResource", "mainClass", "appArgs"],
  ...["sparkProperties", "environmentVariables"],
];

/** Throws a RestError 400. */
export function parseSubmission(text: string): SubmissionRequest {
  const body = parseJson(text);
  const given = body["action"];
  if (typeof given !== "string") throw malformed("action", "Field 'action' is missing.");
  if (given !== action) throw malformed("action", `Received message of unexpected type ${given.slice(0, 100)}.`);
  const required = (field: string): string => {
    const value = scalarText(body[field], field);
    if (value === undefined) throw malformed(field, `Field '${field}' is missing in message ${action}.`);
    return value;
  };
  required("clientSparkVersion");
  if (body["sparkProperties"] === undefined || body["sparkProperties"] === null)
    throw malformed("sparkProperties", `Field 'sparkProperties' is missing in message ${action}.`);
  const properties = textMap(body["sparkProperties"], "sparkProperties");
  const job = parseResource(required("appResource"));
  const mainClass = required("mainClass");
  refuseFiles(properties);
  const { name, ...settings } = driverSettings(properties);
  return {
    description: {
      ...settings,
      name: name ?? mainClass,
      job,
      args: texts(body["appArgs"], "appArgs"),
      environment: Object.fromEntries(textMap(body["environmentVariables"], "environmentVariables").filter(isOfDriver)),
      files: [],
    },
    unknownFields: Object.keys(body).filter(field => !knownFields.includes(field)),
  };
}

function malformed(field: string, message: string): RestError {
  return new RestError(400, message, { field });
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new RestError(400, `The body is not JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw malformed("action", "Field 'action' is missing: the body is not an object.");
  return parsed as Readonly<Record<string, unknown>>;
}

/** Numbers and booleans are taken for their text, as Spark's parser does. */
function scalarText(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "object") throw malformed(field, `Field '${field}' expected text: actual was ${kindOf(value)}.`);
  return String(value);
}

function texts(value: unknown, field: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed(field, `Field '${field}' expected a list: actual was ${kindOf(value)}.`);
  return value.map((each: unknown, index) => {
    const text = scalarText(each, `${field}[${index}]`);
    if (text === undefined) throw malformed(`${field}[${index}]`, `Field '${field}[${index}]' is null.`);
    return text;
  });
}

function textMap(value: unknown, field: string): Settings {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object" || Array.isArray(value))
    throw malformed(field, `Field '${field}' expected an object: actual was ${kindOf(value)}.`);
  return Object.entries(value).map(([key, each]) => {
    const text = scalarText(each, `${field}.${key}`);
    if (text === undefined) throw malformed(`${field}.${key}`, `Field '${field}.${key}' is null.`);
    return [key, text];
  });
}

function kindOf(value: unknown): string {
  return value === null
    ? "null"
    : Array.isArray(value)
      ? "a list"
      : typeof value === "object"
        ? "an object"
        : typeof value;
}

/** A path that workers reach, or a URL that they download. */
export function parseResource(resource: string, field = "appResource"): DriverDescription["job"] {
  const refuse = () =>
    malformed(
      field,
      `Field '${field}' expected an absolute path, or a file:, http: or https: URL: actual was '${resource.slice(0, 200)}'.`,
    );
  if (resource.includes("\0")) throw refuse();
  if (isAbsolute(resource)) return { kind: "path", path: resource };
  if (!URL.canParse(resource)) throw refuse();
  const url = new URL(resource.replace(/^local:/, "file:"));
  if (url.protocol === "http:" || url.protocol === "https:") return { kind: "path", path: url.href };
  if (url.protocol !== "file:") throw refuse();
  try {
    return { kind: "path", path: fileURLToPath(url) };
  } catch {
    throw refuse();
  }
}

/** The client's files are not here: to start without them would be to fail later, and less clearly. */
function refuseFiles(properties: Settings): void {
  const files = properties.find(([key, value]) => /^spark\.(?:files|archives)$/.test(key) && value !== "");
  if (files === undefined) return;
  throw new RestError(400, `Property '${files[0]}' cannot be used here: this call brings no files along.`, {
    field: files[0],
    hint: "use `firesteel submit --files`, or POST /v1/applications",
  });
}

/** A client's own addresses are none of the driver's, and Spark's folders are not ours. */
function isOfDriver([name]: readonly [string, string]): boolean {
  return !/^(?:SPARK_LOCAL_(?:IP|HOSTNAME)|SPARK_HOME|FIRESTEEL_SECRET|FIRESTEEL_INTERNAL_.*)$/.test(name);
}
