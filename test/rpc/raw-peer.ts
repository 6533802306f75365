/** Sockets and sessions that do what no well-behaved peer does, for tests. */
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { connect, type Socket } from "node:net";
import { connectionKeys, newNonce, Sealer } from "../../src/rpc/authentication.ts";
import { encode } from "../../src/rpc/codec.ts";
import { writeRecord, type RecordType } from "../../src/rpc/records.ts";

/** Sends bytes as they are; resolves with what came back when the other side has closed. */
export function rawExchange(port: number, bytes: Uint8Array | string, endAfter = false): Promise<string> {
  return new Promise(resolve => {
    let answer = "";
    const socket: Socket = connect({ host: "127.0.0.1", port }, () => {
      if (endAfter) socket.end(bytes);
      else socket.write(bytes);
    });
    socket.on("data", chunk => (answer += chunk.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

export interface RawPeer {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
  readonly status: number;
  readonly reason: string | undefined;
  /** A record as the next one, signed as it should be. */
  record(type: RecordType, bytes: Uint8Array): Uint8Array;
  write(bytes: Uint8Array): void;
  /** Resolves when the other side has ended the session. */
  readonly closed: Promise<void>;
}

/** Greets as a peer does; what follows is up to the test. */
export async function rawPeer(
  port: number,
  secret: string | undefined,
  version = "1",
  path = "/rpc",
): Promise<RawPeer> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  const closed = new Promise<void>(resolve => session.once("close", () => resolve()));
  const nonce = newNonce();
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "firesteel-version": version,
    "firesteel-nonce": nonce,
  });
  stream.on("error", () => {});
  stream.on("data", () => {});
  const headers = await new Promise<Record<string, unknown>>(resolve => stream.once("response", resolve));
  const sealer = new Sealer(connectionKeys(secret, nonce, String(headers["firesteel-nonce"])).fromClient);
  return {
    session,
    stream,
    status: Number(headers[":status"]),
    reason: headers["firesteel-reason"] as string | undefined,
    record: (type, bytes) => writeRecord(type, bytes, sealer),
    write: bytes => void stream.write(bytes),
    closed,
  };
}

export const hello = encode({ id: "raw", role: "raw", address: undefined });
