/** PyPI's moto, which answers as S3 does, where it is installed: as FIRESTEEL_TEST_MOTO says, or in a folder kept between runs. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const cached = join(tmpdir(), "firesteel-moto-venv");
const named = process.env["FIRESTEEL_TEST_MOTO"];
const command = named ?? join(cached, "bin/moto_server");

/** Why there is no such server here; undefined where there is. */
export const motoMissing = existsSync(command)
  ? undefined
  : named !== undefined
    ? `FIRESTEEL_TEST_MOTO names ${named}, which is not there`
    : `there is no moto: python3 -m venv ${cached} && ${cached}/bin/pip install 'moto[server]'`;

export interface MotoServer extends AsyncDisposable {
  readonly url: string;
}

/** `variables` are of moto's own environment. */
export function startMoto(variables: Readonly<Record<string, string>> = {}): Promise<MotoServer> {
  const environment = { PATH: process.env["PATH"] ?? "", PYTHONUNBUFFERED: "1", ...variables };
  const child = spawn(command, ["-H", "127.0.0.1", "-p", "0"], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>(resolve => child.once("close", () => resolve()));
  return new Promise((resolve, reject) => {
    let said = "";
    child.once("error", reject);
    void ended.then(() => reject(new Error(`moto ended: ${said}`)));
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const url = /Running on (http:\/\/[\d.:]+)\s/.exec(said)?.[1];
      if (url === undefined) return;
      for (const stream of [child.stdout, child.stderr]) stream.off("data", hear).resume();
      resolve({
        url,
        [Symbol.asyncDispose]: () => {
          child.kill("SIGKILL");
          return ended;
        },
      });
    };
    for (const stream of [child.stdout, child.stderr]) stream.on("data", hear);
  });
}

/** Of moto or any other server: one that checks signatures. */
export interface CheckingServer extends MotoServer {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A server that checks signatures, and a user of it who may do everything. */
export async function startCheckingMoto(variables: Readonly<Record<string, string>> = {}): Promise<CheckingServer> {
  // the first requests, which make the user, need no rights
  const server = await startMoto({ ...variables, INITIAL_NO_AUTH_ACTION_COUNT: "3" });
  const ask = async (action: string, parameters: Readonly<Record<string, string>>) => {
    const credential =
      "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0";
    const body = new URLSearchParams({ Action: action, Version: "2010-05-08", UserName: "user", ...parameters });
    const answer = await fetch(server.url, { method: "POST", headers: { authorization: credential }, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${action}: ${text}`);
    return text;
  };
  await ask("CreateUser", {});
  const made = await ask("CreateAccessKey", {});
  const Statement = [{ Effect: "Allow", Action: "*", Resource: "*" }];
  const document = JSON.stringify({ Version: "2012-10-17", Statement });
  await ask("PutUserPolicy", { PolicyName: "all", PolicyDocument: document });
  const secretKey = /<SecretAccessKey>(.*?)</.exec(made)![1]!;
  return { ...server, accessKey: /<AccessKeyId>(.*?)</.exec(made)![1]!, secretKey };
}
