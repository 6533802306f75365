/**
 * The body of `POST /v1/applications`: a form with the job and its files (`curl -F job=@word-count.ts -F args=…`), or JSON that
 * names blobs that were sent before. Both become the same description; every complaint names its field.
 */
import { basename } from "node:path";
import { FiresteelError } from "../base/errors.ts";
import { isBlobHash } from "../storage/blob-store.ts";
import { checkJob, jobNamePattern } from "./job-check.ts";
import type { Blobs } from "./master-access.ts";
import type { DriverDescription } from "./messages.ts";
import { readBody, RestError } from "./rest-bodies.ts";
import { driverSettings, type Settings } from "./spark-properties.ts";
import { parseResource } from "./submission-request.ts";
import { safeName } from "./work-dirs.ts";

/** A form is held in memory; what is larger goes ahead as blobs. */
export const formBytesMax = 64 << 20;
const jsonBytesMax = 1 << 20;
const jobBytesMax = 32 << 20;
const filesMax = 200;
const argsMax = 2000;

interface Given {
  readonly job: DriverDescription["job"];
  readonly files: readonly { readonly name: string; readonly hash: string }[];
  readonly args: readonly string[];
  readonly conf: Settings;
  readonly environment: Readonly<Record<string, string>>;
  readonly name: string | undefined;
  readonly cores: string | undefined;
  readonly memory: string | undefined;
  readonly supervise: string | undefined;
}

/** Throws a RestError: 400, 413 or 415. Blobs are kept before it resolves. */
export async function readApplication(request: Request, blobs: Blobs): Promise<DriverDescription> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (type === "multipart/form-data") return describe(await readForm(request, blobs));
  if (type === "application/json") return describe(await readJson(request, blobs));
  throw new RestError(415, "the body is neither a form nor JSON", {
    hint: "send the job with: curl -F job=@job.ts; see /v1/openapi.json",
  });
}

function describe(given: Given): DriverDescription {
  const { job, files, args, conf, environment } = given;
  const wrongKey = conf.find(([key]) => !/^(?:firesteel|spark)\./.test(key));
  if (wrongKey !== undefined)
    throw wrong(
      "conf",
      `${JSON.stringify(wrongKey[0].slice(0, 100))} is no configuration key: they begin with firesteel.`,
    );
  const shorter = { "driver.cores": "cores", "driver.memory": "memory", "driver.supervise": "supervise" } as const;
  const settings = [
    ...conf,
    ...Object.entries(shorter).flatMap(([key, field]) => {
      const value = given[field];
      return value === undefined ? [] : [[`firesteel.${key}`, value] as const];
    }),
  ];
  try {
    const { name, ...rest } = driverSettings(settings);
    const title =
      given.name ?? name ?? basename(job.kind === "blob" ? job.fileName : job.path).replace(jobNamePattern, "");
    return { ...rest, name: title, job, args, environment, files };
  } catch (error) {
    const field = error instanceof RestError ? error.details.field : undefined;
    const short = Object.entries(shorter).find(([key]) => field === `firesteel.${key}`)?.[1];
    if (short === undefined || given[short] === undefined) throw error;
    const { message } = error as RestError;
    throw wrong(short, message.replace(`Property '${field!}'`, `Field '${short}'`));
  }
}

function wrong(field: string, message: string): RestError {
  return new RestError(400, message, { field });
}

// ---- a form

const formFields = ["job", "args", "name", "conf", "files", "cores", "memory", "supervise"];

async function readForm(request: Request, blobs: Blobs): Promise<Given> {
  const body = await readBody(request, formBytesMax);
  const form = await parseForm(body, request.headers.get("content-type")!);
  const unknown = [...form.keys()].find(field => !formFields.includes(field));
  if (unknown !== undefined)
    throw wrong(unknown.slice(0, 100), `no such field; a submission has ${formFields.join(", ")}`);
  const texts = (field: string) =>
    form.getAll(field).map(value => {
      if (typeof value === "string") return value;
      throw wrong(field, `${field} is text, not a file: -F ${field}=VALUE`);
    });
  const one = (field: string) => {
    const values = texts(field);
    if (values.length > 1) throw wrong(field, `${field} is given ${values.length} times`);
    return values[0];
  };
  const jobs = filesOf(form, "job", "job.ts");
  if (jobs.length !== 1)
    throw wrong("job", jobs.length === 0 ? "there is no job: -F job=@job.ts" : "there is more than one job");
  const [args, conf] = [texts("args"), texts("conf").map(parseSetting)];
  const settings = { name: one("name"), cores: one("cores"), memory: one("memory"), supervise: one("supervise") };
  const others = filesOf(form, "files", "data.csv");
  const { fileName, bytes } = await checkedJob(jobs[0]!);
  checkNames(
    fileName,
    others.map(file => file.name),
  );
  checkCount("args", args.length, argsMax);
  const job = { kind: "blob", fileName, hash: (await blobs.put([bytes])).hash } as const;
  const files: Given["files"][number][] = [];
  for (const file of others) files.push({ name: file.name, hash: (await blobs.put(chunksOf(file))).hash });
  return { job, files, args, conf, environment: {}, ...settings };
}

type Form = Awaited<ReturnType<Response["formData"]>>;

async function parseForm(body: Buffer<ArrayBuffer>, type: string): Promise<Form> {
  try {
    return await new Response(body, { headers: { "content-type": type } }).formData();
  } catch (error) {
    throw new RestError(400, `the form cannot be read: ${(error as Error).message}`);
  }
}

function filesOf(form: Form, field: string, example: string): File[] {
  return form.getAll(field).map(value => {
    if (typeof value !== "string") return value;
    throw wrong(field, `${field} is a file, not text: -F ${field}=@${example}`);
  });
}

async function* chunksOf(file: File): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(await file.arrayBuffer());
}

async function checkedJob(file: File): Promise<{ readonly fileName: string; readonly bytes: Uint8Array }> {
  const fileName = plainName(file.name, "job");
  if (file.size > jobBytesMax)
    throw new RestError(413, `the job is larger than ${jobBytesMax} bytes`, {
      field: "job",
      hint: "put data into files",
    });
  const bytes = new Uint8Array(await file.arrayBuffer());
  checkParses(bytes, fileName);
  return { fileName, bytes };
}

function checkParses(bytes: Uint8Array, fileName: string): void {
  const problem = checkJob(bytes, fileName);
  if (problem === undefined) return;
  const where = problem.at === undefined ? "" : `${problem.at.file}:${problem.at.line}: `;
  throw new RestError(400, `${where}${problem.message}`, { field: "job", at: problem.at });
}

function parseSetting(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw wrong("conf", `${JSON.stringify(text.slice(0, 100))} has no value: -F conf=KEY=VALUE`);
  return [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

// ---- JSON

const jsonFields = [...formFields, "environment"];

async function readJson(request: Request, blobs: Blobs): Promise<Given> {
  const body = parseObject((await readBody(request, jsonBytesMax)).toString("utf8"));
  const unknown = Object.keys(body).find(field => !jsonFields.includes(field));
  if (unknown !== undefined)
    throw wrong(unknown.slice(0, 100), `no such field; a submission has ${jsonFields.join(", ")}`);
  const scalar = (field: string) => {
    const value = body[field];
    if (value === undefined || typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    throw wrong(field, `${field} is not text`);
  };
  const args = listOf(body["args"], "args").map((value, index) => textOf(value, `args[${index}]`));
  const files = listOf(body["files"], "files").map((value, index) => blobOf(value, `files[${index}]`, "name"));
  checkCount("args", args.length, argsMax);
  const job = await jobOf(body["job"], blobs);
  const jobName = job.kind === "blob" ? job.fileName : undefined;
  checkNames(
    jobName,
    files.map(file => file.name),
  );
  for (const { name, hash } of files) await checkKept(blobs, name, hash, "files");
  return {
    ...{ job, files, args },
    ...{
      conf: mapOf(body["conf"], "conf"),
      environment: Object.fromEntries(mapOf(body["environment"], "environment")),
    },
    ...{ name: scalar("name"), cores: scalar("cores"), memory: scalar("memory"), supervise: scalar("supervise") },
  };
}

/** A blob, or a place that workers reach. */
async function jobOf(value: unknown, blobs: Blobs): Promise<DriverDescription["job"]> {
  const given = objectOf(value, "job");
  if (given["url"] !== undefined) return parseResource(textOf(given["url"], "job.url"), "job.url");
  const job = blobOf(value, "job", "fileName");
  const fileName = plainName(job.name, "job");
  await checkKept(blobs, fileName, job.hash, "job");
  await checkKeptJob(blobs, job.hash, fileName);
  return { kind: "blob", fileName, hash: job.hash };
}

async function checkKept(blobs: Blobs, name: string, hash: string, field: string): Promise<void> {
  if ((await blobs.find(hash)) !== undefined) return;
  throw wrong(field, `the bytes of ${name} are not here: send them with PUT /v1/blobs/${hash}`);
}

async function checkKeptJob(blobs: Blobs, hash: string, fileName: string): Promise<void> {
  const blob = await blobs.read(hash);
  if (blob === undefined) return;
  if (blob.bytes > jobBytesMax)
    throw new RestError(413, `the job is larger than ${jobBytesMax} bytes`, {
      field: "job",
      hint: "put data into files",
    });
  const chunks: Uint8Array[] = [];
  for await (const chunk of blob.chunks) chunks.push(chunk);
  checkParses(Buffer.concat(chunks), fileName);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new RestError(400, `the body is not JSON: ${(error as Error).message}`);
  }
  return objectOf(parsed, "the body");
}

function objectOf(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(field, `${field} is not an object`);
}

function listOf(value: unknown, field: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw wrong(field, `${field} is not a list`);
}

function mapOf(value: unknown, field: string): Settings {
  if (value === undefined) return [];
  return Object.entries(objectOf(value, field)).map(([key, each]) => [key, textOf(each, `${field}.${key}`)]);
}

function textOf(value: unknown, field: string): string {
  if (typeof value === "string") return value;
  throw wrong(field, `${field} is not text`);
}

function blobOf(value: unknown, field: string, nameField: string): { readonly name: string; readonly hash: string } {
  const given = objectOf(value, field);
  const hash = textOf(given["hash"], `${field}.hash`);
  if (!isBlobHash(hash)) throw wrong(`${field}.hash`, `${field}.hash is no sha256 in lower-case hexadecimal digits`);
  return { name: textOf(given[nameField], `${field}.${nameField}`), hash };
}

// ---- both

function checkNames(job: string | undefined, files: readonly string[]): void {
  checkCount("files", files.length, filesMax);
  const seen = new Set<string | undefined>([job]);
  for (const name of files) {
    plainName(name, "files");
    if (seen.has(name)) throw wrong("files", `two files are called ${name}`);
    seen.add(name);
  }
}

function checkCount(field: string, count: number, max: number): void {
  if (count > max) throw wrong(field, `${count} ${field} are more than the ${max} allowed`);
}

/** It becomes a file's name on a worker. */
function plainName(name: string, field: string): string {
  try {
    if (field === "job" && !jobNamePattern.test(name))
      throw wrong(
        field,
        `${JSON.stringify(basename(name).slice(0, 100))} is no job: a job is a .ts, .tsx, .js or .mjs file`,
      );
    return safeName(name, "file name");
  } catch (error) {
    if (error instanceof FiresteelError) throw wrong(field, error.message);
    throw error;
  }
}
