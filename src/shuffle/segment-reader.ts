/**
 * Reads map outputs of other executors, for a task: asks each executor for many segments at once and ahead of the reading, with a
 * bound on the bytes that are on their way or wait here, and gives the blocks in the order of the outputs, whatever came first.
 *
 * - Every reply is bounded by what was asked for and taken in as it comes, so no stream holds up another.
 * - Blocks wait in the task's kernel memory. Who of the task needs it more gets it: blocks that wait are dropped and fetched again.
 *   Where there is no room to fetch ahead, the block that is needed is fetched alone.
 * - A lost connection is tried again, from the block where it broke; then, and at once for an output that is missing or damaged,
 *   reading ends with kind "fetchFailed" and names the output. A peer that is silent counts as lost.
 */
import { invariant } from "../base/assert.ts";
import type { Timer } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import type { Block } from "../data/contracts.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { Reading } from "../storage/exchange-reader.ts";
import type { MapStatus } from "../storage/map-status.ts";
import type { RemoteReader } from "../storage/mixed-reader.ts";
import type { Segment } from "../storage/spill-file.ts";
import { SpillReader } from "../storage/spill-reader.ts";
import { FetchAhead } from "./fetch-ahead.ts";
import { DamagedReply } from "./reply-reader.ts";
import { RemoteSegment, SegmentSource } from "./remote-segment.ts";
import type { SegmentClientOptions } from "./segment-client.ts";
import { type FetchOwner, NoRoom, OutputGone, SegmentFetch } from "./segment-fetch.ts";
import { encodeRequest, segmentsPath, segmentsPerRequestMax } from "./segment-wire.ts";

const requestsPerSourceMax = 2;
/** How often a waiting task looks whether it was cancelled or its peer is silent. */
const watchMs = 50;
/** How long blocks are given without letting the network in. */
const turnMs = 30;
/** A silent peer is likely stopped, and each try costs the whole timeout. */
const silentFailures = 2;
const retryWaitMaxMs = 10_000;

export class SegmentReader implements RemoteReader, FetchOwner {
  private readonly segments: readonly RemoteSegment[];
  private readonly sources: readonly SegmentSource[];
  private readonly fetches = new Set<SegmentFetch>();
  private readonly files: SpillReader;
  private readonly ahead: FetchAhead;
  private readonly unregister: () => void;
  /** Of the segments, the one being read. */
  private head = 0;
  private failure: { readonly thrown: unknown } | undefined;
  private isClosed = false;
  /** The task waits, since then; `wake` has it look again. */
  private waitsSinceMs: number | undefined;
  private wake: (() => void) | undefined;
  private watching: Timer | undefined;
  private turnAtMs: number;

  constructor(
    private readonly options: SegmentClientOptions,
    private readonly reading: Reading,
    outputs: readonly MapStatus[],
  ) {
    const { memory, u8, codec, fs, key, reducePartition } = reading;
    const sources = new Map<string, SegmentSource>();
    const sourceOf = (status: MapStatus): SegmentSource => {
      const key = `${status.executor} ${status.address.host} ${status.address.port}`;
      let source = sources.get(key);
      if (source === undefined) sources.set(key, (source = new SegmentSource(status, options.hostId)));
      return source;
    };
    this.segments = outputs
      .filter(status => status.bytes[reducePartition] !== 0)
      .map((status, i) => new RemoteSegment(i, status, reducePartition, sourceOf(status)));
    this.sources = [...sources.values()];
    for (const source of this.sources) source.reopen(this.segments.filter(each => each.source === source));
    const ahead = (this.ahead = new FetchAhead(options.inFlightBytesMax, memory));
    this.files = new SpillReader(u8, { codec, fs, key });
    this.turnAtMs = this.nowMs() + turnMs;
    this.unregister = memory.spillable({
      name: memory.name,
      get usedBytes() {
        return ahead.waitingBytes;
      },
      spill: () => {
        ahead.refused();
        return this.makeRoom(undefined);
      },
    });
  }

  next(status: MapStatus): Block | undefined | Promise<Block | undefined> {
    const segment = this.segments[this.head];
    invariant(segment?.status === status, "map outputs are asked for in another order");
    if (this.failure !== undefined) throw this.failure.thrown;
    if (this.fetches.size > 0 && this.nowMs() >= this.turnAtMs) return this.turn(segment);
    return this.give(segment);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.makeRoom(undefined);
    for (const source of this.sources) source.pause?.cancel();
    this.watching?.cancel();
    this.unregister();
    this.files.close();
  }

  nowMs(): number {
    return this.options.clock.nowMs();
  }

  // ---- giving

  private give(segment: RemoteSegment): Block | undefined | Promise<Block | undefined> {
    const arrived = segment.take();
    if (arrived !== undefined) return "segment" in arrived ? this.load(segment, arrived) : this.read(arrived);
    if (!segment.isWhole) return this.wait(segment);
    this.head++;
    return undefined;
  }

  private read(block: Block): Block {
    this.ahead.read(block.bytes);
    this.request();
    return block;
  }

  /** A block of a file of this host. */
  private load(segment: RemoteSegment, arrived: { readonly segment: Segment }): Block | Promise<Block | undefined> {
    const { memory } = this.reading;
    const bytes = arrived.segment.rawLength;
    let ptr = memory.tryAlloc(bytes);
    if (ptr === undefined) {
      this.ahead.refused();
      this.makeRoom(undefined);
      ptr = memory.alloc(bytes);
    }
    try {
      this.files.read(arrived.segment, ptr);
    } catch (thrown) {
      memory.free(ptr, bytes);
      if (!isNotThere(thrown)) throw this.lost(segment, thrown);
      // not of the same folders after all, or removed: the executor knows
      segment.source.hasReadableFiles = false;
      segment.untake(arrived);
      this.makeRoom(undefined);
      if (segment.isWhole) segment.source.reopen([segment]);
      segment.isWhole = false;
      return this.wait(segment);
    }
    this.request();
    return { ptr, bytes };
  }

  /** Lets what has come over the network in: a task that always finds a block would never wait. */
  private async turn(segment: RemoteSegment): Promise<Block | undefined> {
    await new Promise(resolve => setImmediate(resolve));
    this.turnAtMs = this.nowMs() + turnMs;
    if (this.failure !== undefined) throw this.failure.thrown;
    return this.give(segment);
  }

  private async wait(segment: RemoteSegment): Promise<Block | undefined> {
    this.waitsSinceMs = this.nowMs();
    try {
      for (;;) {
        this.request();
        if (this.failure !== undefined) throw this.failure.thrown;
        if (segment.arrived.length > 0 || segment.isWhole) break;
        await this.change();
      }
    } finally {
      this.waitsSinceMs = undefined;
    }
    this.turnAtMs = this.nowMs() + turnMs;
    return this.give(segment);
  }

  private async change(): Promise<void> {
    // one for many waits: most are short
    if (this.watching === undefined) {
      const dueMs = this.nowMs() + watchMs;
      this.watching = this.options.clock.after(watchMs, () => {
        this.watching = undefined;
        this.watch(this.nowMs() - dueMs);
        this.wake?.();
      });
    }
    await new Promise<void>(resolve => (this.wake = resolve));
    this.wake = undefined;
  }

  private watch(lateMs: number): void {
    if (this.waitsSinceMs === undefined) return;
    // after a stop of our own, what came meanwhile is still unread
    if (lateMs > this.options.idleTimeoutMs / 2) this.waitsSinceMs = this.nowMs();
    try {
      this.reading.memory.task.checkCancelled();
    } catch (thrown) {
      return this.fail(thrown);
    }
    const { idleTimeoutMs, isLost } = this.options;
    const head = this.segments[this.head]!;
    if (isLost?.(head.status.executor) === true)
      return this.fail(this.lost(head, new FiresteelError("lost", "the driver has given it up")));
    for (const fetch of [...this.fetches]) {
      // while the task worked nothing could come
      const sinceMs = Math.max(fetch.lastMs, this.waitsSinceMs ?? 0);
      if (this.nowMs() - sinceMs < idleTimeoutMs) continue;
      fetch.isSilent = true;
      fetch.fail(new FiresteelError("lost", `nothing came for ${idleTimeoutMs / 1000} s`));
    }
  }

  // ---- asking

  /** Asks for what comes next, as far as there is room for it, and for what is waited for in any case. */
  private request(): void {
    while (this.failure === undefined && !this.isClosed) {
      const source = this.nextSource();
      const next = source?.next;
      if (source === undefined || next === undefined) return;
      const isNeeded = this.waitsSinceMs !== undefined && next.index === this.head;
      const limitBytes = this.ahead.requestBytes(next.missingBytes, this.expectedBytes(), isNeeded);
      if (limitBytes === 0) return;
      this.start(source, limitBytes);
    }
  }

  /** Of the executors that may be asked now the one whose segment is read first. */
  private nextSource(): SegmentSource | undefined {
    let found: SegmentSource | undefined;
    for (const source of this.sources) {
      const { next } = source;
      if (next === undefined || source.pause !== undefined) continue;
      if (source.requests >= (source.failures > 0 ? 1 : requestsPerSourceMax)) continue;
      if (found === undefined || next.index < found.next!.index) found = source;
    }
    return found;
  }

  private expectedBytes(): number {
    let sum = 0;
    for (const fetch of this.fetches) sum += fetch.expectedBytes;
    return sum;
  }

  private start(source: SegmentSource, limitBytes: number): void {
    const { bulk, codec, hostId } = this.options;
    const segments = source.takeNext(limitBytes, segmentsPerRequestMax);
    const missingBytes = segments.reduce((sum, each) => sum + each.missingBytes, 0);
    const expectedBytes = Math.min(limitBytes, missingBytes);
    const { u8, codec: unpacker } = this.reading;
    const fetch = new SegmentFetch(this, source, segments, expectedBytes, u8, unpacker);
    this.fetches.add(fetch);
    source.requests++;
    const wanted = segments.map(each => each.wanted);
    const readsFiles = source.hasReadableFiles;
    const body = encodeRequest({ codec: unpacker && codec, hostId, readsFiles, limitBytes, segments: wanted });
    void fetch.run(bulk, segmentsPath, body);
  }

  // ---- what comes

  allocate(fetch: SegmentFetch, segment: RemoteSegment, bytes: number): Ptr {
    const { memory } = this.reading;
    const ptr = memory.tryAlloc(bytes);
    if (ptr !== undefined) return ptr;
    this.ahead.refused();
    const isNeeded = this.waitsSinceMs !== undefined && segment.index === this.head && segment.arrived.length === 0;
    if (!isNeeded) throw new NoRoom();
    // the task waits for just this block: others may spill for it
    this.makeRoom(fetch);
    return memory.alloc(bytes);
  }

  free(ptr: Ptr, bytes: number): void {
    this.reading.memory.free(ptr, bytes);
  }

  arrived(segment: RemoteSegment, bytes: number): void {
    this.ahead.waitingBytes += bytes;
    if (segment.index === this.head) this.wake?.();
  }

  done(fetch: SegmentFetch): void {
    fetch.source.failures = 0;
    this.end(fetch);
    this.request();
    this.wake?.();
  }

  failed(fetch: SegmentFetch, thrown: unknown): void {
    const [first] = fetch.rest;
    this.end(fetch);
    if (this.isClosed || this.failure !== undefined) return;
    if (thrown instanceof OutputGone || thrown instanceof DamagedReply) this.fail(this.lost(first!, thrown));
    else if (thrown instanceof MemoryRefused || this.isCancelled()) this.fail(thrown);
    else if (thrown instanceof FiresteelError) {
      const isLost = this.options.isLost?.(first!.status.executor) === true;
      if (isLost || !this.retries(fetch)) this.fail(this.lost(first!, thrown));
    } else if (!(thrown instanceof NoRoom)) this.fail(thrown);
    this.request();
    this.wake?.();
  }

  /**
   * Also what the executor failed at is tried again: part of what it sent before may not have come, and only when nothing comes it is
   * certain which output it failed at.
   */
  private retries({ source, round, hasProgress, isSilent }: SegmentFetch): boolean {
    if (hasProgress) source.failures = 0;
    // what was asked for at once breaks at once
    if (round === source.round) {
      source.round++;
      source.failures += isSilent ? silentFailures : 1;
    }
    if (source.failures > this.options.retriesMax) return false;
    const waitMs = this.options.retryWaitMs * 2 ** Math.max(0, source.failures - 1);
    source.pause ??= this.options.clock.after(Math.min(retryWaitMaxMs, waitMs), () => {
      source.pause = undefined;
      this.request();
    });
    return true;
  }

  private isCancelled(): boolean {
    try {
      this.reading.memory.task.checkCancelled();
      return false;
    } catch {
      return true;
    }
  }

  private fail(thrown: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = { thrown };
    this.makeRoom(undefined);
    this.wake?.();
  }

  private end(fetch: SegmentFetch): void {
    this.fetches.delete(fetch);
    fetch.source.requests--;
    fetch.source.reopen(fetch.rest);
  }

  /** Drops what waits, and what is on its way but for one request; gives the bytes freed. It is to be fetched again. */
  private makeRoom(except: SegmentFetch | undefined): number {
    for (const fetch of [...this.fetches]) {
      if (fetch === except) continue;
      fetch.giveUp();
      this.end(fetch);
    }
    let freed = 0;
    for (let i = this.head; i < this.segments.length; i++) {
      const segment = this.segments[i]!;
      if (segment.arrived.length === 0) continue;
      const wasWhole = segment.isWhole;
      freed += segment.drop(this.reading.memory);
      if (wasWhole) segment.source.reopen([segment]);
    }
    this.ahead.waitingBytes -= freed;
    return freed;
  }

  private lost({ status, source }: RemoteSegment, thrown: unknown): FiresteelError {
    const { exchange, mapPartition, executor } = status;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return new FiresteelError(
      "fetchFailed",
      `output ${mapPartition} of exchange ${exchange} cannot be fetched from ${source.name}: ${why}`,
      {
        hint: thrown instanceof FiresteelError ? thrown.hint : undefined,
        output: { exchange, mapPartition, executor },
        cause: thrown,
      },
    );
  }
}

/** The file cannot be opened. */
function isNotThere(thrown: unknown): boolean {
  const code = ((thrown as Error | undefined)?.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOENT" || code === "EACCES" || code === "EPERM" || code === "ENOTDIR";
}
