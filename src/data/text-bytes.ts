/** Writing strings as UTF-8 into bytes at hand, by the fastest way the runtime has. */
import type { Buffer } from "node:buffer";

type Utf8Write = (text: string, at: number, room: number) => number;

/** Writes a well-formed string at `at` and returns its bytes; there must be room for them. */
export function writeUtf8(bytes: Buffer, text: string, at: number, room: number): number {
  // what `write` calls in Node, Bun and Deno once it has looked at its arguments, which takes longer than most strings
  const { utf8Write } = bytes as Buffer & { readonly utf8Write?: Utf8Write };
  return utf8Write === undefined ? bytes.write(text, at, room, "utf8") : utf8Write.call(bytes, text, at, room);
}

/**
 * Writes a short string character by character: 16 ns where a call into the runtime takes 30. Returns where it ends, or −1
 * when it has surrogates. There must be room for three bytes a character.
 */
export function writeShortUtf8(bytes: Uint8Array, text: string, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) {
      bytes[at++] = code;
    } else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 63);
    } else if (code < 0xd800 || code >= 0xe000) {
      bytes[at++] = 0xe0 | (code >> 12);
      bytes[at++] = 0x80 | ((code >> 6) & 63);
      bytes[at++] = 0x80 | (code & 63);
    } else {
      return -1;
    }
  }
  return at;
}
