import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import { bundleMarker } from "../../src/closure/bundle.ts";
import { formBytesMax } from "../../src/deploy/application-form.ts";
import { restFetch } from "../../src/deploy/rest-server.ts";
import { withoutTypes } from "../../src/platform/bundler.ts";
import { FakeMaster } from "./fake-master.ts";
import { checkSchema } from "./check-schema.ts";
import { openApiDocument, routes, schemas } from "../../src/deploy/rest-routes.ts";

const host = "http://127.0.0.1:6066";
const jobText = `import { Context } from "firesteel";
export default async function main(ctx: Context): Promise<number> { return 3; }
`;
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

function server(master = new FakeMaster()) {
  const fetch = restFetch({ master, secret: undefined, clock: systemClock });
  const call = async (
    method: string,
    path: string,
    body?: ConstructorParameters<typeof Response>[0],
    headers: Record<string, string> = {},
  ) => {
    const request = new Request(host + path, { method, headers, ...(body !== undefined && { body }) });
    const response = await fetch(request, { remoteAddress: "127.0.0.1" });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    const parsed = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body: parsed, text };
  };
  const post = (form: FormData) => call("POST", "/v1/applications", form);
  const postJson = (body: unknown) =>
    call("POST", "/v1/applications", JSON.stringify(body), { "content-type": "application/json" });
  return { master, call, post, postJson };
}

function form(fields: readonly (readonly [string, string | Blob, string?])[], job = jobText, name = "word-count.ts") {
  const made = new FormData();
  made.append("job", new Blob([job]), name);
  for (const [field, value, fileName] of fields) {
    if (typeof value === "string") made.append(field, value);
    else made.append(field, value, fileName);
  }
  return made;
}

const only = (master: FakeMaster) => [...master.drivers.values()][0]!;

describe("submission by form", () => {
  test("keeps the job and its files by hash, and starts a driver", async () => {
    const { master, post } = server();
    const { status, headers, body } = await post(
      form([
        ["args", "in.txt"],
        ["args", "a b=c"],
        ["conf", "firesteel.executor.memory=256m"],
        ["conf", "spark.task.maxFailures=2"],
        ["files", new Blob(["x,y"]), "data.csv"],
        ["cores", "2"],
        ["memory", "2g"],
        ["supervise", "true"],
      ]),
    );
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/v1/applications/${String(body["id"])}`);
    expect(checkSchema(schemas["Submitted"]!, body, schemas)).toEqual([]);
    expect(only(master).description).toEqual({
      name: "word-count",
      job: { kind: "blob", fileName: "word-count.ts", hash: hashOf(jobText) },
      args: ["in.txt", "a b=c"],
      cores: 2,
      memoryMb: 2048,
      supervise: true,
      conf: { "firesteel.executor.memory": "256m", "firesteel.task.maxFailures": "2" },
      environment: {},
      files: [{ name: "data.csv", hash: hashOf("x,y") }],
    });
    expect([...master.blobs.kept.keys()].toSorted()).toEqual([hashOf(jobText), hashOf("x,y")].toSorted());
  });

  test("takes a ready bundle, and a name", async () => {
    const { master, post } = server();
    const bundle = `${bundleMarker}\nvar a = 1;\n//# sourceMappingURL=data:application/json;base64,e30=\n`;
    expect((await post(form([["name", "mine"]], bundle, "job.js"))).status).toBe(201);
    expect(only(master).description).toMatchObject({ name: "mine", cores: 1, memoryMb: 1024, supervise: false });
  });

  const data = new Blob(["x"]);
  const wrong: readonly (readonly [what: string, form: FormData, field: string, says: string])[] = [
    ["no job", new FormData(), "job", "there is no job"],
    ["two jobs", form([["job", data, "b.ts"]]), "job", "more than one job"],
    [
      "a job that is text",
      (() => {
        const f = new FormData();
        f.append("job", "x");
        return f;
      })(),
      "job",
      "is a file, not text",
    ],
    ["args that are a file", form([["args", data, "a"]]), "args", "is text, not a file"],
    ["an unknown field", form([["arg", "x"]]), "arg", "no such field"],
    [
      "two names",
      form([
        ["name", "a"],
        ["name", "b"],
      ]),
      "name",
      "given 2 times",
    ],
    ["conf without value", form([["conf", "firesteel.codegen"]]), "conf", "has no value"],
    ["conf of another program", form([["conf", "foo=1"]]), "conf", "no configuration key"],
    ["conf that does not exist", form([["conf", "firesteel.foo=1"]]), "firesteel.foo", "is not a configuration key"],
    ["a bad value", form([["conf", "firesteel.codegen=1"]]), "firesteel.codegen", "not true or false"],
    ["bad cores", form([["cores", "1.5"]]), "cores", "Field 'cores' expected"],
    ["bad memory", form([["memory", "much"]]), "memory", "Field 'memory' expected memory value"],
    ["bad supervise", form([["supervise", "yes"]]), "supervise", "Field 'supervise' expected boolean value"],
    ["a path as file name", form([["files", data, "../../etc/passwd"]]), "files", "is no file name"],
    ["an absolute path as file name", form([["files", data, "/etc/passwd"]]), "files", "is no file name"],
    ["a path as the job's name", form([], jobText, "../job.ts"), "job", "is no file name"],
    ["a hidden file", form([["files", data, ".bashrc"]]), "files", "is no file name"],
    [
      "two files of a name",
      form([
        ["files", data, "a"],
        ["files", data, "a"],
      ]),
      "files",
      "two files are called a",
    ],
    [
      "a file called as the job",
      form([["files", data, "word-count.ts"]]),
      "files",
      "two files are called word-count.ts",
    ],
    ["a job of another kind", form([], jobText, "job.py"), "job", "is no job"],
    ["an empty job", form([], " \n"), "job", "the job is empty"],
    ["a bundle without its end", form([], `${bundleMarker}\nvar a = 1;\n`, "j.js"), "job", "without its end"],
  ];
  test.each(wrong)("refuses %s", async (_, body, field, says) => {
    const { master, post } = server();
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body["field"]).toBe(field);
    expect(answer.body["message"]).toContain(says);
    expect(checkSchema(schemas["Error"]!, answer.body, schemas)).toEqual([]);
    expect(master.drivers.size).toBe(0);
  });

  test("a job that does not parse is refused with its line", async () => {
    const { master, post } = server();
    const { status, body } = await post(form([], "const a = 1;\nexport default function main( {\n"));
    expect(status).toBe(400);
    expect(body).toMatchObject({ field: "job", at: "word-count.ts:2:32" });
    expect(body["message"]).toStartWith("word-count.ts:2: syntax error: ");
    expect(master.blobs.kept.size).toBe(0);
  });

  test("nothing of a job runs where it is checked, macros neither", async () => {
    const { post } = server();
    const folder = mkdtempSync(join(tmpdir(), "firesteel-macro-"));
    const file = join(folder, "ran");
    const macro = `import { writeFileSync } from "node:fs" with { type: "macro" };
export const x = writeFileSync(${JSON.stringify(file)}, "1");
(await import("node:fs")).writeFileSync(${JSON.stringify(file)}, "2");
`;
    expect((await post(form([], macro))).status).toBe(201);
    expect(existsSync(file)).toBe(false);
    // what would run it: so that the check is of something
    try {
      withoutTypes(macro, "ts");
    } catch {
      // undefined is a value that macros may not give
    }
    expect(existsSync(file)).toBe(true);
    rmSync(folder, { recursive: true });
  });

  test.each(["[".repeat(300_000), "`${".repeat(100_000), "{".repeat(300_000)])(
    "hostile depth is a syntax error",
    async text => {
      expect((await server().post(form([], text))).status).toBe(400);
    },
  );

  test("bodies that are no form, or too large", async () => {
    const { call } = server();
    const type = { "content-type": "multipart/form-data; boundary=x" };
    expect((await call("POST", "/v1/applications", "nonsense", type)).status).toBe(400);
    expect((await call("POST", "/v1/applications", "x", { "content-type": "text/plain" })).status).toBe(415);
    const declared = { ...type, "content-length": String(formBytesMax + 1) };
    expect((await call("POST", "/v1/applications", "x", declared)).status).toBe(413);
    const chunk = new Uint8Array(1 << 20);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.length;
        controller.enqueue(chunk);
      },
    });
    expect((await call("POST", "/v1/applications", endless, type)).status).toBe(413);
    expect(sent).toBeLessThan(formBytesMax + (8 << 20));
  });

  test("a master that refuses is 503", async () => {
    const { master, post } = server();
    master.submitDriver = async () => ({ success: false, driverId: undefined, message: "the master is recovering" });
    const { status, body } = await post(form([]));
    expect([status, body["message"]]).toEqual([503, "the master is recovering"]);
  });
});

describe("submission by JSON", () => {
  const job = { hash: hashOf(jobText), fileName: "job.ts" };

  test("names blobs that were sent before", async () => {
    const { master, call, postJson } = server();
    expect((await call("PUT", `/v1/blobs/${job.hash}`, jobText)).status).toBe(201);
    const answer = await postJson({ job, args: ["a"], conf: { "firesteel.codegen": "false" }, cores: 2, memory: "1g" });
    expect(answer.status).toBe(201);
    expect(only(master).description).toMatchObject({ cores: 2, conf: { "firesteel.codegen": "false" }, args: ["a"] });
  });

  test("or a place that workers reach", async () => {
    const { master, postJson } = server();
    expect((await postJson({ job: { url: "https://host/jobs/count.ts" } })).status).toBe(201);
    const place = { kind: "path", path: "https://host/jobs/count.ts" };
    expect(only(master).description).toMatchObject({ name: "count", job: place });
  });

  test.each([
    [{}, "job"],
    [{ job: { hash: "x", fileName: "job.ts" } }, "job.hash"],
    [{ job: { hash: hashOf("other"), fileName: "job.ts" } }, "job"],
    [{ job: { url: "ftp://x/job.ts" } }, "job.url"],
    [{ job, args: [1] }, "args[0]"],
    [{ job, args: "a" }, "args"],
    [{ job, conf: [] }, "conf"],
    [{ job, files: [{ hash: job.hash, name: "../x" }] }, "files"],
    [{ job, files: [{ hash: hashOf("gone"), name: "x" }] }, "files"],
    [{ job, what: 1 }, "what"],
    [[], "the body"],
  ])("refuses %p, naming %s", async (body, field) => {
    const { master, call, postJson } = server();
    await call("PUT", `/v1/blobs/${job.hash}`, jobText);
    const answer = await postJson(body);
    expect([answer.status, answer.body["field"]]).toEqual([400, field]);
    expect(master.drivers.size).toBe(0);
  });
});

describe("after it", () => {
  test("state, progress, output and result", async () => {
    const { master, call, post } = server();
    const id = String((await post(form([]))).body["id"]);
    const get = async (query = "") => {
      const { status, body } = await call("GET", `/v1/applications/${id}${query}`);
      expect(status).toBe(200);
      expect(checkSchema(schemas["ApplicationDetail"]!, body, schemas)).toEqual([]);
      return body;
    };
    expect(await get()).toMatchObject({
      ...{ id, state: "SUBMITTED", launches: 0 },
      stdout: { unavailable: `${id} has not been on a worker yet` },
    });
    const running = { state: "RUNNING", workerId: "worker-1", workerHostPort: "h:1", startedMs: 2000, launches: 1 };
    Object.assign(master.drivers.get(id)!, running);
    master.report = { progress: '{"tasks":{"total":3,"done":1}}', result: undefined };
    const seen = await get("?stdoutBytes=7");
    expect(seen).toMatchObject({ state: "RUNNING", progress: { tasks: { done: 1 } }, worker: { address: "h:1" } });
    expect(seen["stdout"]).toEqual({ text: "answer\n", totalBytes: 11 });
    expect(seen).not.toHaveProperty("result");
    Object.assign(master.drivers.get(id)!, { state: "FINISHED", endedMs: 3000 });
    master.report = { progress: "no JSON", result: '{"value":{"words":3}}' };
    expect(await get()).toMatchObject({ state: "FINISHED", result: { value: { words: 3 } } });
    Object.assign(master.drivers.get(id)!, { state: "FAILED", error: "exit code 1" });
    expect(await get()).toMatchObject({ state: "FAILED", error: "exit code 1", stderr: { totalBytes: 11 } });
    for (const bad of ["x", "-1", "999999999"])
      expect((await call("GET", `/v1/applications/${id}?stdoutBytes=${bad}`)).body["field"]).toBe("stdoutBytes");
  });

  test("list and kill, of drivers and of applications that run elsewhere", async () => {
    const { master, call, post } = server();
    const id = String((await post(form([]))).body["id"]);
    master.applications.push({
      ...{ appId: "app-1", state: "running", coresGranted: 4, submittedMs: 500, endedMs: undefined, executors: [] },
      description: {
        ...{ name: "shell", user: "u", coresMax: undefined, coresPerExecutor: undefined, memoryPerExecutorMb: 1 },
        ...{ executorsMax: undefined, driver: { host: "h", port: 1 }, webUiUrl: undefined, executorEnvironment: {} },
      },
    });
    const list = (await call("GET", "/v1/applications")).body as unknown as Record<string, unknown>[];
    expect(list.map(each => [each["id"], each["state"]])).toEqual([
      [id, "SUBMITTED"],
      ["app-1", "RUNNING"],
    ]);
    for (const each of list) expect(checkSchema(schemas["Application"]!, each, schemas)).toEqual([]);
    expect((await call("GET", "/v1/applications/app-1")).body).toMatchObject({ name: "shell", coresGranted: 4 });
    for (const each of [id, "app-1"]) {
      const { status, body } = await call("DELETE", `/v1/applications/${each}`);
      expect([status, body["id"]]).toEqual([200, each]);
    }
    expect(master.killed).toEqual([id, "app-1"]);
    expect((await call("DELETE", `/v1/applications/${id}`)).status).toBe(409);
  });

  test.each(["driver-9", "app-9", "x", "..%2f..%2fetc", "driver-%00", `driver-${"9".repeat(5000)}`])(
    "%s is not known",
    async id => {
      const { call } = server();
      for (const method of ["GET", "DELETE"]) expect((await call(method, `/v1/applications/${id}`)).status).toBe(404);
    },
  );

  test("a master that does not answer is 503", async () => {
    const { master, call } = server();
    master.failure = new FiresteelError("lost", "no answer");
    for (const path of ["", "/driver-1", "/app-1"])
      expect((await call("GET", `/v1/applications${path}`)).status).toBe(503);
  });

  test("methods that do not fit", async () => {
    const { status, headers } = await server().call("PUT", "/v1/applications");
    expect([status, headers.get("allow")]).toEqual([405, "HEAD, POST, GET"]);
  });
});

describe("blobs", () => {
  test("come back as they were sent", async () => {
    const { call } = server();
    const path = `/v1/blobs/${hashOf("some bytes")}`;
    expect((await call("GET", path)).status).toBe(404);
    const kept = await call("PUT", path, "some bytes");
    expect(kept.status).toBe(201);
    expect(checkSchema(schemas["Blob"]!, kept.body, schemas)).toEqual([]);
    expect((await call("GET", path)).text).toBe("some bytes");
    const head = await call("HEAD", path);
    expect([head.status, head.text, head.headers.get("content-length")]).toEqual([200, "", "10"]);
  });

  test("are refused by another name than their hash, and above their limit", async () => {
    const { master, call } = server();
    const wrong = await call("PUT", `/v1/blobs/${hashOf("a")}`, "b");
    expect([wrong.status, wrong.body["field"]]).toEqual([400, "sha256"]);
    for (const name of ["x", "A".repeat(64), "..%2f..%2fetc%2fpasswd"])
      expect((await call("PUT", `/v1/blobs/${name}`, "b")).status).toBe(400);
    const large = await call("PUT", `/v1/blobs/${hashOf("a")}`, new Uint8Array(master.blobs.blobBytesMax + 1));
    expect(large.status).toBe(413);
    expect(master.blobs.kept.size).toBe(0);
  });
});

describe("the OpenAPI document", () => {
  test("is what the server gives, whole in itself", async () => {
    const { status, body } = await server().call("GET", "/v1/openapi.json");
    expect(status).toBe(200);
    const text = JSON.stringify(body);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(schemas).toHaveProperty(name!);
    expect(body["openapi"]).toBe("3.1.0");
    const { version } = body["info"] as { version: string };
    expect(body).toEqual(JSON.parse(JSON.stringify(openApiDocument(version))));
    const ids = new Set<string>();
    for (const [path, operations] of Object.entries(body["paths"] as Record<string, Record<string, never>>)) {
      for (const operation of Object.values(operations) as Record<string, unknown>[]) {
        ids.add(String(operation["operationId"]));
        const named = (operation["parameters"] as { name: string; in: string }[]).filter(each => each.in === "path");
        expect(named.map(each => each.name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]!));
        for (const answer of Object.values(operation["responses"] as Record<string, { description: string }>))
          expect(answer.description).toBeString();
      }
    }
    expect([...ids].toSorted()).toEqual(Object.keys(routes).toSorted());
  });
});
