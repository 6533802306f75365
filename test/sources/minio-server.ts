/** MinIO, a real S3 server that checks signatures, where FIRESTEEL_TEST_MINIO names its program (CONTRIBUTING.md says how to make it). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckingServer } from "./moto-server.ts";

const command = process.env["FIRESTEEL_TEST_MINIO"];

/** Why there is no such server here; undefined where there is. */
export const minioMissing =
  command === undefined
    ? "FIRESTEEL_TEST_MINIO names no program"
    : existsSync(command)
      ? undefined
      : `FIRESTEEL_TEST_MINIO names ${command}, which is not there`;

export async function startMinio(): Promise<CheckingServer> {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-minio-"));
  const address = `127.0.0.1:${await freePort()}`;
  const [accessKey, secretKey] = ["minio-user", "minio-secret"];
  const child = spawn(command!, ["server", "--address", address, folder], {
    env: { ...process.env, MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey, MINIO_BROWSER: "off" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>(resolve => child.once("close", () => resolve()));
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    void ended.then(() => reject(new Error(`MinIO ended: ${said}`)));
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("API: ")) resolve();
    });
  });
  return {
    ...{ url: `http://${address}`, accessKey, secretKey },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** It takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
