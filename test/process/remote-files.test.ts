/** Whole jobs on remote files: the driver plans them while it stands still, executors read and write them. */
import { afterAll, beforeAll, describe, expect, test, setDefaultTimeout } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "../../src/sources/s3-client.ts";
import { FakeWebHdfs } from "../sources/fake-webhdfs.ts";
import { sendRange, serve, testSettings } from "../sources/http-server.ts";
import { motoMissing, startMoto, type MotoServer } from "../sources/moto-server.ts";
import { run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

const masters = ["local[2]", "local-cluster[2,1,64m]"];
const text = "to be or not to be\n".repeat(3000);
const answer = "be=6000 not=3000 or=3000 to=6000";
const job = { job: "remote-files.ts", options: ["--quiet"] };

test.each(masters)("from HDFS to HDFS, on %s", async master => {
  await using hdfs = await FakeWebHdfs.start();
  hdfs.blockBytes = 20_000;
  hdfs.write("/in/a.txt", text);
  hdfs.hostsOf = (_, block) => [`host-${block}`];
  const conf = { "firesteel.hdfs.httpPort": String(hdfs.port), "firesteel.locality.wait": "10s" };
  const args = ["hdfs://127.0.0.1:8020/in", "hdfs://127.0.0.1:8020/out"];
  const { code, out, err } = await run({ ...job, master, conf, args });
  expect([code, out, err]).toEqual([0, `partitions: 3\n${answer}\n`, ""]);
  const names = [...hdfs.files.keys()].filter(path => path.startsWith("/out")).sort();
  expect([names[0], names[1], hdfs.folders.has("/out/_temporary")]).toEqual([
    "/out/_SUCCESS",
    "/out/part-00000",
    false,
  ]);
});

test.each(masters)("from a web server, on %s", async master => {
  await using server = await serve((request, response) =>
    sendRange(request, response, Buffer.from(text), { etag: '"1"' }),
  );
  const { code, out, err } = await run({ ...job, master, args: [`${server.url}/a.txt?signature=secret`] });
  expect([code, out, err]).toEqual([0, `partitions: 3\n${answer}\n`, ""]);
});

const formats = [
  ...["objects 12497500", "json 714", "csv true 12497500"],
  "whole /gzip/part-00000.gz 23880 /gzip/part-00001.gz 25005 /gzip/part-00002.gz 25005",
  ...["records [ 97, 100, 103 ]", "files /records/part-00000 12"],
];

test("every format, in HDFS", async () => {
  await using hdfs = await FakeWebHdfs.start();
  hdfs.blockBytes = 20_000;
  const conf = { "firesteel.hdfs.httpPort": String(hdfs.port) };
  const args = ["hdfs://127.0.0.1/all"];
  const { code, out, err } = await run({
    job: "remote-formats.ts",
    options: ["--quiet"],
    master: "local[2]",
    conf,
    args,
  });
  expect([code, out, err]).toEqual([0, `${formats.join("\n")}\n`, ""]);
});

const killed = { job: "remote-killed.ts", options: ["--quiet"], master: "local-cluster[2,1,64m]" };

test("an executor that dies while it writes to HDFS leaves nothing that counts", async () => {
  await using hdfs = await FakeWebHdfs.start();
  const conf = { "firesteel.hdfs.httpPort": String(hdfs.port) };
  const { code, out, err } = await run({ ...killed, conf, args: ["hdfs://127.0.0.1/out"] });
  expect([code, out]).toEqual([0, "20000 20000\n"]);
  expect(err).toContain("failed and runs again");
  expect([...hdfs.files.keys()].sort()).toEqual(["/out/_SUCCESS", "/out/part-00000", "/out/part-00001"]);
  expect([...hdfs.folders].sort()).toEqual(["/", "/out"]);
});

test("what fails says why at the user's line, without what is secret", async () => {
  await using server = await serve((_, response) => {
    const said = "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>";
    response.writeHead(403, { "content-type": "application/xml" }).end(said);
  });
  const env = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "kept-to-itself", AWS_REGION: "eu-west-1" };
  const conf = { "firesteel.s3.endpoint": server.url };
  const { code, out, err } = await run({ job: "remote-files.ts", conf, env, args: ["s3://box/a.txt"] });
  expect([code, out]).toEqual([1, ""]);
  expect(err).toContain(
    "error: cannot list s3://box/: it is denied to the access key AKIDEXAMPLE (SignatureDoesNotMatch)\n" +
      "  at remote-files.ts:5:21\n",
  );
  expect(err).toContain("fix: the secret does not belong to this key: check it, and the region");
  expect(err).not.toContain("kept-to-itself");
});

if (motoMissing !== undefined) console.log(`jobs on S3 are not tried: ${motoMissing}`);

describe.skipIf(motoMissing !== undefined)("on moto", () => {
  let moto: MotoServer;
  beforeAll(async () => {
    moto = await startMoto();
    const client = new S3Client(
      testSettings({
        "firesteel.s3.endpoint": moto.url,
        "firesteel.s3.anonymous": true,
        "firesteel.files.timeout": "10s",
      }),
    );
    const put = (key: string, body: string | Uint8Array) =>
      client.call({ bucket: "box", key, method: "PUT", body: Buffer.from(body), expected: [200], doing: "write to" });
    await put("", "");
    await put("in/a.txt", text);
    const parquet = readFileSync(join(import.meta.dirname, "../sources/data/v1-snappy.parquet"));
    await put("in/a.parquet", parquet);
  });
  afterAll(() => moto?.[Symbol.asyncDispose]());
  const folder = mkdtempSync(join(tmpdir(), "firesteel-profile-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("every format, in S3", async () => {
    const env = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_ENDPOINT_URL: moto.url };
    const args = ["s3://box/all", "s3://box/in/*.parquet"];
    const { code, out, err } = await run({
      job: "remote-formats.ts",
      options: ["--quiet"],
      master: "local[2]",
      env,
      args,
    });
    expect([code, out, err]).toEqual([0, `${[...formats, "parquet 300"].join("\n")}\n`, ""]);
  });

  test("an executor that dies while it writes leaves no open upload", async () => {
    const env = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_ENDPOINT_URL: moto.url };
    const { code, out, err } = await run({ ...killed, env, args: ["s3://box/killed"] });
    expect([code, out]).toEqual([0, "20000 20000\n"]);
    expect(err).toContain("failed and runs again");
    const answer = await (await fetch(`${moto.url}/box?uploads`)).text();
    expect([answer.includes("ListMultipartUploadsResult"), answer.includes("<UploadId>")]).toEqual([true, false]);
  });

  test.each(masters)("from S3 to S3 with a profile's keys, on %s", async master => {
    const env = { AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"), AWS_PROFILE: "moto" };
    const profile = ["[moto]", "aws_access_key_id=id", "aws_secret_access_key=secret", `endpoint_url=${moto.url}`];
    writeFileSync(env.AWS_SHARED_CREDENTIALS_FILE, profile.join("\n"));
    const args = ["s3://box/in/*.txt", `s3://box/out-${masters.indexOf(master)}`];
    const { code, out, err } = await run({ ...job, master, env, args });
    expect([code, out, err]).toEqual([0, `partitions: 3\n${answer}\n`, ""]);
  });
});
