/**
 * One request for segments of one executor, from asking to the end of its reply. What comes is put where the reader wants it; how
 * it ended is told to the reader once: `done`, or `failed` with why. Given up, it says nothing more.
 */
import { FiresteelError } from "../base/errors.ts";
import type { Bulk, BulkStream } from "../rpc/contracts.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { Segment, SpillCodec } from "../storage/spill-file.ts";
import type { RemoteSegment, SegmentSource } from "./remote-segment.ts";
import { damaged, ReplyReader, type ReplySink } from "./reply-reader.ts";
import type { Unreadable } from "./segment-wire.ts";

export interface FetchOwner {
  nowMs(): number;
  /** Throws `NoRoom` when the block should wait. */
  allocate(fetch: SegmentFetch, segment: RemoteSegment, bytes: number): Ptr;
  free(ptr: Ptr, bytes: number): void;
  /** A block of the segment, with so many bytes of memory, or its end is here. */
  arrived(segment: RemoteSegment, bytes: number): void;
  done(fetch: SegmentFetch): void;
  failed(fetch: SegmentFetch, thrown: unknown): void;
}

/** There is no memory for a block that is not needed yet. */
export class NoRoom extends Error {}

/** The executor says that it has no such output, or cannot read it. */
export class OutputGone extends FiresteelError {}

export class SegmentFetch implements ReplySink {
  isOver = false;
  /** It was given up because nothing came. */
  isSilent = false;
  /** Of its source, when it began. */
  readonly round: number;
  /** Something has come. */
  hasProgress = false;
  /** When a byte came last. */
  lastMs: number;
  private at = 0;
  private isCut = false;
  private readonly abort = new AbortController();
  private readonly reader: ReplyReader;

  constructor(
    private readonly owner: FetchOwner,
    readonly source: SegmentSource,
    readonly segments: readonly RemoteSegment[],
    /** Plain bytes that are still expected of it. */
    public expectedBytes: number,
    u8: Uint8Array,
    codec: SpillCodec | undefined,
  ) {
    this.lastMs = owner.nowMs();
    this.round = source.round;
    this.reader = new ReplyReader(u8, codec, this);
  }

  /** The segment that is coming. */
  get current(): RemoteSegment | undefined {
    return this.segments[this.at];
  }

  /** Those that have not come to their end. */
  get rest(): readonly RemoteSegment[] {
    return this.segments.slice(this.at);
  }

  async run(bulk: Pick<Bulk, "open">, path: string, body: Uint8Array): Promise<void> {
    try {
      await this.read(await bulk.open(this.source.status.address, path, body, { signal: this.abort.signal }));
    } catch (thrown) {
      if (!this.isOver) this.fail(thrown);
      return;
    }
    if (this.isOver) return;
    this.end();
    this.owner.done(this);
  }

  private async read(stream: BulkStream): Promise<void> {
    if (this.isOver) return stream.cancel();
    for await (const piece of stream) {
      if (this.isOver) return;
      this.lastMs = this.owner.nowMs();
      this.reader.feed(piece);
    }
    if (!this.reader.isAtFrame || (this.current !== undefined && !this.isCut))
      throw new FiresteelError("lost", "its answer ended too early");
  }

  fail(thrown: unknown): void {
    // whatever broke, nothing is missing
    const isWhole = this.current === undefined;
    this.end();
    this.abort.abort();
    if (isWhole) this.owner.done(this);
    else this.owner.failed(this, thrown);
  }

  /** Nobody wants it any more. */
  giveUp(): void {
    if (this.isOver) return;
    this.end();
    this.abort.abort();
  }

  allocate(bytes: number): Ptr {
    const segment = this.coming();
    segment.expect(bytes);
    return this.owner.allocate(this, segment, bytes);
  }

  free(ptr: Ptr, bytes: number): void {
    this.owner.free(ptr, bytes);
  }

  arrived(ptr: Ptr, bytes: number): void {
    const segment = this.coming();
    segment.add({ ptr, bytes });
    this.progress(segment, bytes, bytes);
  }

  inFile(place: Segment): void {
    const segment = this.coming();
    segment.expect(place.rawLength);
    segment.add({ segment: place });
    this.progress(segment, place.rawLength, 0);
  }

  ended(blocks: number): void {
    const segment = this.coming();
    segment.end(blocks);
    this.at++;
    this.progress(segment, 0, 0);
  }

  more(): void {
    this.coming();
    this.isCut = true;
  }

  missing(): void {
    this.coming();
    throw new OutputGone("data", "it has no such output (any more)");
  }

  unreadable({ message, hint }: Unreadable): void {
    this.coming();
    throw new OutputGone("data", message, { hint });
  }

  private progress(segment: RemoteSegment, bytes: number, memoryBytes: number): void {
    this.hasProgress = true;
    this.expectedBytes = Math.max(0, this.expectedBytes - bytes);
    this.owner.arrived(segment, memoryBytes);
  }

  private coming(): RemoteSegment {
    const { current } = this;
    if (current === undefined || this.isCut) throw damaged("it goes on behind its end");
    return current;
  }

  private end(): void {
    this.isOver = true;
    this.expectedBytes = 0;
    this.reader.free();
  }
}
