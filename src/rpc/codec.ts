/**
 * Messages as bytes: CBOR with what structured clone keeps (typed arrays, Map, Set, Date, bigint, undefined, shared references).
 * Promises that bytes of others either decode or throw a FiresteelError. Does not keep -0 (it arrives as 0) nor lone surrogates:
 * rows travel as batches, in `Bulk` or as a Uint8Array.
 */
// the plain entry: `cbor-x` itself loads a native addon where it finds one
import { Encoder } from "cbor-x/encode";
import { FiresteelError } from "../base/errors.ts";

const encoder = new Encoder({
  structuredClone: true,
  useRecords: false,
  mapsAsObjects: true,
  // a few bytes that someone keeps must not keep a whole frame
  copyBuffers: true,
} as ConstructorParameters<typeof Encoder>[0]);

export function encode(value: unknown): Uint8Array {
  try {
    return encoder.encode(value);
  } catch (error) {
    throw new FiresteelError("internal", `a message cannot be sent: ${reasonOf(error)}`, {
      hint: "send plain data: no functions, symbols or very deep nesting",
      cause: error,
    });
  }
}

export function decode(bytes: Uint8Array): unknown {
  try {
    return encoder.decode(bytes);
  } catch (error) {
    throw new FiresteelError("data", `a message cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
