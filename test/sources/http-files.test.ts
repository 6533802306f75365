/** Files of web servers: ranges, servers without them, files that change, servers that fail. */
import { expect, test } from "bun:test";
import { planText } from "../../src/sources/byte-splits.ts";
import { bytesUnknown, type InputFile, type Scan } from "../../src/sources/contracts.ts";
import { planCsv } from "../../src/sources/csv-plan.ts";
import { findFiles } from "../../src/sources/file-system-glob.ts";
import { fileSystemOf } from "../../src/sources/file-systems.ts";
import { HttpFiles } from "../../src/sources/http-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { allRows, testEnv } from "./fixture.ts";
import { sendRange, serve, testSettings } from "./http-server.ts";

const settings = testSettings();
const lines = Array.from({ length: 60_000 }, (_, i) => `line ${i} of a file on a web server`);
const body = Buffer.from(lines.join("\n"));

const find = (url: string, of = settings) => findFiles(url, fileSystemOf(url, of));

/** The rows of all splits, in order. */
async function rowsOf({ format, splits }: Scan): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const split of splits)
    rows.push(...(await allRows(openSplit(format, split, { ...testEnv(), files: settings }))));
  return rows;
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return hint === undefined ? message : `${message} (${hint})`;
  }
  throw new Error("no error");
}

test("a file is read by ranges, in as many splits as it has parts", async () => {
  await using server = await serve((request, response) => sendRange(request, response, body, { etag: '"1"' }));
  const files = await find(`${server.url}/a.txt`);
  expect(files).toEqual([{ path: `${server.url}/a.txt`, bytes: body.length, version: '"1"' }]);
  const scan = planText(files, 5);
  expect(scan.splits.length).toBe(5);
  expect(await rowsOf(scan)).toEqual(lines);
  const ranges = server.log.filter(entry => entry.startsWith("GET /a.txt bytes="));
  expect(ranges.length).toBeGreaterThan(5);
});

test("whether there are ranges is asked where the server does not say so", async () => {
  await using server = await serve((request, response) => {
    if (request.method === "HEAD") return void response.writeHead(405).end();
    sendRange(request, response, body, { "accept-ranges": "none" });
  });
  expect(await find(`${server.url}/a`)).toEqual([{ path: `${server.url}/a`, bytes: body.length }]);
  expect(server.log).toEqual(["HEAD /a", "GET /a bytes=0-0"]);
});

test.each([
  ["with a length", true],
  ["without a length", false],
])("a server without ranges, %s, gives one split", async (_, hasLength) => {
  await using server = await serve((_request, response) => {
    response.writeHead(200, hasLength ? { "content-length": body.length } : {});
    response.end(body);
  });
  const files = await find(`${server.url}/a`);
  expect(files).toEqual([{ path: `${server.url}/a`, bytes: hasLength ? body.length : bytesUnknown, wholeOnly: true }]);
  const scan = planText(files, 5);
  expect(scan.splits.length).toBe(1);
  expect(await rowsOf(scan)).toEqual(lines);
});

test("a file that changed between plan and read is an error", async () => {
  let etag = '"1"';
  await using server = await serve((request, response) => sendRange(request, response, body, { etag }));
  const scan = planText(await find(`${server.url}/a`), 2);
  etag = '"2"';
  expect(await messageOf(rowsOf(scan))).toBe(
    `cannot read ${server.url}/a: it has changed since the job was planned (run the job again, on files that nobody writes to meanwhile)`,
  );
});

test("so is one that became longer, where the server tells no version", async () => {
  let now = body;
  await using server = await serve((request, response) => sendRange(request, response, now));
  const scan = planText(await find(`${server.url}/a`), 2);
  now = Buffer.concat([body, body]);
  expect(await messageOf(rowsOf(scan))).toContain("it has changed since the job was planned");
});

test("a body that breaks off is asked for again", async () => {
  let broken = 0;
  await using server = await serve((request, response) => {
    if (request.method === "GET" && broken++ < 2) {
      response.writeHead(206, { "content-length": 1000, "content-range": `bytes 0-999/${body.length}` });
      response.write("x".repeat(10), () => response.destroy());
      return;
    }
    sendRange(request, response, body, { etag: '"1"' });
  });
  expect(await rowsOf(planText(await find(`${server.url}/a`), 1))).toEqual(lines);
  expect(broken).toBeGreaterThan(2);
});

test("a body that breaks off again and again is an error", async () => {
  await using server = await serve((request, response) => {
    if (request.method === "HEAD") return sendRange(request, response, body);
    response.writeHead(206, { "content-length": 1000, "content-range": `bytes 0-999/${body.length}` });
    response.write("x".repeat(10), () => response.destroy());
  });
  expect(await messageOf(rowsOf(planText(await find(`${server.url}/a`), 1)))).toMatch(
    /^cannot read http:\S+\/a: the connection broke/,
  );
});

test("a body that stops coming is given up, and asked for again", async () => {
  let stuck = 0;
  await using server = await serve((request, response) => {
    if (request.method === "HEAD" || stuck++ > 0) return sendRange(request, response, body);
    response.writeHead(206, { "content-length": body.length, "content-range": `bytes 0-9/${body.length}` });
    response.write("x".repeat(10));
  });
  const scan = planText(await find(`${server.url}/a`), 1);
  // the answers that come may be late as well
  const quick = testSettings({ "firesteel.files.timeout": "500ms", "firesteel.files.retries": 20 });
  const rows = await allRows(openSplit(scan.format, scan.splits[0]!, { ...testEnv(), files: quick }));
  expect(rows).toEqual(lines);
  expect(stuck).toBeGreaterThan(1);
});

test("a shorter range than asked for is not taken for the end of the file", async () => {
  await using server = await serve((request, response) => {
    if (request.method === "HEAD") return sendRange(request, response, body);
    response.writeHead(206, { "content-range": `bytes 0-9/${body.length}`, "content-length": 10 });
    response.end(body.subarray(0, 10));
  });
  expect(await messageOf(rowsOf(planText(await find(`${server.url}/a`), 1)))).toContain(
    "the answer has 10 bytes instead of",
  );
});

test("a server without ranges that dies half-way is an error, not a shorter file", async () => {
  await using server = await serve((request, response) => {
    response.writeHead(200, { "content-length": body.length });
    if (request.method === "HEAD" || request.headers.range !== undefined) return void response.end();
    response.write(body.subarray(0, body.length >> 1), () => response.destroy());
  });
  expect(await messageOf(rowsOf(planText(await find(`${server.url}/a`), 1)))).toContain("the connection broke");
});

test("a busy server is asked again, and not for ever", async () => {
  let busy = 2;
  await using server = await serve((request, response) => {
    if (busy-- > 0) return void response.writeHead(503, { "retry-after": "0" }).end();
    sendRange(request, response, body);
  });
  expect((await find(`${server.url}/a`))[0]?.bytes).toBe(body.length);
  busy = Number.POSITIVE_INFINITY;
  expect(await messageOf(find(`${server.url}/a`))).toBe(
    `cannot read ${server.url}/a: the server answered 503 Service Unavailable (try again later; firesteel.files.retries says how often it is asked)`,
  );
});

test("redirects are followed, a few", async () => {
  await using server = await serve((request, response) => {
    if (request.url === "/a") return sendRange(request, response, body);
    const to = request.url === "/there" ? "/a" : "/loop";
    response.writeHead(302, { location: to }).end();
  });
  const files = await find(`${server.url}/there`);
  expect(await rowsOf(planText(files, 2))).toEqual(lines);
  expect(await messageOf(find(`${server.url}/loop`))).toBe(`cannot read ${server.url}/loop: more than 5 redirects`);
});

test("a password goes to its own server alone, and into no message", async () => {
  const seen: (string | undefined)[] = [];
  await using other = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(404).end();
  });
  await using server = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: `${other.url}/b` }).end();
  });
  const url = `http://user:pass%20word@127.0.0.1:${server.port}/a?sig=secret`;
  expect(await messageOf(find(url))).toBe(`no such file: http://127.0.0.1:${server.port}/a?…`);
  expect(seen).toEqual([`Basic ${Buffer.from("user:pass word").toString("base64")}`, undefined]);
});

test("what cannot be read says why, within the time it may take", async () => {
  expect(await messageOf(find("http://127.0.0.1:9/a"))).toBe(
    "cannot read http://127.0.0.1:9/a: the connection was refused (check the address, and that this machine may reach it)",
  );
  await using silent = await serve(() => {});
  const quick = testSettings({ "firesteel.files.timeout": "1s" });
  expect(await messageOf(find(`${silent.url}/a`, quick))).toBe(
    `cannot read ${silent.url}/a: nothing was heard for 1 s (check the address, and that this machine may reach it)`,
  );
  await using denied = await serve((_, response) => void response.writeHead(403).end());
  expect(await messageOf(find(`${denied.url}/a`))).toBe(
    `cannot read ${denied.url}/a: the server answered 403 Forbidden (the server does not let everyone read it)`,
  );
});

test("the compression is that of the path, not of a query", async () => {
  await using server = await serve((request, response) => sendRange(request, response, Bun.gzipSync("a\nb\n")));
  const files = await find(`${server.url}/a.txt.gz?v=1.txt`);
  expect(files).toMatchObject([
    { path: `${server.url}/a.txt.gz?…`, address: `${server.url}/a.txt.gz?v=1.txt`, compression: "gzip" },
  ]);
  expect(await rowsOf(planText(files, 2))).toEqual(["a", "b"]);
});

test("an empty file is no rows", async () => {
  await using server = await serve((request, response) => sendRange(request, response, Buffer.alloc(0)));
  expect(await rowsOf(planText(await find(`${server.url}/a`), 2))).toEqual([]);
});

test("CSV files are cut at records", async () => {
  const csv = Buffer.from(`a,b\n${Array.from({ length: 2000 }, (_, i) => `${i},"x\n${i}"\n`).join("")}`);
  await using server = await serve((request, response) => sendRange(request, response, csv));
  const [file] = await find(`${server.url}/a.csv`);
  const readable: InputFile = { ...file!, readForPlan: (from, to) => csv.subarray(from, to) };
  const scan = planCsv([readable], 4);
  expect(scan.splits.length).toBeGreaterThan(2);
  expect(await rowsOf(scan)).toEqual(Array.from({ length: 2000 }, (_, i) => ({ a: i, b: `x\n${i}` })));
});

test("a web server has no folders", () => {
  expect(() => new HttpFiles(settings).list("https://host/folder")).toThrow(
    "cannot list https://host/folder: a web server has no folders",
  );
});
