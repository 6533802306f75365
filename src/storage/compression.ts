/**
 * Whether compressing spilled rows pays. Compression costs time to save writing and reading; where the page cache takes the
 * writes that is a bad bargain, on a slow or short disk a good one. So a writer measures both as it goes: how fast bytes are
 * written, how fast the codec is, how far it shrinks these rows; the codec is tried on a chunk now and then.
 *
 * The choice is one of time and room alone: rows read back are the same whatever it was.
 */

/** Times are nanoseconds a byte. */
export interface CompressionCosts {
  /** To write a byte; undefined before anything was written. */
  readonly writeNs: number | undefined;
  /** To compress a plain byte; undefined before the codec was tried. */
  readonly compressNs: number | undefined;
  /** Bytes stored for a plain byte. */
  readonly ratio: number;
  /** Whether the disk has little room left. */
  readonly isDiskShort: boolean;
}

/** Decompressing, in times of compressing, and reading, in times of writing. */
const decompressShare = 0.35;
const readShare = 1;
/** What must be gained before the way is changed, so that it is not changed to and fro. */
const gainMin = 1.25;
/** On a short disk what hardly shrinks is not worth compressing either. */
const shortDiskRatioMax = 0.95;

export function compressionPays(costs: CompressionCosts, isCompressing: boolean): boolean {
  const { writeNs, compressNs, ratio, isDiskShort } = costs;
  if (isDiskShort) return ratio <= shortDiskRatioMax;
  if (writeNs === undefined || compressNs === undefined) return isCompressing;
  const saved = writeNs * (1 + readShare) * (1 - ratio);
  const spent = compressNs * (1 + decompressShare);
  return isCompressing ? saved * gainMin > spent : saved > spent * gainMin;
}

const freeBytesMin = 8 * 2 ** 30;
const freeShareMin = 0.1;

/** Of a disk with so much room in all; half of a full disk cannot be taken back by compressing the other half, so this is early. */
export function isShortOfRoom(freeBytes: number, diskBytes: number): boolean {
  return freeBytes < Math.max(freeBytesMin, diskBytes * freeShareMin);
}

const writtenBytesKept = 32 * 2 ** 20;
const triesKept = 5;

/** What the writers of one thread have measured: the disk and the processor are the same for all of them. */
export class CompressionRates {
  private writtenBytes = 0;
  private writtenMs = 0;
  private readonly tries: number[] = [];

  /** `now` gives milliseconds. */
  constructor(readonly now: () => number = () => performance.now()) {}

  /** The mean, of late: a disk that keeps up sometimes does not keep up. */
  get writeNs(): number | undefined {
    return this.writtenBytes === 0 ? undefined : (this.writtenMs * 1e6) / this.writtenBytes;
  }

  /** The median of the last tries: one may have been interrupted. */
  get compressNs(): number | undefined {
    return this.tries.toSorted((a, b) => a - b)[this.tries.length >> 1];
  }

  wrote(bytes: number, ms: number): void {
    this.writtenBytes += bytes;
    this.writtenMs += ms;
    if (this.writtenBytes <= writtenBytesKept) return;
    this.writtenBytes /= 2;
    this.writtenMs /= 2;
  }

  compressed(plainBytes: number, ms: number): void {
    if (this.tries.push((ms * 1e6) / plainBytes) > triesKept) this.tries.shift();
  }
}

/** Plain bytes after which the codec is tried again, the disk looked at, and the choice made anew. */
const recheckBytes = 4 * 2 ** 20;

/** The choice of one writer. Begins plain. */
export class CompressionChoice {
  private isCompressing = false;
  private isDiskShort = false;
  private ratio: number | undefined;
  private untilCheckBytes = 0;

  constructor(readonly rates: CompressionRates) {}

  /**
   * Whether to compress the next `bytes`. Now and then `tryCodec` is called for it, which compresses some of them and gives their
   * plain and stored bytes, and `isDiskShort`.
   */
  compresses(
    bytes: number,
    tryCodec: () => readonly [plain: number, stored: number],
    isDiskShort: () => boolean,
  ): boolean {
    if (bytes === 0) return false;
    if (this.untilCheckBytes <= 0) {
      this.untilCheckBytes = recheckBytes;
      this.isDiskShort ||= isDiskShort();
      const { rates } = this;
      const startMs = rates.now();
      const [plain, stored] = tryCodec();
      rates.compressed(plain, rates.now() - startMs);
      // rows change along a file: the last try says most
      const ratio = stored / plain;
      this.ratio = this.ratio === undefined ? ratio : (this.ratio + 3 * ratio) / 4;
      this.choose(this.ratio);
    }
    this.untilCheckBytes -= bytes;
    return this.isCompressing;
  }

  private choose(ratio: number): void {
    const { writeNs, compressNs } = this.rates;
    const costs = { writeNs, compressNs, ratio, isDiskShort: this.isDiskShort };
    this.isCompressing = compressionPays(costs, this.isCompressing);
  }

  /** There was no room for plain bytes. */
  diskIsFull(): void {
    this.isDiskShort = true;
    this.untilCheckBytes = 0;
  }
}
