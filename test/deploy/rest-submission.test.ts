import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { systemClock } from "../../src/base/clock.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import { restFetch } from "../../src/deploy/rest-server.ts";
import { FakeMaster } from "./fake-master.ts";

const base = "http://127.0.0.1:6066/v1/submissions";

function server(master = new FakeMaster()) {
  const fetch = restFetch({ master, secret: undefined, clock: systemClock });
  const call = async (method: string, url: string, body?: string) => {
    const init = body === undefined ? { method } : { method, body };
    const response = await fetch(new Request(url, init), { remoteAddress: "127.0.0.1" });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(text) as Record<string, unknown>,
      text,
    };
  };
  return { master, call, create: (body: string) => call("POST", `${base}/create`, body) };
}

const properties = { "spark.app.name": "demo" };
const request = {
  action: "CreateSubmissionRequest",
  appArgs: ["a", "b"],
  appResource: "file:/path/my%20job.ts",
  clientSparkVersion: "4.3.0",
  environmentVariables: { SPARK_HOME: "/x", GREETING: "hi" },
  mainClass: "job",
  sparkProperties: properties,
};
const withProperties = (more: Record<string, unknown>) =>
  JSON.stringify({ ...request, sparkProperties: { ...properties, ...more } });

describe("create", () => {
  test("takes what spark-submit sends", async () => {
    const { master, create } = server();
    const sent = withProperties({
      "spark.jars": "file:/path/job.ts",
      "spark.driver.supervise": "true",
      "spark.submit.pyFiles": "",
      "spark.submit.deployMode": "cluster",
      "spark.master": "spark://127.0.0.1:6066",
      "spark.driver.memory": "512m",
      "spark.driver.cores": "2",
      "spark.executor.memory": "512",
      "spark.task.maxFailures": "7",
      "spark.sql.shuffle.partitions": "what it likes",
    });
    const { status, body, headers } = await create(sent);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json;charset=utf-8");
    expect(body).toEqual({
      action: "CreateSubmissionResponse",
      message: "Driver successfully submitted as driver-20261121065028-0000",
      serverSparkVersion: expect.any(String),
      submissionId: "driver-20261121065028-0000",
      success: true,
    });
    expect(Object.keys(body)).toEqual(Object.keys(body).toSorted());
    expect(master.drivers.get("driver-20261121065028-0000")?.description).toEqual({
      name: "demo",
      job: { kind: "path", path: "/path/my job.ts" },
      args: ["a", "b"],
      cores: 2,
      memoryMb: 512,
      supervise: true,
      conf: { "firesteel.executor.memory": "512m", "firesteel.task.maxFailures": "7" },
      environment: { GREETING: "hi" },
      files: [],
    });
  });

  test("reports fields that it does not know", async () => {
    const { create } = server();
    const { status, body } = await create(JSON.stringify({ ...request, foo: 1, bar: { x: 1 } }));
    expect(status).toBe(200);
    expect(body["unknownFields"]).toEqual(["foo", "bar"]);
  });

  test("does without arguments, environment and name, as Spark does", async () => {
    const { master, create } = server();
    const { appArgs, environmentVariables, ...rest } = request;
    expect((await create(JSON.stringify({ ...rest, sparkProperties: {} }))).status).toBe(200);
    const { description } = [...master.drivers.values()][0]!;
    expect(description).toMatchObject({ name: "job", args: [], environment: {}, cores: 1, memoryMb: 1024 });
    expect([appArgs.length, environmentVariables.GREETING]).toEqual([2, "hi"]);
  });

  test("takes numbers and booleans for their text", async () => {
    const { master, create } = server();
    const sent = JSON.stringify({
      ...request,
      appArgs: [1, true, 1.5],
      sparkProperties: { ...properties, "spark.driver.supervise": true, "spark.driver.cores": 3 },
    });
    expect((await create(sent)).status).toBe(200);
    const { description } = [...master.drivers.values()][0]!;
    expect(description).toMatchObject({ args: ["1", "true", "1.5"], supervise: true, cores: 3 });
  });

  const without = (field: string) => JSON.stringify({ ...request, [field]: undefined });
  const malformed: readonly (readonly [body: string, says: string])[] = [
    ["", "The body is not JSON"],
    ["nonsense", "The body is not JSON"],
    [JSON.stringify(request).slice(0, -1), "The body is not JSON"],
    ["[".repeat(500_000), "The body is not JSON"],
    ["[]", "Field 'action' is missing"],
    ["null", "Field 'action' is missing"],
    ['"x"', "Field 'action' is missing"],
    ['{"action":1}', "Field 'action' is missing"],
    ['{"action":"KillSubmissionRequest"}', "Received message of unexpected type KillSubmissionRequest."],
    [without("clientSparkVersion"), "Field 'clientSparkVersion' is missing in message CreateSubmissionRequest."],
    [without("appResource"), "Field 'appResource' is missing in message CreateSubmissionRequest."],
    [without("mainClass"), "Field 'mainClass' is missing in message CreateSubmissionRequest."],
    [without("sparkProperties"), "Field 'sparkProperties' is missing in message CreateSubmissionRequest."],
    [JSON.stringify({ ...request, mainClass: null }), "Field 'mainClass' is missing"],
    [JSON.stringify({ ...request, appArgs: "x" }), "Field 'appArgs' expected a list: actual was string."],
    [JSON.stringify({ ...request, appArgs: [{}] }), "Field 'appArgs[0]' expected text: actual was an object."],
    [JSON.stringify({ ...request, appArgs: ["a", null] }), "Field 'appArgs[1]' is null."],
    [
      JSON.stringify({ ...request, sparkProperties: [] }),
      "Field 'sparkProperties' expected an object: actual was a list.",
    ],
    [JSON.stringify({ ...request, environmentVariables: 3 }), "Field 'environmentVariables' expected an object"],
    [withProperties({ "spark.x": [] }), "Field 'sparkProperties.spark.x' expected text: actual was a list."],
    ...["", "job.ts", "hdfs://host/job.ts", "file://other-host/job.ts", "javascript:1", "/a\0b"].map(
      resource => [JSON.stringify({ ...request, appResource: resource }), "Field 'appResource' expected"] as const,
    ),
    ...["yes", "", "1"].map(
      value =>
        [
          withProperties({ "spark.driver.supervise": value }),
          `Property 'spark.driver.supervise' expected boolean value: actual was '${value}'.`,
        ] as const,
    ),
    ...["x", "0x1", ""].map(
      value =>
        [
          withProperties({ "spark.driver.cores": value }),
          `Property 'spark.driver.cores' expected numeric value: actual was '${value}'.`,
        ] as const,
    ),
    ...["1.5", "0", "-1", "1e9"].map(
      value => [withProperties({ "spark.driver.cores": value }), "Property 'spark.driver.cores' expected"] as const,
    ),
    [withProperties({ "spark.cores.max": "x" }), "Property 'spark.cores.max' expected numeric value: actual was 'x'."],
    ...["x", "1.5g", "-1", "1 g", "9999999t", "", "0"].map(
      value =>
        [
          withProperties({ "spark.driver.memory": value }),
          `Property 'spark.driver.memory' expected memory value: actual was '${value}'.`,
        ] as const,
    ),
    [withProperties({ "spark.executor.memory": "x" }), "Property 'spark.executor.memory' expected memory value"],
    [withProperties({ "spark.executor.memory": "1t" }), "(spark.executor.memory), which is not between 16m and 4g"],
    [withProperties({ "spark.executor.cores": "x" }), "(spark.executor.cores), which is not a whole number"],
    [withProperties({ "firesteel.nonsense": "x" }), '"firesteel.nonsense"'],
    [withProperties({ "firesteel.local.dirs": "/a\nfiresteel.codegen = false" }), "holds a line break"],
    [withProperties({ "spark.files": "file:/data.csv" }), "Property 'spark.files' cannot be used here"],
  ];
  test.each(malformed)("refuses %p", async (body, says) => {
    const { master, create } = server();
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect(answer.body["message"]).toContain("Malformed request: ");
    expect(answer.body["message"]).toContain(says);
    // clients know these fields and no others
    expect(Object.keys(answer.body)).toEqual(["action", "message", "serverSparkVersion"]);
    expect(answer.body["action"]).toBe("ErrorResponse");
    expect(master.drivers.size).toBe(0);
  });

  test("refuses a body above its limit, declared or not", async () => {
    const { create } = server();
    const { status, body } = await create(JSON.stringify({ ...request, appArgs: ["x".repeat(1 << 20)] }));
    expect(status).toBe(413);
    expect(body["action"]).toBe("ErrorResponse");
  });

  test("names of properties cannot reach the prototype", async () => {
    const { master, create } = server();
    const body = JSON.stringify(request).replace('"GREETING":', '"__proto__":');
    expect((await create(body)).status).toBe(200);
    const { environment } = [...master.drivers.values()][0]!.description;
    expect(Object.getPrototypeOf(environment)).toBe(Object.prototype);
    expect(Object.keys(environment)).toEqual(["__proto__"]);
  });

  test("whatever the body is, it is answered 200 or 400", async () => {
    const { master, create } = server();
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom("1g", "true", "file:/j.ts", "2", {}, []));
    const keys = fc.constantFrom("spark.driver.memory", "spark.cores.max", "firesteel.codegen", "spark.driver.cores");
    const bodies = fc.record({
      action: fc.oneof({ weight: 9, arbitrary: fc.constant("CreateSubmissionRequest") }, value),
      appArgs: fc.oneof(fc.array(fc.string()), value),
      appResource: fc.oneof(fc.constant("file:/j.ts"), value),
      clientSparkVersion: fc.oneof(fc.constant("4"), value),
      mainClass: fc.oneof(fc.constant("j"), value),
      sparkProperties: fc.oneof(fc.dictionary(keys, value), value),
      environmentVariables: value,
    });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          bodies.map(body => JSON.stringify(body)),
          fc.string(),
        ),
        async body => {
          const answer = await create(body);
          if (answer.status === 200) accepted++;
          else {
            expect(answer.status).toBe(400);
            expect(answer.body["action"]).toBe("ErrorResponse");
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(master.drivers.size).toBe(accepted);
  });
});

describe("the other calls", () => {
  test("status of a driver that runs, failed, and is not known", async () => {
    const { master, call, create } = server();
    await create(JSON.stringify(request));
    const id = "driver-20261121065028-0000";
    const driver = master.drivers.get(id)!;
    const status = async () => {
      const { serverSparkVersion, ...body } = (await call("GET", `${base}/status/${id}`)).body;
      expect(serverSparkVersion).toBeString();
      return body;
    };
    const known = { action: "SubmissionStatusResponse", submissionId: id, success: true };
    expect(await status()).toEqual({ ...known, driverState: "SUBMITTED" });
    Object.assign(driver, { state: "RUNNING", workerId: "worker-1", workerHostPort: "10.0.0.7:41234" });
    const running = { ...known, workerId: "worker-1", workerHostPort: "10.0.0.7:41234" };
    expect(await status()).toEqual({ ...running, driverState: "RUNNING" });
    Object.assign(driver, { state: "ERROR", error: "no such file" });
    const message = "Exception from the cluster:\nno such file";
    expect(await status()).toEqual({ ...running, driverState: "ERROR", message });
    const unknown = await call("GET", `${base}/status/driver-x/y`);
    expect(unknown.status).toBe(200);
    expect(unknown.body).toMatchObject({ submissionId: "driver-x", success: false });
    expect(unknown.body).not.toHaveProperty("driverState");
  });

  test("kill, killall and clear", async () => {
    const { master, call, create } = server();
    for (let i = 0; i < 3; i++) await create(JSON.stringify(request));
    const kill = (id: string) => call("POST", `${base}/kill/${id}`);
    const id = "driver-20261121065028-0001";
    const killed = { action: "KillSubmissionResponse", message: `Kill request for ${id} submitted`, success: true };
    expect((await kill(id)).body).toMatchObject({ ...killed, submissionId: id });
    const again = `Driver ${id} has already finished or does not exist`;
    expect((await kill(id)).body).toMatchObject({ success: false, message: again });
    const all = await call("POST", `${base}/killall`);
    expect(all.body).toMatchObject({ action: "KillAllSubmissionResponse", success: true });
    expect(master.killed).toHaveLength(3);
    expect((await call("POST", `${base}/clear`)).body).toMatchObject({
      action: "ClearResponse",
      success: true,
      message: "",
    });
    expect(master.drivers.size).toBe(0);
  });

  test("readyz follows the master", async () => {
    const { master, call } = server();
    const ready = await call("GET", `${base}/readyz`);
    expect([ready.status, ready.body["action"], ready.body["success"]]).toEqual([200, "ReadyzResponse", true]);
    master.state = "recovering";
    expect((await call("GET", `${base}/readyz`)).status).toBe(503);
  });

  test("ids that are missing, methods that do not fit", async () => {
    const { call } = server();
    for (const path of ["status", "status/"]) {
      const { status, body } = await call("GET", `${base}/${path}`);
      expect([status, body["message"]]).toEqual([400, "Submission ID is missing in status request."]);
    }
    const kill = await call("POST", `${base}/kill`);
    expect([kill.status, kill.body["message"]]).toEqual([400, "Submission ID is missing in kill request."]);
    for (const [method, path, allow] of [
      ["GET", "kill/x", "POST"],
      ["POST", "status/x", "GET"],
      ["DELETE", "create", "POST"],
      ["POST", "readyz", "GET"],
    ] as const) {
      const { status, headers } = await call(method, `${base}/${path}`);
      expect([status, headers.get("allow")]).toEqual([405, allow]);
    }
  });

  test("a master that does not answer is a 500 in Spark's form", async () => {
    const { master, call } = server();
    master.failure = new FiresteelError("lost", "master at m:7077 did not answer in 10 s");
    const { status, body } = await call("GET", `${base}/status/driver-1`);
    expect(status).toBe(500);
    expect(body).toMatchObject({
      action: "ErrorResponse",
      message: "Internal server error: master at m:7077 did not answer in 10 s",
    });
  });
});

describe("paths that do not exist", () => {
  const host = "http://127.0.0.1:6066";
  const where = "Please submit requests through http://[host]:[port]/v1/submissions/...";
  test.each([
    ["/", 400, `Missing protocol version. ${where}`],
    ["/v1", 400, `Missing the /submissions prefix. ${where}`],
    [
      "/v1/submissions/foo",
      400,
      `Missing an action: please specify one of /create, /kill, /killall, /clear, /status, or /readyz. ${where}`,
    ],
    ["/v2/submissions/status/x", 468, `Unknown protocol version 'v2'. ${where}`],
    ["/v2", 468, `Unknown protocol version 'v2'. ${where}`],
    ["/vX/submissions/create", 468, `Unknown protocol version 'vX'. ${where}`],
  ])("%s is %d", async (path, expected, message) => {
    const { status, body } = await server().call("GET", host + path);
    expect([status, body["message"]]).toEqual([expected, message]);
    expect(body["action"]).toBe("ErrorResponse");
    expect(body["highestProtocolVersion"]).toBe(expected === 468 ? "v1" : undefined);
  });

  test("what belongs to no protocol is 404", async () => {
    const { status, body } = await server().call("GET", `${host}/favicon.ico`);
    expect([status, body["message"]]).toEqual([404, "nothing is served at /favicon.ico"]);
  });
});
