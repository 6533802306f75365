/** The RPC environment of a master or worker, by its configuration; a port in use is an error that names the option. */
import type { RequestListener } from "node:http";
import type { Config } from "../base/config.ts";
import { UsageError } from "../base/usage-error.ts";
import type { Binding } from "../deploy/bind.ts";
import type { RpcEnv } from "../rpc/contracts.ts";
import { createHttp2Transport } from "../rpc/http2-transport.ts";
import { createRpcEnv } from "../rpc/rpc-env.ts";
import type { RoleLog } from "./role-log.ts";

export interface ClusterEnvOptions {
  readonly role: string;
  readonly conf: Config;
  readonly binding: Binding;
  /** 0: any. */
  readonly port: number;
  readonly secret: string | undefined;
  readonly log: RoleLog;
  /** Answers HTTP/1.1 on the same port. */
  readonly http?: RequestListener | undefined;
}

export async function openClusterEnv(options: ClusterEnvOptions): Promise<RpcEnv> {
  const { conf, binding, port, secret } = options;
  const transport = createHttp2Transport({ host: binding.host, advertisedHost: binding.advertised, port, secret });
  transport.http = options.http;
  const settings = {
    ...{ role: options.role, transport, warn: (text: string) => options.log("warn", text) },
    askTimeoutMs: conf.get("firesteel.rpc.askTimeout"),
    networkTimeoutMs: conf.get("firesteel.network.timeout"),
  };
  try {
    return await createRpcEnv(settings);
  } catch (error) {
    const inUse =
      error instanceof UsageError && (error.cause as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE";
    if (!inUse) throw error;
    throw new UsageError(error.message, { hint: "choose another with --port, or 0 for any", cause: error.cause });
  }
}
