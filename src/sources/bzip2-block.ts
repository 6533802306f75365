/**
 * bzip2 decoding, block by block, from bytes that lie in memory: Huffman codes, move to front, the inverse Burrows-Wheeler
 * transform (M. Burrows, D. Wheeler, "A block-sorting lossless data compression algorithm", 1994), run lengths. What a block
 * expands to is handed out in pieces, for 900 kB of a block may stand for 46 MB of text. Checksums are checked. Written here,
 * for the packages that do it take whole files or push where this pulls, and are no longer maintained.
 */
import { BitReader } from "./bit-reader.ts";
import { HuffmanTable, NotBzip2 } from "./huffman-table.ts";

/** More bytes than a block of `level` hundred thousand symbols takes, of at most 20 bits each, with its tables. */
export function blockBytesMax(level: number): number {
  return level * 250_000 + 40_000;
}

const blockMagic = 0x314159265359;
const endMagic = 0x177245385090;
const groupSymbols = 50;
const runA = 0;
const runB = 1;

export class Bzip2Block {
  readonly bits = new BitReader();
  private readonly capacity: number;
  /** Inverse transform: the next index in the upper bits, the byte in the lower eight. */
  private readonly chain: Uint32Array;
  private readonly frequencies = new Int32Array(256);
  private symbols = 0;
  // what is handed out: position in the chain, and the run that it is in
  private link = 0;
  private left = 0;
  private last = -1;
  private runLength = 0;
  private repeats = 0;
  private crc = 0;
  private expectedCrc = 0;
  private streamCrc = 0;

  /** `level`: the digit of the stream's header. */
  constructor(readonly level: number) {
    this.capacity = level * 100_000;
    this.chain = new Uint32Array(this.capacity);
  }

  /** Another stream of the same level begins. */
  startStream(): void {
    this.streamCrc = 0;
  }

  /** Reads the block at the bits' position; false at the stream's end, whose checksum is then checked. */
  next(): boolean {
    const { bits } = this;
    const magic = bits.read(24) * 2 ** 24 + bits.read(24);
    const crc = bits.read32();
    if (magic === endMagic) {
      if (crc !== this.streamCrc) throw new NotBzip2("the checksum of all does not match");
      bits.align();
      return false;
    }
    if (magic !== blockMagic) throw new NotBzip2("a block does not begin as it should");
    this.expectedCrc = crc;
    if (bits.read(1) === 1) throw new NotBzip2("it was written by bzip2 before 0.9.5, which mixed in random bytes");
    const origin = bits.read(24);
    this.readSymbols();
    this.invert(origin);
    return true;
  }

  /** Bytes of the block that fit into `into`; 0 when all were given, and their checksum was right. */
  expand(into: Uint8Array): number {
    const { chain } = this;
    const to = into.length;
    let { link, left, last, runLength, repeats, crc } = this;
    let at = 0;
    while (at < to) {
      if (repeats > 0) {
        repeats--;
        into[at++] = last;
        crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ last]!;
        continue;
      }
      if (left === 0) break;
      left--;
      link = chain[link >>> 8]!;
      const byte = link & 255;
      if (runLength === 4) {
        // behind four equal bytes: how often they go on
        repeats = byte;
        runLength = 0;
        continue;
      }
      runLength = byte === last ? runLength + 1 : 1;
      last = byte;
      into[at++] = byte;
      crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ byte]!;
    }
    this.link = link;
    this.left = left;
    this.last = last;
    this.runLength = runLength;
    this.repeats = repeats;
    this.crc = crc;
    if (at === 0 && to > 0 && this.symbols > 0) this.close();
    return at;
  }

  private close(): void {
    this.symbols = 0;
    const crc = ~this.crc >>> 0;
    if (crc !== this.expectedCrc) throw new NotBzip2("the checksum of a block does not match");
    this.streamCrc = (((this.streamCrc << 1) | (this.streamCrc >>> 31)) ^ crc) >>> 0;
  }

  /** Undoes Huffman codes, run lengths and move to front: bytes into the chain's lower eight bits. */
  private readSymbols(): void {
    const { bits, chain, capacity, frequencies } = this;
    const front = this.readAlphabet();
    const endOfBlock = front.length + 1;
    const tableCount = bits.read(3);
    if (tableCount < 2 || tableCount > 6) throw new NotBzip2("a block has an impossible number of code tables");
    const selectors = this.readSelectors(tableCount);
    const tables = Array.from({ length: tableCount }, () => this.readTable(endOfBlock + 1));
    frequencies.fill(0);
    let rows = 0;
    let group = 0;
    let left = 0;
    let table = tables[0]!;
    let run = 0;
    let runBit = 1;
    for (;;) {
      if (left-- === 0) {
        if (group === selectors.length) throw new NotBzip2("a block has more symbols than it says");
        table = tables[selectors[group++]!]!;
        left = groupSymbols - 1;
      }
      const symbol = table.read(bits);
      if (symbol <= runB) {
        run += symbol === runA ? runBit : 2 * runBit;
        runBit *= 2;
        if (run > capacity) throw new NotBzip2("a block is longer than it may be");
        continue;
      }
      if (run > 0) {
        if (rows + run > capacity) throw new NotBzip2("a block is longer than it may be");
        const byte = front[0]!;
        chain.fill(byte, rows, rows + run);
        frequencies[byte]! += run;
        rows += run;
        run = 0;
        runBit = 1;
      }
      if (symbol === endOfBlock) break;
      if (rows === capacity) throw new NotBzip2("a block is longer than it may be");
      const index = symbol - 1;
      const byte = front[index]!;
      front.copyWithin(1, 0, index);
      front[0] = byte;
      chain[rows++] = byte;
      frequencies[byte]!++;
    }
    this.symbols = rows;
  }

  /** The bytes that the block has, in order. */
  private readAlphabet(): Uint8Array {
    const { bits } = this;
    const groups = bits.read(16);
    const bytes: number[] = [];
    for (let i = 0; i < 16; i++) {
      if ((groups & (0x8000 >>> i)) === 0) continue;
      const used = bits.read(16);
      for (let j = 0; j < 16; j++) if ((used & (0x8000 >>> j)) !== 0) bytes.push(i * 16 + j);
    }
    if (bytes.length === 0) throw new NotBzip2("a block has no bytes");
    return Uint8Array.from(bytes);
  }

  /** Which table decodes each fifty symbols. */
  private readSelectors(tableCount: number): Uint8Array {
    const { bits } = this;
    const count = bits.read(15);
    if (count === 0) throw new NotBzip2("a block has no code tables");
    const order = Array.from({ length: tableCount }, (_, i) => i);
    const selectors = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      let index = 0;
      while (bits.read(1) === 1) if (++index >= tableCount) throw new NotBzip2("a block names a code table it has not");
      const [table] = order.splice(index, 1);
      order.unshift(table!);
      selectors[i] = table!;
    }
    return selectors;
  }

  /** Code lengths, each as its difference from the one before. */
  private readTable(symbols: number): HuffmanTable {
    const { bits } = this;
    const lengths = new Uint8Array(symbols);
    let length = bits.read(5);
    for (let i = 0; i < symbols; i++) {
      while (bits.read(1) === 1) length += bits.read(1) === 0 ? 1 : -1;
      if (length < 1 || length > 20) throw new NotBzip2("a code table is impossible");
      lengths[i] = length;
    }
    return new HuffmanTable(lengths);
  }

  private invert(origin: number): void {
    const { chain, frequencies, symbols } = this;
    if (symbols === 0 || origin >= symbols) throw new NotBzip2("a block begins outside itself");
    const places = new Int32Array(256);
    for (let byte = 0, sum = 0; byte < 256; byte++) {
      places[byte] = sum;
      sum += frequencies[byte]!;
    }
    for (let i = 0; i < symbols; i++) {
      const byte = chain[i]! & 255;
      chain[places[byte]!++]! |= i << 8;
    }
    // the upper bits are the index that is looked at next
    this.link = chain[origin]!;
    this.left = symbols;
    this.last = -1;
    this.runLength = this.repeats = 0;
    this.crc = -1;
  }
}

/** CRC-32 with its highest bit first. */
const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let i = 0; i < 8; i++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});
