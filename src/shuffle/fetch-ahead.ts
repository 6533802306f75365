/**
 * How much a reader may fetch ahead: so many bytes at most on their way and waiting, and no more than a part of its task's memory.
 * Less after memory was refused, more again when reading went on without that for a while.
 */
import { pageBytes } from "../kernel/control-area.ts";
import type { OperatorMemory } from "../kernel/task-memory.ts";

/** Of the bytes in flight one request gets a part, so that several executors are asked at once. */
const requestsAtOnce = 5;
/** Of the task's share of memory. */
const shareInFlight = 1 / 4;
/** Fetching ahead less is not worth while. */
const aheadBytesMin = 256 * 1024;
/** Read without a refusal before more is fetched ahead again. */
const recoverBytes = 16 * 2 ** 20;

export class FetchAhead {
  /** In memory, to be read. */
  waitingBytes = 0;
  private readonly bytesMax: number;
  private bytes: number;
  private readBytes = 0;

  constructor(inFlightBytesMax: number, memory: OperatorMemory) {
    const shareBytes = memory.task.pool.shares.now().taskMaxPages * pageBytes * shareInFlight;
    this.bytesMax = this.bytes = Math.min(inFlightBytesMax, shareBytes);
  }

  /**
   * How many bytes the next request may ask for, when the segment it begins with misses so many and others are on their way; 0: not
   * now. What is needed is asked for in any case, block by block when nothing is to be fetched ahead.
   */
  requestBytes(missingBytes: number, expectedBytes: number, isNeeded: boolean): number {
    if (this.bytes < aheadBytesMin) return isNeeded ? 1 : 0;
    const part = this.bytes / requestsAtOnce;
    const room = this.bytes - this.waitingBytes - expectedBytes;
    if (!isNeeded && room < part) return 0;
    // the rest of a large segment can be asked for only when this part has come
    return Math.max(part, Math.min(missingBytes, room));
  }

  read(bytes: number): void {
    this.waitingBytes -= bytes;
    this.readBytes += bytes;
    if (this.readBytes < recoverBytes || this.bytes >= this.bytesMax) return;
    this.readBytes = 0;
    this.bytes = Math.min(this.bytesMax, Math.max(aheadBytesMin, this.bytes * 2));
  }

  refused(): void {
    this.readBytes = 0;
    this.bytes = this.bytes / 4;
  }
}
