/** Canonical Huffman codes of up to 20 bits: one look for short codes, a search by length for long ones. */
import type { BitReader } from "./bit-reader.ts";

/** What the bytes are not, in words; thrown while a block is read. */
export class NotBzip2 extends Error {}

const quickBits = 10;
const bitsMax = 20;

export class HuffmanTable {
  /** By the next ten bits: symbol · 32 + length; 0 where the code is longer. */
  private readonly quick = new Uint16Array(1 << quickBits);
  /** By length: the first number, of 20 bits, that is no code of that length or less. */
  private readonly limits = new Int32Array(bitsMax + 1);
  /** By length: what to subtract from a code to have its place in `symbols`. */
  private readonly bases = new Int32Array(bitsMax + 1);
  private readonly symbols: Uint16Array;

  constructor(lengths: Uint8Array) {
    this.symbols = new Uint16Array(lengths.length);
    let code = 0;
    let place = 0;
    for (let length = 1; length <= bitsMax; length++) {
      this.bases[length] = code - place;
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== length) continue;
        this.symbols[place++] = symbol;
        if (length <= quickBits && code < 1 << length) {
          const from = code << (quickBits - length);
          this.quick.fill(symbol * 32 + length, from, from + (1 << (quickBits - length)));
        }
        code++;
      }
      if (code > 1 << length) throw new NotBzip2("a code table is impossible");
      this.limits[length] = code << (bitsMax - length);
      code <<= 1;
    }
  }

  read(bits: BitReader): number {
    const next = bits.peek20();
    const found = this.quick[next >>> (bitsMax - quickBits)]!;
    if (found !== 0) {
      bits.skip(found & 31);
      return found >>> 5;
    }
    for (let length = 1; length <= bitsMax; length++) {
      if (next >= this.limits[length]!) continue;
      bits.skip(length);
      return this.symbols[(next >>> (bitsMax - length)) - this.bases[length]!]!;
    }
    throw new NotBzip2("a code is in no table");
  }
}
