/**
 * Follows zstd's outer structure (RFC 8878, 3.1) over pieces of a file: frames, their headers and the sizes of their blocks, without
 * decoding. Says whether the bytes end where a frame does, which decoders that are fed in pieces do not all tell, and where
 * blocks end. What is no zstd at all is left to the decoder to refuse.
 */

const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const rawBlock = 0;
const rleBlock = 1;

type Part = "magic" | "skippable" | "descriptor" | "header" | "block" | "content" | "checksum" | "foreign";

export class ZstdFrames {
  /** Bytes that decode to whole blocks so far, 128 KiB at most each. */
  wholeBytes = 0;
  wholeBlocks = 0;
  private part: Part = "magic";
  /** Bytes of the part that are still to come: gathered into `value` where the part has one, or gone over. */
  private wantedBytes = 4;
  private value = 0;
  private valueBytes = 0;
  private hasChecksum = false;
  private isLastBlock = false;
  private seenBytes = 0;

  /** True behind a frame, and before the first. */
  get areWhole(): boolean {
    return this.part === "foreign" || (this.part === "magic" && this.valueBytes === 0);
  }

  follow(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      if (this.part === "foreign") return;
      const left = piece.length - at;
      if (this.isSkipped()) {
        const bytes = Math.min(left, this.wantedBytes);
        at += bytes;
        this.seenBytes += bytes;
        this.wantedBytes -= bytes;
      } else {
        this.value += piece[at++]! * 2 ** (8 * this.valueBytes++);
        this.seenBytes++;
        this.wantedBytes--;
      }
      while (this.wantedBytes === 0) this.next();
    }
  }

  private isSkipped(): boolean {
    return this.part === "header" || this.part === "content" || this.part === "checksum";
  }

  private want(part: Part, bytes: number): void {
    this.part = part;
    this.wantedBytes = bytes;
    this.value = 0;
    this.valueBytes = 0;
  }

  /** The part is whole: what follows it. */
  private next(): void {
    const { value } = this;
    switch (this.part) {
      case "magic":
        if (value === magic) this.want("descriptor", 1);
        else if (value >>> 4 === skippableMagic >>> 4) this.want("skippable", 4);
        else this.want("foreign", Infinity);
        return;
      case "skippable":
        // gone over as a last block is
        this.hasChecksum = false;
        this.isLastBlock = true;
        this.want("content", value);
        return;
      case "descriptor": {
        this.hasChecksum = (value & 4) !== 0;
        const isSingleSegment = (value & 32) !== 0;
        const contentSizeBytes = value >>> 6 === 0 ? (isSingleSegment ? 1 : 0) : 1 << (value >>> 6);
        const dictionaryIdBytes = [0, 1, 2, 4][value & 3]!;
        this.want("header", (isSingleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes);
        return;
      }
      case "header":
        this.want("block", 3);
        return;
      case "block": {
        this.isLastBlock = (value & 1) !== 0;
        const kind = (value >>> 1) & 3;
        this.want("content", kind === rleBlock ? 1 : kind === rawBlock || kind === 2 ? value >>> 3 : 0);
        return;
      }
      case "content":
        this.wholeBytes = this.seenBytes;
        this.wholeBlocks++;
        if (!this.isLastBlock) this.want("block", 3);
        else if (this.hasChecksum) this.want("checksum", 4);
        else this.want("magic", 4);
        return;
      default:
        this.want("magic", 4);
    }
  }
}
