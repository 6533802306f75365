/**
 * What a reader knows of the segments it wants from other executors: which blocks have come, which were read, what is still to be
 * asked for; and of each executor, what to ask it for next.
 */
import type { Timer } from "../base/clock.ts";
import type { Block } from "../data/contracts.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";
import { bytesToldMax, type MapStatus } from "../storage/map-status.ts";
import type { Segment } from "../storage/spill-file.ts";
import { damaged } from "./reply-reader.ts";
import type { WantedSegment } from "./segment-wire.ts";

/** A block that has come, or one that is to be read from a file of this host. */
export type Arrived = Block | { readonly segment: Segment };

/** Blocks are counted from the first; those before `taken` were read, those before `taken + arrived.length` are here. */
export class RemoteSegment {
  readonly arrived: Arrived[] = [];
  /** All blocks have come. */
  isWhole = false;
  private taken = 0;
  private takenBytes = 0;
  private arrivedBytes = 0;
  private readonly toldBytes: number;

  constructor(
    /** Its place among the reader's segments. */
    readonly index: number,
    readonly status: MapStatus,
    private readonly reducePartition: number,
    readonly source: SegmentSource,
  ) {
    this.toldBytes = status.bytes[reducePartition]!;
  }

  get wanted(): WantedSegment {
    const { exchange, mapPartition, checksum } = this.status;
    const firstBlock = this.taken + this.arrived.length;
    return { exchange, mapPartition, checksum, reducePartition: this.reducePartition, firstBlock };
  }

  /** Plain bytes that are to come, as far as one knows. */
  get missingBytes(): number {
    return Math.max(1, this.toldBytes - this.takenBytes - this.arrivedBytes);
  }

  /** Throws when a block of so many bytes cannot be the next. */
  expect(bytes: number): void {
    if (this.toldBytes < bytesToldMax && bytes > this.toldBytes - this.takenBytes - this.arrivedBytes)
      throw damaged(`there are more than the ${this.toldBytes} bytes that were told of`);
  }

  add(arrived: Arrived): void {
    this.arrived.push(arrived);
    this.arrivedBytes += plainBytes(arrived);
  }

  take(): Arrived | undefined {
    const arrived = this.arrived.shift();
    if (arrived === undefined) return undefined;
    const bytes = plainBytes(arrived);
    this.taken++;
    this.takenBytes += bytes;
    this.arrivedBytes -= bytes;
    return arrived;
  }

  /** The block taken last could not be read where it was said to be: it is to come once more. */
  untake(arrived: Arrived): void {
    this.taken--;
    this.takenBytes -= plainBytes(arrived);
  }

  end(blocks: number): void {
    const here = this.taken + this.arrived.length;
    const bytes = this.takenBytes + this.arrivedBytes;
    if (here !== blocks) throw damaged(`it has ${blocks} blocks, of which ${here} came`);
    if (this.toldBytes < bytesToldMax && bytes !== this.toldBytes)
      throw damaged(`${bytes} bytes came, and ${this.toldBytes} were told of`);
    this.isWhole = true;
  }

  /** Forgets the blocks that have come and were not read; gives the bytes of memory freed. They are to be asked for again. */
  drop(memory: OperatorMemory): number {
    let freed = 0;
    for (const each of this.arrived) {
      if ("segment" in each) continue;
      memory.free(each.ptr, each.bytes);
      freed += each.bytes;
    }
    if (this.arrived.length > 0) this.isWhole = false;
    this.arrived.length = 0;
    this.arrivedBytes = 0;
    return freed;
  }
}

function plainBytes(arrived: Arrived): number {
  return "segment" in arrived ? arrived.segment.rawLength : arrived.bytes;
}

/** One executor, as a source of segments. */
export class SegmentSource {
  /** Segments that nobody is asked for and that are not whole, the first to be read last. */
  private readonly open: RemoteSegment[] = [];
  /** Requests under way. */
  requests = 0;
  /** Failed requests since one brought something; requests begun before the last failure do not count again. */
  failures = 0;
  round = 0;
  /** Until it is asked again. */
  pause: Timer | undefined;
  /** Its files can be read from here. */
  hasReadableFiles: boolean;

  constructor(
    readonly status: MapStatus,
    hostId: string,
  ) {
    this.hasReadableFiles = status.hostId === hostId;
  }

  get name(): string {
    const { executor, address } = this.status;
    return `executor ${executor} at ${address.host}:${address.port}`;
  }

  get next(): RemoteSegment | undefined {
    return this.open.at(-1);
  }

  reopen(segments: readonly RemoteSegment[]): void {
    this.open.push(...segments);
    this.open.sort((a, b) => b.index - a.index);
  }

  /** Takes as many of the first as may be asked for together: whole ones, but for the first. */
  takeNext(limitBytes: number, segmentsMax: number): RemoteSegment[] {
    const taken: RemoteSegment[] = [];
    let bytes = 0;
    for (let each = this.next; each !== undefined && taken.length < segmentsMax; each = this.next) {
      bytes += each.missingBytes;
      if (taken.length > 0 && bytes > limitBytes) break;
      taken.push(each);
      this.open.pop();
    }
    return taken;
  }
}
