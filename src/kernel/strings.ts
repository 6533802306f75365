/**
 * Strings in kernel memory, as JavaScript's: what the kernels of this family answer, for the code that calls them a row at a time
 * (generated code, which reads the answers by these constants) and for hosts.
 */
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

/** In place of a part of a string: its border lies within a surrogate pair, or a search was given up. */
export const noUtf8 = -1n;
/** In place of a part of a string: there is none. */
export const noPart = -2n;
/** In place of a position: the text is too much like what was looked for. */
export const searchGivenUp = -2;
/** In place of a number's bits: JavaScript has to look. */
export const unsureNumber = 0x7ff8000066697265n;
/** What kernels that make strings may write beyond their ends. */
export const slackBytes = 16;

/** Well-formed UTF-8. */
export interface Text {
  readonly start: Ptr;
  readonly bytes: number;
}

/** `text.split(separator)[index]`; undefined when there are not so many pieces, or the search was given up. */
export function pieceOf({ run }: Kernels, text: Text, separator: Text, index: number): Text | undefined {
  const part = run.pieceAt(text.start, text.bytes, separator.start, separator.bytes, index);
  if (part < 0n) return undefined;
  return { start: offset(text.start, Number(part >> 32n)), bytes: Number(part & 0xffffffffn) };
}

const number = new Float64Array(1);
const numberBits = new BigInt64Array(number.buffer);

/** `Number(text)`; undefined when it is not a plain decimal. */
export function numberOf({ run }: Kernels, text: Text): number | undefined {
  numberBits[0] = run.readNumber(text.start, text.bytes, 0);
  return numberBits[0] === unsureNumber ? undefined : number[0]!;
}
