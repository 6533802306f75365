/** Values that an operator was given, as bytes; what cannot be sent is refused at the operator's line. */
import { FiresteelError } from "../base/errors.ts";
import type { CallSite } from "../closure/contracts.ts";
import { encodeValue } from "../data/value-codec.ts";

/** `what` is a phrase, such as "the zero value". */
export function encodeAt(value: unknown, what: string, at: CallSite | undefined): Uint8Array {
  try {
    return encodeValue(value, { what });
  } catch (error) {
    if (!(error instanceof FiresteelError)) throw error;
    throw new FiresteelError(error.kind, error.message, { hint: error.hint, at });
  }
}

/** Rows `from` … `end` as one encoded array. */
export function encodeRows(
  rows: readonly unknown[],
  from: number,
  end: number,
  operator: string,
  at: CallSite | undefined,
): Uint8Array {
  try {
    return encodeValue(rows.slice(from, end));
  } catch (error) {
    for (let i = from; i < end; i++) encodeAt(rows[i], `row ${i} of ${operator}`, at);
    throw error;
  }
}
