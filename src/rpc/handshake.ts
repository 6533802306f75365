/**
 * How a connection begins, for messages and for bulk alike. The client asks with its version and a nonce; the server answers with a
 * nonce and the proof that it knows the secret, or refuses with a reason. The client's proof is its first signed record or request.
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { FiresteelError } from "../base/errors.ts";
import {
  connectionKeys,
  isNonce,
  newNonce,
  nonceHeader,
  proofHeader,
  protocolVersion,
  reasonHeader,
  sameProof,
  versionHeader,
  wrongSecret,
  type ConnectionKeys,
  type Secret,
} from "./authentication.ts";

export interface Greeting {
  readonly stream: ClientHttp2Stream;
  readonly keys: ConnectionKeys;
}

/** Opens a stream on `path` and checks the server. Rejects with kind "user" when refused, "lost" when the connection breaks. */
export function greet(
  session: ClientHttp2Session,
  path: string,
  where: string,
  secret: Secret | undefined,
): Promise<Greeting> {
  const nonce = newNonce();
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    [versionHeader]: String(protocolVersion),
    [nonceHeader]: nonce,
  });
  return new Promise((resolve, reject) => {
    const broken = (error?: unknown) =>
      reject(
        new FiresteelError("lost", `${where} closed the connection within the handshake`, {
          hint: "check that it is the process's own port, and not that of its pages or of submissions by HTTP",
          cause: error,
        }),
      );
    stream.on("error", broken);
    stream.once("close", broken);
    stream.once("response", headers => {
      const refused = refusalOf(headers, where);
      const keys = connectionKeys(secret, nonce, String(headers[nonceHeader]));
      const knows = refused === undefined && sameProof(headers[proofHeader] ?? "", keys.serverProof);
      if (knows) {
        stream.off("close", broken);
        return resolve({ stream, keys });
      }
      stream.close();
      reject(refused ?? mismatch(where, secret, headers));
    });
  });
}

function refusalOf(
  headers: IncomingHttpHeaders & { ":status"?: number | undefined },
  where: string,
): FiresteelError | undefined {
  if (headers[":status"] === 200 && isNonce(headers[nonceHeader])) return undefined;
  const reason = headers[reasonHeader];
  if (typeof reason !== "string") {
    return new FiresteelError("user", `${where} does not speak Firesteel's protocol`, {
      hint: "look whether the host and port are a Firesteel process's",
    });
  }
  const version = headers[versionHeader];
  return new FiresteelError("user", `${where} refused the connection: ${decodeURIComponent(reason)}`, {
    ...(version !== undefined && version !== String(protocolVersion) && { hint: "run the same release everywhere" }),
  });
}

function mismatch(where: string, secret: Secret | undefined, headers: IncomingHttpHeaders): FiresteelError {
  const serverHasOne = (headers[proofHeader] ?? "") !== "";
  if (secret === undefined) {
    return new FiresteelError("user", `${where} asks for a secret, and none was given`, {
      hint: "give the cluster's secret with --secret-file or FIRESTEEL_SECRET",
    });
  }
  if (serverHasOne) return wrongSecret(where);
  return new FiresteelError("user", `${where} has no secret, and here one is set`, {
    hint: "give all processes of the cluster the same secret, or none",
  });
}

export type Welcome =
  | { readonly ok: true; readonly keys: ConnectionKeys; readonly headers: OutgoingHttpHeaders }
  | { readonly ok: false; readonly reason: string; readonly headers: OutgoingHttpHeaders };

/** The server's side: what to respond to a greeting. */
export function welcome(headers: IncomingHttpHeaders, secret: Secret | undefined): Welcome {
  const version = headers[versionHeader];
  if (version !== String(protocolVersion)) {
    const theirs = version === undefined ? "no protocol version" : `protocol version ${String(version).slice(0, 20)}`;
    return refuse(400, `it speaks ${theirs}, and here it is ${protocolVersion}`);
  }
  const clientNonce = headers[nonceHeader];
  if (!isNonce(clientNonce)) return refuse(400, "its greeting has no nonce");
  const serverNonce = newNonce();
  const keys = connectionKeys(secret, clientNonce, serverNonce);
  return {
    ok: true,
    keys,
    headers: {
      ":status": 200,
      [versionHeader]: String(protocolVersion),
      [nonceHeader]: serverNonce,
      [proofHeader]: keys.serverProof,
    },
  };
}

function refuse(status: number, reason: string): Welcome {
  return {
    ok: false,
    reason,
    headers: {
      ":status": status,
      [versionHeader]: String(protocolVersion),
      [reasonHeader]: encodeURIComponent(reason),
    },
  };
}
