/** The submission REST against Spark's own client, where PyPI's pyspark and Java are at hand. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import type { HttpPort } from "../../src/deploy/http-port.ts";
import { restFetch } from "../../src/deploy/rest-server.ts";
import { serveRest } from "./serve-rest.ts";
import { FakeMaster } from "./fake-master.ts";

function sparkHome(): string | undefined {
  const named = process.env["SPARK_HOME"];
  if (named !== undefined) return named;
  const python = spawnSync("python3", ["-c", "import pyspark; print(pyspark.__path__[0])"], { encoding: "utf8" });
  return python.status === 0 ? python.stdout.trim() : undefined;
}

function missing(home: string | undefined): string | undefined {
  if (home === undefined) return "there is no SPARK_HOME, and python3 has no pyspark";
  if (!existsSync(join(home, "bin/spark-submit"))) return `${home} has no bin/spark-submit`;
  return spawnSync("java", ["-version"]).status === 0 ? undefined : "there is no Java";
}

const home = sparkHome();
const reason = missing(home);
if (reason !== undefined) console.log(`spark-submit is not tried: ${reason}`);

describe.skipIf(reason !== undefined)("spark-submit", () => {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-spark-submit-"));
  const job = join(folder, "job.ts");
  const master = new FakeMaster();
  let server: HttpPort;
  beforeAll(async () => {
    writeFileSync(job, "export default async function main() {}\n");
    const fetch = restFetch({ master, secret: undefined, clock: systemClock });
    server = await serveRest(fetch);
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const run = (...args: string[]) =>
    new Promise<{ code: number | null; output: string }>((resolve, reject) => {
      const all = ["--master", `spark://127.0.0.1:${server.port}`, "--conf", "spark.master.rest.enabled=true", ...args];
      const environment = {
        PATH: process.env["PATH"] ?? "",
        HOME: folder,
        SPARK_HOME: home!,
        SPARK_LOCAL_IP: "127.0.0.1",
      };
      const child = spawn(join(home!, "bin/spark-submit"), all, {
        env: environment,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.on("error", reject);
      child.on("close", code => resolve({ code, output }));
    });
  const cluster = ["--deploy-mode", "cluster", "--class", "job"];

  test("submits, and polls until the driver is known", async () => {
    const driver = ["--driver-memory", "600m", "--driver-cores", "2", "--supervise"];
    const executors = ["--executor-memory", "700m", "--total-executor-cores", "3"];
    const named = ["--name", "demo", "--conf", "spark.ui.enabled=false"];
    const { code, output } = await run(...cluster, ...driver, ...executors, ...named, job, "a", "b c");
    const id = "driver-20261121065028-0000";
    expect(output).toContain(`Submission successfully created as ${id}`);
    expect(output).toContain(`State of driver ${id} is now SUBMITTED.`);
    expect(output).toContain("Server responded with CreateSubmissionResponse");
    expect(code).toBe(0);
    expect(master.drivers.get(id)?.description).toMatchObject({
      ...{ name: "demo", job: { kind: "path", path: job }, args: ["a", "b c"] },
      ...{ cores: 2, memoryMb: 600, supervise: true },
      conf: { "firesteel.executor.memory": "700m", "firesteel.cores.max": "3" },
    });
  }, 120_000);

  test("asks for a state, and kills", async () => {
    const { driverId } = await master.submitDriver([...master.drivers.values()][0]!.description);
    const running = { state: "RUNNING", workerId: "worker-1", workerHostPort: "10.0.0.7:1" } as const;
    Object.assign(master.drivers.get(driverId!)!, running);
    const status = await run("--status", driverId!);
    // it logs the state at a level that is not shown, and errors at one that is
    expect([status.code, master.asked.includes(driverId!)]).toEqual([0, true]);
    expect(status.output).not.toContain("ERROR");
    const kill = await run("--kill", driverId!);
    expect([kill.code, master.killed]).toEqual([0, [driverId!]]);
    expect(kill.output).not.toContain("ERROR");
  }, 120_000);

  test("shows what is wrong with a submission", async () => {
    const { output } = await run(...cluster, "--conf", "spark.executor.memory=1t", job);
    expect(output).toContain("Malformed request: firesteel.executor.memory is");
    expect(output).not.toContain("Malformed response");
  }, 120_000);
});
