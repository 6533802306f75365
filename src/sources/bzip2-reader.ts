/**
 * bzip2 as a layer over any reader: pulls as many bytes as a block can have, decodes the block, hands out what it expands to. Answers
 * at once where the reader below does. Several streams behind each other (as pbzip2 writes them) are one text.
 */
import type { FiresteelError } from "../base/errors.ts";
import { blockBytesMax, Bzip2Block } from "./bzip2-block.ts";
import type { ByteReader } from "./byte-reader.ts";
import { brokenFile, cutShort, notOf } from "./broken-file.ts";
import { NotBzip2 } from "./huffman-table.ts";

const headerBytes = 4;
const readAheadBytes = 1 << 20;

export class Bzip2Reader implements ByteReader {
  private held = Buffer.alloc(0);
  /** Unread bytes are `from` … `to`; of the first of them `bit` bits are read. */
  private from = 0;
  private to = 0;
  private bit = 0;
  /** Offset in the file of `held`. */
  private base = 0;
  private ended = false;
  private block: Bzip2Block | undefined;
  private state: "stream" | "block" | "expanding" | "done" = "stream";
  private streams = 0;

  constructor(
    private readonly bytes: ByteReader,
    private readonly path: string,
  ) {}

  read(into: Buffer): number | Promise<number> {
    for (;;) {
      if (this.state === "done") return 0;
      if (this.state === "expanding") {
        const given = this.decoding(block => block.expand(into));
        if (given > 0) return given;
        this.state = "block";
      }
      const wanted = this.state === "stream" ? headerBytes : blockBytesMax(this.block!.level);
      if (!this.ended && this.to - this.from < wanted) {
        const filled = this.fill(wanted);
        if (filled instanceof Promise) return filled.then(() => this.read(into));
      } else if (this.state === "stream") this.startStream();
      else this.startBlock();
    }
  }

  close(): void {
    this.state = "done";
    this.bytes.close();
  }

  private fill(wanted: number): undefined | Promise<void> {
    this.base += this.from;
    const room = wanted + readAheadBytes;
    if (this.held.length < room) {
      const larger = Buffer.allocUnsafeSlow(room);
      this.held.copy(larger, 0, this.from, this.to);
      this.held = larger;
    } else this.held.copyWithin(0, this.from, this.to);
    this.to -= this.from;
    this.from = 0;
    const got = this.bytes.read(this.held.subarray(this.to));
    if (typeof got !== "number") return got.then(bytes => this.received(bytes));
    this.received(got);
    return undefined;
  }

  private received(bytes: number): void {
    if (bytes === 0) this.ended = true;
    this.to += bytes;
  }

  private startStream(): void {
    if (this.from === this.to && this.streams > 0) {
      this.state = "done";
      return;
    }
    const header = this.held.toString("latin1", this.from, Math.min(this.to, this.from + headerBytes));
    if (!/^BZh[1-9]$/.test(header)) throw this.foreign(header);
    const level = Number(header[3]);
    if (this.block?.level !== level) this.block = new Bzip2Block(level);
    this.block.startStream();
    this.from += headerBytes;
    this.streams++;
    this.state = "block";
  }

  private foreign(header: string): FiresteelError {
    if (this.streams > 0)
      return brokenFile(this.path, "bzip2", `there is more behind its data, from byte ${this.base + this.from}`);
    return "BZh".startsWith(header.slice(0, 3)) && header.length < headerBytes
      ? cutShort(this.path, "bzip2", this.to)
      : notOf(this.path, "bzip2");
  }

  private startBlock(): void {
    const { bits } = this.block!;
    bits.start(this.held.subarray(this.from, this.to), this.bit);
    const isBlock = this.decoding(block => block.next());
    if (bits.isOver) throw cutShort(this.path, "bzip2", this.base + this.to);
    this.from += bits.takenBits >>> 3;
    this.bit = bits.takenBits & 7;
    this.state = isBlock ? "expanding" : "stream";
  }

  private decoding<T>(work: (block: Bzip2Block) => T): T {
    const block = this.block!;
    try {
      return work(block);
    } catch (thrown) {
      if (!(thrown instanceof NotBzip2)) throw thrown;
      if (this.state === "block" && block.bits.isOver) throw cutShort(this.path, "bzip2", this.base + this.to);
      throw brokenFile(this.path, "bzip2", `${thrown.message}, near byte ${this.base + this.from}`, thrown);
    }
  }
}
