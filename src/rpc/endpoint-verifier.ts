/**
 * Answers whether an environment has an endpoint of a name, as Spark's RpcEndpointVerifier. Every environment has one.
 */
import type { AskOptions, Protocol, RpcAddress, RpcEndpoint, RpcEnv } from "./contracts.ts";
import type { Dispatcher } from "./dispatcher.ts";

export const verifierEndpoint = "endpoint-verifier";

export interface VerifierProtocol extends Protocol {
  readonly sends: never;
  readonly asks: {
    readonly checkExistence: {
      readonly question: { readonly type: "checkExistence"; readonly name: string };
      readonly answer: boolean;
    };
  };
}

export function endpointVerifier(dispatcher: Dispatcher): RpcEndpoint<VerifierProtocol> {
  return {
    concurrent: true,
    receiveAndReply: question => dispatcher.has(question.name),
  };
}

/** Rejects with kind "lost" when the address is not reached. */
export function verifyEndpoint(env: RpcEnv, address: RpcAddress, name: string, options?: AskOptions): Promise<boolean> {
  return env.ref<VerifierProtocol>(address, verifierEndpoint).ask({ type: "checkExistence", name }, options);
}
