/**
 * Whether any of a cluster's masters answers, found out before a process begins to live by it: a wrong address, version or secret is
 * an error at once or after a few seconds, not a process that tries for ever.
 */
import { FiresteelError } from "../base/errors.ts";
import { formatHostPort, formatMasterUrl, type HostPort } from "../base/master-url.ts";
import type { RpcEnv } from "../rpc/contracts.ts";
import { verifyEndpoint } from "../rpc/endpoint-verifier.ts";
import { masterEndpoint } from "./messages.ts";

/** Of all tries together: below the ten seconds after which one thinks that a program hangs. */
const reachTimeoutMs = 8_000;
const betweenMs = 400;

/** Resolves when one answers. Rejects with kind "user" when all refuse, else "lost", with every master's reason. */
export async function reachMasters(
  env: RpcEnv,
  masters: readonly HostPort[],
  options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<void> {
  const untilMs = env.clock.nowMs() + (options.timeoutMs ?? reachTimeoutMs);
  for (;;) {
    const leftMs = Math.max(1, untilMs - env.clock.nowMs());
    const tries = masters.map(master => reach(env, master, leftMs, options.signal));
    const failures = await Promise.any(tries.map(async each => inverted(await each))).catch(() => Promise.all(tries));
    if (failures === undefined || options.signal.aborted) return;
    const refused = failures.every(each => each !== undefined && each.kind !== "lost");
    if (refused || env.clock.nowMs() + betweenMs >= untilMs) throw unreachable(masters, failures, refused);
    await new Promise<void>(resolve => env.clock.after(betweenMs, resolve));
  }
}

/** Promise.any looks for one that succeeds. */
function inverted(failure: FiresteelError | undefined): undefined {
  if (failure !== undefined) throw failure;
}

async function reach(
  env: RpcEnv,
  master: HostPort,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<FiresteelError | undefined> {
  try {
    if (await verifyEndpoint(env, master, masterEndpoint, { timeoutMs, signal })) return undefined;
    return new FiresteelError("user", "there is no master there, but another process of a cluster");
  } catch (error) {
    if (!(error instanceof FiresteelError)) return new FiresteelError("lost", String(error));
    // what was asked there means nothing to a reader
    return error.message.startsWith("no answer within") ? new FiresteelError("lost", "no answer") : error;
  }
}

function unreachable(
  masters: readonly HostPort[],
  failures: readonly (FiresteelError | undefined)[],
  refused: boolean,
): FiresteelError {
  const reasons = masters.map((master, i) => {
    const where = formatHostPort(master);
    const reason = failures[i]?.message ?? "no answer";
    return reason.includes(where) ? reason : `${where}: ${reason}`;
  });
  const hint = failures.find(each => each?.hint !== undefined)?.hint;
  return new FiresteelError(
    refused ? "user" : "lost",
    `no master of ${formatMasterUrl(masters)} ${refused ? "lets this process in" : "can be reached"}: ${reasons.join("; ")}`,
    { hint: hint ?? "check the address, and that the master is running: firesteel master" },
  );
}
