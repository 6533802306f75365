/** An endpoint that answers, fails, keeps silent and remembers, for tests. */
import { FiresteelError } from "../../src/base/errors.ts";
import type { Peer, Protocol, RpcEndpoint } from "../../src/rpc/contracts.ts";

export interface EchoProtocol extends Protocol {
  readonly sends: { readonly type: "note"; readonly n: number; readonly blob?: Uint8Array };
  readonly asks: {
    readonly echo: { readonly question: { readonly type: "echo"; readonly value: unknown }; readonly answer: unknown };
    readonly fail: { readonly question: { readonly type: "fail"; readonly with: string }; readonly answer: never };
    readonly never: { readonly question: { readonly type: "never" }; readonly answer: never };
    readonly large: {
      readonly question: { readonly type: "large"; readonly bytes: number };
      readonly answer: Uint8Array;
    };
  };
}

export type Question = EchoProtocol["asks"]["echo" | "fail" | "never" | "large"]["question"];

export class Echo implements RpcEndpoint<EchoProtocol> {
  /** A question that is never answered must not keep others waiting. */
  readonly concurrent: boolean = true;
  readonly log: string[] = [];
  readonly notes: number[] = [];
  readonly peers: Peer[] = [];
  readonly from: Peer[] = [];
  onStart(): void {
    this.log.push("start");
  }
  onStop(): void {
    this.log.push("stop");
  }
  onConnected(peer: Peer): void {
    this.peers.push(peer);
    this.log.push(`connected ${peer.id}`);
  }
  onDisconnected(peer: Peer, reason: FiresteelError): void {
    this.log.push(`disconnected ${peer.id} ${reason.kind}`);
  }
  receive(message: EchoProtocol["sends"], from: Peer): void {
    this.notes.push(message.n);
    this.from.push(from);
  }
  receiveAndReply(question: Question): unknown {
    switch (question.type) {
      case "echo":
        return question.value;
      case "fail":
        if (question.with === "plain") throw new TypeError("not a function");
        throw new FiresteelError("user", `refused: ${question.with}`, { hint: "ask otherwise" });
      case "never":
        return new Promise(() => {});
      case "large":
        return new Uint8Array(question.bytes);
    }
  }
}

export async function failure(promise: Promise<unknown>): Promise<FiresteelError> {
  const error = await promise.then(
    value => new Error(`nothing failed: ${Bun.inspect(value)}`),
    (error: unknown) => error,
  );
  if (!(error instanceof FiresteelError)) throw error;
  return error;
}
