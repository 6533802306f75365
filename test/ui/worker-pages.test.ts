import { describe, expect, test } from "bun:test";
import { createWorkerPages, type LogOwner } from "../../src/ui/worker-pages.ts";
import { ManualClock } from "../deploy/manual-clock.ts";
import { workerState } from "./cluster-states.ts";
import { EventReader, hostile, jsonAt, markup, textAt } from "./reading.ts";

const clock = new ManualClock();
const app1 = "app-20261121065028-0001";

function open(state = workerState(), log = { text: "one\ntwo\n", totalBytes: 8 }) {
  const asked: { readonly of: LogOwner; readonly stream: string; readonly bytesMax: number }[] = [];
  const access = {
    address: { host: "10.0.0.1", port: 41234 },
    snapshot: () => state,
    logTail: async (of: LogOwner, stream: string, bytesMax: number) => {
      asked.push({ of, stream, bytesMax });
      return log;
    },
  };
  return { asked, app: createWorkerPages(access, { guard: undefined, clock }) };
}

describe("a worker's pages", () => {
  test("show what runs there, and what it takes", async () => {
    const text = await textAt(open().app, "/");
    for (const shown of [
      "9 of 16 taken",
      "17.0 GiB of 60.0 GiB taken",
      "4242",
      "Ended executors (1)",
      "firesteel://10.0.0.8:7077",
    ])
      expect(text).toContain(shown);
    expect(text).toContain(`/applications/${app1}/executors/3/stderr`);
  });

  test("show the ends of logs, of what runs and of what has ended", async () => {
    const { app, asked } = open();
    expect(await textAt(app, `/applications/${app1}/executors/0/stdout`)).toContain("one\ntwo\n</pre>");
    await textAt(app, `/applications/${app1}/executors/1/stderr?bytes=262144`);
    await textAt(app, "/drivers/driver-20261121065028-0001/stderr");
    expect(asked).toEqual([
      { of: { appId: app1, executorId: 0 }, stream: "stdout", bytesMax: 65_536 },
      { of: { appId: app1, executorId: 1 }, stream: "stderr", bytesMax: 262_144 },
      { of: { driverId: "driver-20261121065028-0001" }, stream: "stderr", bytesMax: 65_536 },
    ]);
  });

  test("say how much of a log is shown, leave its colours out and escape it", async () => {
    const { app } = open(workerState(), { text: `\u001b[31mred\u001b[0m ${hostile}`, totalBytes: 3 * 2 ** 20 });
    const text = await textAt(app, `/applications/${app1}/executors/0/stdout`);
    expect(text).toContain("the last 64.0 KiB of 3.0 MiB");
    expect(text).toContain("red &lt;script&gt;");
    expect(text).not.toContain(markup);
  });

  test("give logs of what the worker knows alone", async () => {
    const { app, asked } = open();
    const paths = [
      `/applications/${app1}/executors/7/stdout`,
      `/applications/${app1}/executors/00/stdout`,
      `/applications/..%2f..%2fetc/executors/0/stdout`,
      `/applications/${app1}/executors/0/passwd`,
      "/drivers/driver-9/stdout",
      "/drivers/..%2f..%2f/stdout",
    ];
    for (const path of paths) await textAt(app, path, 404);
    for (const bytes of ["0", "-1", "1e3", "262145", "x"])
      await textAt(app, `/drivers/driver-20261121065028-0001/stdout?bytes=${bytes}`, 400);
    expect(asked).toEqual([]);
  });

  test("follow a log", async () => {
    const log = { text: "one\n", totalBytes: 4 };
    const { app } = open(workerState(), log);
    const answer = await app.request("/drivers/driver-20261121065028-0001/stdout", {
      headers: { accept: "text/event-stream" },
    });
    const events = new EventReader(answer);
    await clock.advance(0);
    expect((await events.next())?.data).toContain("one\n</pre>");
    Object.assign(log, { text: "one\r\ndata: two\n", totalBytes: 14 });
    await clock.advance(1000);
    expect((await events.next())?.data).toContain("one\ndata: two\n</pre>");
    await events.leave();
  });

  test("escape what applications call themselves", async () => {
    const [executor] = workerState().executors;
    const { app } = open(
      workerState({ executors: [{ ...executor!, appName: hostile, appId: hostile }], masterWebUiUrl: "javascript:1" }),
    );
    const text = await textAt(app, "/");
    expect(text).not.toContain(markup);
    expect(text).not.toContain("javascript:");
  });

  test("are there as data, too", async () => {
    expect(await jsonAt(open().app, "/json")).toMatchObject({
      port: 41234,
      coresused: 9,
      executors: [{ id: 0, appid: app1, appdesc: { name: "page-rank" } }, { id: 3 }],
      finishedexecutors: [{ id: 1 }],
    });
  });
});
