/**
 * HTTP/2 sessions as all of `rpc/` uses them: window sizes, limits, and connecting with a deadline.
 */
import { connect as connectSession, type ClientHttp2Session, type Http2Session } from "node:http2";
import { connect as connectSocket } from "node:net";
import { FiresteelError } from "../base/errors.ts";
import type { RpcAddress } from "./contracts.ts";
import { addressKey, bareHost } from "./peers.ts";

const windowBytes = 16 << 20;

export const sessionOptions = {
  // for peers that send larger frames when they may; Bun 1.4 sends 16 KiB at most, whatever it is told
  settings: { initialWindowSize: windowBytes, maxFrameSize: 256 << 10, maxConcurrentStreams: 1_000, enablePush: false },
  // MB; the default ends streams that have much buffered
  maxSessionMemory: 4_096,
  maxHeaderListPairs: 64,
} as const;

/**
 * The connection's own window stays at 64 KiB otherwise, which a network with any delay turns into a few MB/s. It must not be
 * larger than the streams': Bun 1.4 then stops reading at that many bytes.
 */
export function widen(session: Http2Session): void {
  session.setLocalWindowSize(windowBytes);
}

/** A session to `address`. Rejects with kind "lost". */
export function openSession(address: RpcAddress, signal: AbortSignal | undefined): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const where = addressKey(address);
    const socket = connectSocket({ host: bareHost(address.host), port: address.port, noDelay: true });
    const session = connectSession(`http://${where}`, { ...sessionOptions, createConnection: () => socket });
    const fail = (error: unknown) => {
      signal?.removeEventListener("abort", aborted);
      session.destroy();
      socket.destroy();
      reject(unreachable(where, error));
    };
    const aborted = () => fail(signal?.reason);
    const closed = () => fail(new Error("the connection was closed"));
    signal?.addEventListener("abort", aborted, { once: true });
    socket.once("error", fail);
    session.once("error", fail);
    session.once("close", closed);
    session.once("connect", () => {
      signal?.removeEventListener("abort", aborted);
      session.off("close", closed);
      session.off("error", fail);
      session.on("error", () => {}); // whoever uses it hears of it by its streams and "close"
      socket.off("error", fail);
      socket.on("error", () => {});
      widen(session);
      resolve(session);
    });
    if (signal?.aborted === true) aborted();
  });
}

export function unreachable(where: string, error: unknown): FiresteelError {
  if (error instanceof FiresteelError) return error;
  const code = (error as { code?: unknown } | undefined)?.code;
  const what = error instanceof Error ? error.message : String(error);
  const why = code === "ECONNREFUSED" ? "nobody listens there" : code === "ENOTFOUND" ? "no such host" : what;
  return new FiresteelError("lost", `${where} cannot be reached: ${why}`, { cause: error });
}
