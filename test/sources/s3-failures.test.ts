/** What S3 servers refuse, and how they fail, by a server in the test that does exactly that. */
import { expect, test } from "bun:test";
import type { IncomingMessage, ServerResponse } from "node:http";
import { planText } from "../../src/sources/byte-splits.ts";
import type { FileSettings } from "../../src/sources/file-settings.ts";
import { findFiles } from "../../src/sources/file-system-glob.ts";
import { fileSystemOf } from "../../src/sources/file-systems.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { allRows, failure, testEnv } from "./fixture.ts";
import { sendRange, serve, testSettings } from "./http-server.ts";
import { writePart } from "./written-parts.ts";

const body = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `row ${i}`).join("\n"));

function refuse(response: ServerResponse, status: number, code: string, headers = {}): void {
  response
    .writeHead(status, headers)
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>told</Message></Error>`);
}

function settingsFor(url: string, more = {}): FileSettings {
  return testSettings({
    ...{ "firesteel.s3.endpoint": url, "firesteel.s3.accessKey": "AKID", "firesteel.s3.secretKey": "hush" },
    ...more,
  });
}

const find = (settings: FileSettings, item = "s3://box/a") => findFiles(item, fileSystemOf(item, settings));

async function rowsOf(settings: FileSettings): Promise<unknown[]> {
  const { format, splits } = planText(await find(settings), 1);
  return allRows(openSplit(format, splits[0]!, { ...testEnv(), files: settings }));
}

/** An object `a` that is there; its GETs are answered by `get`. */
const serveObject = (get: (request: IncomingMessage, response: ServerResponse) => void, etag = () => '"1"') =>
  serve((request, response) => {
    if (request.method === "HEAD") return sendRange(request, response, body, { etag: etag() });
    get(request, response);
  });

test.each([
  ["InvalidAccessKeyId", "the server does not know this key: check it, and the endpoint"],
  ["SignatureDoesNotMatch", "the secret does not belong to this key: check it, and the region"],
  ["ExpiredToken", "the session has ended: get new credentials"],
  ["AccessDenied", "check what the key may do with the bucket"],
])("denied with %s", async (code, hint) => {
  await using server = await serve((request, response) =>
    request.method === "HEAD" ? void response.writeHead(403).end() : refuse(response, 403, code),
  );
  const error = await failure(find(settingsFor(server.url, { "firesteel.s3.sessionToken": "token" })));
  expect(error).toMatchObject({
    ...{ kind: "user", hint },
    message: `cannot list s3://box/: it is denied to the access key AKID (${code})`,
  });
  expect(JSON.stringify([error.message, error.hint, error.stack, error.cause])).not.toMatch(/hush|token/);
});

test("anyone is denied, and no credentials are no request", async () => {
  await using server = await serve((_, response) => refuse(response, 403, "AccessDenied"));
  const anonymous = settingsFor(server.url, { "firesteel.s3.anonymous": true });
  expect((await failure(find(anonymous))).message).toBe("cannot list s3://box/: it is denied to anyone (AccessDenied)");
  server.log.length = 0;
  expect(await failure(find(settingsFor(server.url, { "firesteel.s3.secretKey": "" })))).toMatchObject({
    message: "cannot read s3://box/a: there is no secret for the access key AKID",
    hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or firesteel.s3.anonymous=true where anyone may read",
  });
  expect(server.log).toEqual([]);
});

test("a bucket in another region says which", async () => {
  await using server = await serve((_, response) =>
    refuse(response, 301, "PermanentRedirect", { "x-amz-bucket-region": "eu-north-1" }),
  );
  expect(await failure(find(settingsFor(server.url)))).toMatchObject({
    message: "cannot read s3://box/a: the bucket is in another region",
    hint: "set firesteel.s3.region=eu-north-1",
  });
});

test("a server that wants it slower is asked again", async () => {
  let slow = 2;
  await using server = await serveObject((request, response) =>
    slow-- > 0 ? refuse(response, 503, "SlowDown") : sendRange(request, response, body, { etag: '"1"' }),
  );
  expect((await rowsOf(settingsFor(server.url))).length).toBe(20_000);
  expect(slow).toBeLessThan(0);
});

test("one that stays so is an error", async () => {
  await using server = await serveObject((_, response) => refuse(response, 503, "SlowDown"));
  expect((await failure(rowsOf(settingsFor(server.url)))).message).toBe(
    "cannot read s3://box/a: the server answered 503 Service Unavailable (SlowDown: told)",
  );
  expect(server.log.filter(entry => entry === "GET /box/a bytes=0-168889").length).toBeLessThanOrEqual(3);
});

test("a body that is cut short is noticed, and asked for again", async () => {
  let cut = 1;
  await using server = await serveObject((request, response) => {
    if (cut-- <= 0) return sendRange(request, response, body, { etag: '"1"' });
    response.writeHead(206, { "content-range": `bytes 0-9/${body.length}`, etag: '"1"' });
    response.end(body.subarray(0, 10));
  });
  expect((await rowsOf(settingsFor(server.url))).length).toBe(20_000);
  expect(cut).toBeLessThan(0);
});

test("an object that changed, or is gone, since it was planned", async () => {
  await using changed = await serveObject((request, response) => sendRange(request, response, body, { etag: '"2"' }));
  expect((await failure(rowsOf(settingsFor(changed.url)))).message).toBe(
    "cannot read s3://box/a: it has changed since the job was planned",
  );
  await using gone = await serveObject((_, response) => refuse(response, 404, "NoSuchKey"));
  expect((await failure(rowsOf(settingsFor(gone.url)))).message).toBe(
    "cannot read s3://box/a: it is gone since the job was planned",
  );
});

test("addresses: of the bucket's own host where that is wanted, below the endpoint's path where it has one", async () => {
  const hosts: unknown[] = [];
  await using server = await serve((request, response) => {
    hosts.push(request.headers.host, request.url);
    sendRange(request, response, body);
  });
  await find(settingsFor(`${server.url}/below/`));
  expect(hosts).toEqual([`127.0.0.1:${server.port}`, "/below/box/a"]);
  hosts.length = 0;
  const url = `http://localhost:${server.port}`;
  await find(settingsFor(url, { "firesteel.s3.pathStyle": "false" }));
  expect(hosts).toEqual([`box.localhost:${server.port}`, "/a"]);
});

test("names that cannot be are refused before anyone is asked", async () => {
  const settings = settingsFor("http://127.0.0.1:9");
  expect(await failure(find(settings, "s3://key:secret@box/a"))).toMatchObject({
    message: "s3://box/a names no bucket that can be one",
    hint: "credentials are no part of the path: set firesteel.s3.accessKey and firesteel.s3.secretKey",
  });
  expect((await failure(find(settings, "s3://box/a/../b"))).message).toBe(
    "s3://box/a/../b has . or .. as a part of its key, which no address can have",
  );
  expect(await failure(find(settings, "s3://box/a"))).toMatchObject({
    message: "cannot read s3://box/a: the connection was refused",
    hint: "check firesteel.s3.endpoint, which is http://127.0.0.1:9",
  });
  const output = fileSystemOf("s3:", settings).output!;
  expect((await failure((async () => output.createOutput("s3://box/"))())).message).toBe(
    "s3://box/ names no folder in its bucket to write to",
  );
  expect((await failure(find(settingsFor("minio:9000"), "s3://box/a"))).message).toBe(
    'firesteel.s3.endpoint is "minio:9000", which is no address',
  );
});

/** A server that takes uploads; `complete` answers for their completion. */
const serveUploads = (complete: (response: ServerResponse) => void) =>
  serve(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { method, url = "" } = request;
    if (method === "POST" && url.endsWith("?uploads=")) return void response.end("<R><UploadId>u</UploadId></R>");
    if (method === "POST") return complete(response);
    if (method === "PUT") return void response.writeHead(200, { etag: '"t"' }).end();
    if (url.includes("done-1")) return void response.end('{"uploadId":"u","tags":["t"]}');
    response.writeHead(200).end("<R></R>");
  });

test("a completion that fails behind a 200 is tried again, and then an error", async () => {
  let failures = 1;
  await using server = await serveUploads(response =>
    failures-- > 0 ? void response.end("<Error><Code>InternalError</Code></Error>") : void response.end("<R></R>"),
  );
  const output = fileSystemOf("s3:", settingsFor(server.url)).output!;
  const folder = await output.createOutput("s3://box/out");
  await writePart(output, folder, "part-00000", 1, [Buffer.from("x")]);
  await output.commitOutput(folder, [{ file: "part-00000", attempt: 1 }]);
  expect(failures).toBeLessThan(0);
  expect(server.log.at(-1)).toBe("PUT /box/out/_SUCCESS");
  failures = Number.POSITIVE_INFINITY;
  server.log.length = 0;
  const error = await failure((async () => output.commitOutput(folder, [{ file: "part-00000", attempt: 1 }]))());
  expect(error.message).toBe("cannot write to s3://box/out/part-00000: the server answered InternalError");
  expect(server.log).not.toContain("PUT /box/out/_SUCCESS");
});

test("an output is committed with a key that may not list uploads, or by a server that does not know how to", async () => {
  let status = 0;
  await using uploads = await serve(async (request, response) => {
    for await (const _ of request);
    const { method } = request;
    const { pathname, searchParams: query } = new URL(request.url!, "http://x");
    if (method === "GET" && query.has("uploads")) return refuse(response, (status = status === 403 ? 501 : 403), "No");
    if (method === "POST") return void response.end("<R><UploadId>u</UploadId></R>");
    if (method === "PUT") return void response.writeHead(200, { etag: '"t"' }).end();
    if (method === "DELETE") return void response.writeHead(204).end();
    if (pathname.includes("done-1")) return void response.end('{"uploadId":"u","tags":["t"]}');
    const left = "<Contents><Key>out/_temporary/done-2/part-00000</Key><Size>9</Size></Contents>";
    response.end(query.get("prefix") === "out/_temporary/" ? `<R>${left}</R>` : "<R></R>");
  });
  const output = fileSystemOf("s3:", settingsFor(uploads.url, { "firesteel.files.retries": 0 })).output!;
  for (const refused of [403, 501]) {
    const folder = await output.createOutput("s3://box/out");
    await writePart(output, folder, "part-00000", 1, [Buffer.from("x")]);
    uploads.log.length = 0;
    await output.commitOutput(folder, [{ file: "part-00000", attempt: 1 }]);
    expect(status).toBe(refused);
    expect(uploads.log.slice(-2)).toEqual(["DELETE /box/out/_temporary/done-2/part-00000", "PUT /box/out/_SUCCESS"]);
  }
});

test("a piece that is refused fails the part, which is then ended", async () => {
  await using server = await serve(async (request, response) => {
    for await (const _ of request);
    if (request.method === "POST") return void response.end("<R><UploadId>u</UploadId></R>");
    if (request.url?.includes("partNumber")) return refuse(response, 403, "AccessDenied");
    response.writeHead(request.method === "DELETE" ? 204 : 200).end("<R></R>");
  });
  const output = fileSystemOf("s3:", settingsFor(server.url)).output!;
  const folder = await output.createOutput("s3://box/out");
  const pieces = [Buffer.alloc(8 << 20), Buffer.alloc(8 << 20), Buffer.alloc(8 << 20), Buffer.alloc(8 << 20)];
  expect((await failure(writePart(output, folder, "part-00000", 1, pieces))).message).toBe(
    "cannot write to s3://box/out/part-00000: it is denied to the access key AKID (AccessDenied)",
  );
  expect(server.log).toContain("DELETE /box/out/part-00000?uploadId=u");
});

test("a listing that gives the same page for ever is an error", async () => {
  const name = (key: string) => `<Contents><Key>${key}</Key><Size>9</Size></Contents>`;
  await using server = await serve((request, response) => {
    const url = new URL(request.url!, "http://x");
    const after = Number(url.searchParams.get("continuation-token") ?? "0");
    const next = `<IsTruncated>true</IsTruncated><NextContinuationToken>${Math.min(2, after + 1)}</NextContinuationToken>`;
    if (request.method === "HEAD") return void response.writeHead(404).end();
    response.end(`<R>${name(`a/${after}`)}${next}</R>`);
  });
  expect(await failure(find(settingsFor(server.url), "s3://box/a"))).toMatchObject({
    kind: "data",
    message: "cannot list s3://box/a/: the server's listing does not come to an end",
    hint: "check that firesteel.s3.endpoint is a server that speaks S3",
  });
  expect(server.log.filter(line => line.includes("delimiter")).length).toBe(3);
});

test("an aborted output ends the uploads of all receipts, and of all pages of listings", async () => {
  const uploads = (keys: string[], next: string) =>
    `<R>${keys.map(key => `<Upload><Key>${key}</Key><UploadId>of ${key}</UploadId></Upload>`).join("")}${next}</R>`;
  const objects = (keys: string[], next: string) =>
    `<R>${keys.map(key => `<Contents><Key>${key}</Key><Size>9</Size></Contents>`).join("")}${next}</R>`;
  await using server = await serve((request, response) => {
    const url = new URL(request.url!, "http://x");
    if (request.method === "DELETE") return void response.writeHead(204).end();
    const goesOn = "<IsTruncated>true</IsTruncated><NextContinuationToken>2</NextContinuationToken>";
    const uploadsGoOn =
      "<IsTruncated>true</IsTruncated><NextKeyMarker>p</NextKeyMarker><NextUploadIdMarker>q</NextUploadIdMarker>";
    if (url.searchParams.has("uploads"))
      return void response.end(
        url.searchParams.get("key-marker") === "p" && url.searchParams.get("upload-id-marker") === "q"
          ? uploads(["out/part-2"], "<IsTruncated>false</IsTruncated>")
          : uploads(["out/part-1"], uploadsGoOn),
      );
    if (url.searchParams.has("list-type"))
      return void response.end(
        url.searchParams.get("continuation-token") === "2"
          ? objects(["out/_temporary/done-8/part-8"], "")
          : objects(["out/_temporary/done-7/part-7"], goesOn),
      );
    response.end(`{"uploadId":"receipt ${url.pathname.at(-1)}","tags":[]}`);
  });
  await fileSystemOf("s3:", settingsFor(server.url)).output!.abortOutput({ path: "s3://box/out" });
  expect(server.log.filter(line => line.startsWith("DELETE")).sort()).toEqual([
    "DELETE /box/out/_temporary/done-7/part-7",
    "DELETE /box/out/_temporary/done-8/part-8",
    "DELETE /box/out/part-1?uploadId=of%20out%2Fpart-1",
    "DELETE /box/out/part-2?uploadId=of%20out%2Fpart-2",
    "DELETE /box/out/part-7?uploadId=receipt%207",
    "DELETE /box/out/part-8?uploadId=receipt%208",
  ]);
});
