import { describe, expect, test } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import { authenticated } from "../../src/deploy/rest-authentication.ts";
import { createMasterPages } from "../../src/ui/master-pages.ts";
import { ManualClock } from "../deploy/manual-clock.ts";
import { application, driver, masterAccessTo, masterState, workerStatus } from "./cluster-states.ts";
import { hostile, jsonAt, markup, press, textAt, tokenIn } from "./reading.ts";

const clock = new ManualClock();
const options = { guard: undefined, clock };

function open(state = masterState()) {
  const access = masterAccessTo(() => state);
  return { access, app: createMasterPages(access, options) };
}

describe("a master's pages", () => {
  test("show workers, applications, drivers and what is taken", async () => {
    const text = await textAt(open().app, "/");
    for (const shown of [
      "2 alive of 3",
      "28 of 32 taken",
      "page-rank",
      "nightly sessions",
      "word-count",
      "1 min 35 s ago",
    ])
      expect(text).toContain(shown);
    expect(text).toContain(`href="http://10.0.0.1:8081"`);
  });

  test("show an application with its executors and their logs, and a driver without its secrets", async () => {
    const { app } = open();
    const text = await textAt(app, "/applications/app-20261121065028-0001");
    expect(text).toContain("http://10.0.0.1:8081/applications/app-20261121065028-0001/executors/0/stderr");
    const driverText = await textAt(app, "/drivers/driver-20261121065028-0001");
    expect(driverText).toContain("--rounds\n10");
    expect(driverText).toContain("firesteel.some.password");
    expect(driverText).not.toContain("open-sesame");
    expect(await textAt(app, "/drivers/driver-20261121065028-0002")).toContain("exited with code 1");
  });

  test("escape whatever users, workers and drivers call themselves", async () => {
    const base = application(1, hostile);
    const state = masterState({
      url: hostile,
      workers: [workerStatus(1, { workerId: hostile, webUiUrl: `javascript:${hostile}` })],
      applications: [
        { ...base, description: { ...base.description, user: hostile, webUiUrl: `javascript:alert(1)` } },
        { ...base, appId: hostile },
      ],
      drivers: [{ ...driver(1, hostile), error: hostile, workerId: hostile }],
    });
    const { app } = open(state);
    const paths = [
      "/",
      `/applications/${base.appId}`,
      "/drivers/driver-20261121065028-0001",
      `/${encodeURIComponent("<script>alert")}`,
    ];
    for (const path of paths) {
      const text = await (await app.request(path)).text();
      expect(text).not.toContain(markup);
      expect(text).not.toContain("javascript:");
    }
  });

  test("come with a policy that allows nothing inline, also with errors", async () => {
    const { app } = open();
    for (const path of ["/", "/nowhere", "/applications/nobody", "/json"]) {
      const { headers } = await app.request(path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toStartWith(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'",
      );
      expect(policy).not.toContain("unsafe");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
    }
    const text = await textAt(app, "/");
    expect(text).not.toMatch(/<style|style=|<script>|\son\w+=/);
  });

  test("refer to files that are there, and may be kept", async () => {
    const { app } = open();
    const found = [...(await textAt(app, "/")).matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(match => match[1]!);
    expect(new Set(found).size).toBe(3);
    for (const path of found) expect((await app.request(path)).headers.get("cache-control")).toContain("immutable");
  });

  test("answer for what is not there, and for a master that is not", async () => {
    const { app } = open();
    expect(await textAt(app, "/nowhere", 404)).toContain("there is no such page");
    expect(await textAt(app, "/applications/nobody", 404)).toContain("knows no such application");
    const away = {
      ...masterAccessTo(() => masterState()),
      masterState: () => Promise.reject(new FiresteelError("lost", "the master is gone")),
    };
    expect(await textAt(createMasterPages(away, options), "/", 503)).toContain("the master is gone");
  });

  test("keep errors of the server for its log", async () => {
    const warnings: string[] = [];
    const broken = { ...masterAccessTo(() => masterState()), masterState: () => Promise.reject(new Error("a detail")) };
    const app = createMasterPages(broken, { ...options, warn: message => warnings.push(message) });
    expect(await textAt(app, "/", 500)).not.toContain("a detail");
    expect(warnings).toEqual(["a page failed: GET /: Error: a detail"]);
  });
});

describe("buttons of a master's pages", () => {
  test("end applications and drivers", async () => {
    const { app, access } = open();
    const token = tokenIn(await textAt(app, "/"));
    const answer = await press(app, "/applications/app-20261121065028-0001/kill", token, {
      origin: "http://localhost",
    });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/applications/app-20261121065028-0001"]);
    await press(app, "/drivers/driver-20261121065028-0001/kill", token, { "sec-fetch-site": "same-origin" });
    expect(access.killed).toEqual(["app-20261121065028-0001", "driver-20261121065028-0001"]);
  });

  test("are for running ones alone", async () => {
    const { app } = open();
    expect(await textAt(app, "/applications/app-20261121065028-0001")).toContain("<button");
    expect(await textAt(app, "/applications/app-20261121065028-0003")).not.toContain("<button");
    expect(await textAt(app, "/drivers/driver-20261121065028-0002")).not.toContain("<button");
  });

  test("say why it could not be done", async () => {
    const { app } = open();
    const answer = await press(app, "/applications/app-9/kill", tokenIn(await textAt(app, "/")));
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("there is no app-9");
  });

  test("are not pressed by other sites, old pages or scripts without the token", async () => {
    const { app, access } = open();
    const token = tokenIn(await textAt(app, "/"));
    const path = "/applications/app-20261121065028-0001/kill";
    const elsewhere = tokenIn(await textAt(open().app, "/"));
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const statuses = await Promise.all([
      press(app, path, elsewhere),
      press(app, path, ""),
      press(app, path, token, { origin: "http://evil.example" }),
      press(app, path, token, { origin: "null" }),
      press(app, path, token, { "sec-fetch-site": "cross-site" }),
      press(app, path, token, { "sec-fetch-site": "same-site" }),
      app.request(path, { method: "POST", headers: form, body: `token=${token}&token=${token}` }),
      app.request(path, { method: "POST", headers: { "content-type": "text/plain" }, body: `token=${token}` }),
      app.request(path, { method: "POST", headers: form, body: `token=${token}&x=${"x".repeat(5000)}` }),
      app.request(path, { method: "POST" }),
      app.request(path),
    ]).then(answers => answers.map(answer => answer.status));
    expect(statuses).toEqual([403, 403, 403, 403, 403, 403, 403, 415, 413, 415, 404]);
    expect(access.killed).toEqual([]);
  });
});

describe("a guarded master's pages", () => {
  test("are shown to who proves to know the secret", async () => {
    const guard = authenticated({ secret: "a secret of many letters", clock });
    const app = createMasterPages(
      masterAccessTo(() => masterState()),
      { guard, clock },
    );
    const answer = await app.request("/");
    expect([answer.status, answer.headers.get("www-authenticate")?.split(" ")[0]]).toEqual([401, "Digest"]);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect((await app.request("/json")).status).toBe(401);
  });
});

test("/json is as Spark's", async () => {
  const json = (await jsonAt(open().app, "/json")) as Record<string, unknown[]>;
  expect(json).toMatchObject({
    url: "firesteel://10.0.0.8:7077",
    aliveworkers: 2,
    cores: 32,
    coresused: 28,
    status: "ALIVE",
  });
  expect(json["workers"]![2]).toMatchObject({ host: "10.0.0.3", port: 41234, state: "DEAD", coresfree: 16 });
  expect(json["activeapps"]![0]).toMatchObject({
    id: "app-20261121065028-0001",
    name: "page-rank",
    cores: 24,
    duration: 185_000,
  });
  expect(json["completeddrivers"]![0]).toMatchObject({ id: "driver-20261121065028-0002", state: "FAILED" });
});
