/**
 * The process behind `firesteel executor`: an executor that listens, connects to its driver and lives as long as that wants it. The
 * exit code tells its worker why it ended: 0 when the driver asked for it.
 */
import { FiresteelError } from "../base/errors.ts";
import type { ExecutorId } from "../base/ids.ts";
import { detectMachine } from "../platform/resources.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import { createHttp2Transport } from "../rpc/http2-transport.ts";
import { createRpcEnv } from "../rpc/rpc-env.ts";
import { openExecutor } from "./open-executor.ts";

export interface ExecutorProcessOptions {
  readonly driver: RpcAddress;
  readonly executor: number;
  /** Where it listens, and what others call this machine. */
  readonly listenHost: string;
  readonly host: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly localDirs: readonly string[];
  readonly secret: string | undefined;
  readonly signal: AbortSignal;
}

/** The exit code. */
export async function runExecutor(options: ExecutorProcessOptions): Promise<number> {
  const { driver, executor, host, secret, signal } = options;
  const transport = createHttp2Transport({ host: options.listenHost, advertisedHost: host, port: 0, secret });
  const env = await createRpcEnv({ role: `executor-${executor}`, transport, networkTimeoutMs: driverTimeoutMs });
  const opened = await openExecutor(env, {
    ...{ driver, executor: executor as ExecutorId, host, cores: options.cores, secret },
    ...{ memoryBytes: options.memoryBytes, machineBytes: detectMachine().memoryBytes },
    ...{ localDirs: options.localDirs, filesFolder: process.cwd(), logUrl: undefined },
  });
  const stopped = new Promise<{ reason: string; asked: boolean }>(resolve => {
    signal.addEventListener("abort", () => resolve({ reason: "it was told to stop", asked: true }), { once: true });
  });
  const { reason, asked } = await Promise.race([opened.ended, stopped]);
  await opened.close();
  if (asked) return 0;
  throw new FiresteelError("lost", `the executor ends: ${reason}`);
}

/** A driver's connection thread runs no user code, so silence means that it is gone. */
const driverTimeoutMs = 30_000;
