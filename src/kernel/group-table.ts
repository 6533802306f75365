/**
 * Group tables: dense ids 0, 1, 2 … for keys, in the order in which keys are first seen. kernels/group.ts does the work;
 * the tables here own the memory and grow it. Ids depend on the keys' order alone, never on sizes or growth.
 *
 * When memory is refused, `groups` throws `MemoryRefused` and the table stays as good as before: the first `processed` rows
 * of the call have their ids, `lookup` tells known keys from new ones, and a later `groups` may succeed again.
 */
import { MemoryRefused, type Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { asPtr, nullPtr, offset, type Ptr } from "./ptr.ts";
import { allocAll, clear, move } from "./regions.ts";

/** The id of a key that a table does not have. */
export const noGroup = 0xffffffff;

const slotBytes = { fixed: 16, bytes: 32 } as const;
const slotsMin = 512;
/** Up to here (256 KiB) a table is at most a quarter full and grows fourfold: it stays in the cache anyway, and keys are found at once. */
const slotsSmall = 1 << 14;
/** 2²⁶ groups of fixed-width keys, half as many of others. */
const slotsBytesMax = 2 ** 31;
/** Rows or groups that one kernel call works on. */
const callRows = 65536;
/** Key offsets are i32, as in every column of strings. */
const keyBytesMax = 2 ** 31 - 1;

/** The table block of kernels/group.ts, in words. */
const field = { slots: 0, mask: 1, count: 2, limit: 3, hashes: 4, keyOffsets: 5, keyBytes: 6, keyRoom: 7 } as const;
const blockBytes = 48;
/** Behind it, for keys that are bytes: what the kernels note of the rows that they take at once. */
const placedBytes = 256 * 32;

function groupsMax(slots: number): number {
  return slots <= slotsSmall ? slots / 4 : slots / 2;
}

abstract class GroupTable {
  protected readonly kernels: Kernels;
  protected readonly allocator: Allocator;
  protected readonly block: Ptr;
  private slots = 0;
  /** Rows of the latest `groups` call that have their ids. */
  processed = 0;

  constructor(kernels: Kernels, allocator: Allocator, expectedGroups: number, hasKeyBytes: boolean) {
    this.kernels = kernels;
    this.allocator = allocator;
    let slots = slotsMin;
    while (slots * slotBytes.bytes < slotsBytesMax && groupsMax(slots) < expectedGroups) slots *= 2;
    this.hasKeyBytes = hasKeyBytes;
    const [block, ...regions] = allocAll(allocator, [this.blockSize, ...this.regionSizes(slots)]);
    this.block = block!;
    clear(kernels, this.block, blockBytes);
    this.install(slots, regions);
  }

  private readonly hasKeyBytes: boolean;

  /** Groups so far. */
  get count(): number {
    return this.read(field.count);
  }

  /** u64[count]: the hashes of the groups' keys. */
  get hashes(): Ptr {
    return asPtr(this.read(field.hashes));
  }

  free(): void {
    this.freeRegions(this.slots);
    this.allocator.free(this.block, this.blockSize);
  }

  private get blockSize(): number {
    return blockBytes + (this.hasKeyBytes ? placedBytes : 0);
  }

  /** Where kernels note where the rows at hand belong. */
  protected get placed(): Ptr {
    return offset(this.block, blockBytes);
  }

  protected read(index: number): number {
    return this.kernels.u32[this.block / 4 + index]!;
  }

  protected write(index: number, value: number): void {
    this.kernels.u32[this.block / 4 + index] = value;
  }

  protected abstract rehash(from: number, to: number): void;

  /** Twice the slots, or four times. All or nothing. */
  protected growSlots(): void {
    const slots = this.slots * (this.slots <= slotsSmall ? 4 : 2);
    if (slots * this.slotBytes > slotsBytesMax)
      throw new MemoryRefused(
        slots * this.slotBytes,
        `a hash table has reached its limit of ${groupsMax(this.slots)} keys`,
      );
    const regions = allocAll(this.allocator, this.regionSizes(slots));
    const { count, slots: before } = this;
    move(this.kernels, asPtr(this.read(field.hashes)), count * 8, regions[1]!);
    if (this.hasKeyBytes) move(this.kernels, asPtr(this.read(field.keyOffsets)), (count + 1) * 4, regions[2]!);
    this.freeRegions(before);
    this.install(slots, regions);
    for (let from = 0; from < count; from += callRows) this.rehash(from, Math.min(count, from + callRows));
  }

  private get slotBytes(): number {
    return this.hasKeyBytes ? slotBytes.bytes : slotBytes.fixed;
  }

  private regionSizes(slots: number): number[] {
    const groups = groupsMax(slots);
    return [slots * this.slotBytes, groups * 8, ...(this.hasKeyBytes ? [(groups + 1) * 4] : [])];
  }

  private install(slots: number, regions: readonly Ptr[]): void {
    clear(this.kernels, regions[0]!, slots * this.slotBytes);
    this.slots = slots;
    this.write(field.slots, regions[0]!);
    this.write(field.mask, slots - 1);
    this.write(field.limit, groupsMax(slots));
    this.write(field.hashes, regions[1]!);
    if (this.hasKeyBytes) this.write(field.keyOffsets, regions[2]!);
  }

  private freeRegions(slots: number): void {
    const sizes = this.regionSizes(slots);
    for (const [i, at] of [field.slots, field.hashes, field.keyOffsets].entries()) {
      if (i < sizes.length) this.allocator.free(asPtr(this.read(at)), sizes[i]!);
    }
  }
}

/**
 * Keys of one fixed-width kind: all numbers (whether f64, f32 or i32), all bigints of 64 bits, or all dates. Works on
 * their hashes alone, which within one kind are equal exactly when the keys are.
 */
export class GroupTableFixed extends GroupTable {
  constructor(kernels: Kernels, allocator: Allocator, expectedGroups = 0) {
    super(kernels, allocator, expectedGroups, false);
  }

  /**
   * outIds[i] (u32) = id of the key whose hash is hashes[i]. New keys get the ids from the old count on; `firstRows`, u32[n]
   * if given, gets the row of each new one. Returns the groups there are now.
   */
  groups(hashes: Ptr, n: number, outIds: Ptr, firstRows: Ptr = nullPtr): number {
    const before = this.count;
    for (this.processed = 0; this.processed < n;) {
      const first = firstRows === nullPtr ? nullPtr : offset(firstRows, (this.count - before) * 4);
      const to = Math.min(n, this.processed + callRows);
      this.processed = this.kernels.run.groupFixed(this.block, hashes, this.processed, to, outIds, first);
      if (this.processed < to) this.growSlots();
    }
    return this.count;
  }

  /** outIds[i] = id of the key whose hash is hashes[i], or `noGroup`. Adds nothing and needs no memory. */
  lookup(hashes: Ptr, n: number, outIds: Ptr): void {
    for (let from = 0; from < n; from += callRows) {
      const rows = Math.min(callRows, n - from);
      this.kernels.run.lookupFixed(this.block, offset(hashes, from * 8), rows, offset(outIds, from * 4));
    }
  }

  /** Keys that are numbers, of groups from … from + n, as f64[n]. A key that was −0 comes out as 0. */
  writeNumbers(from: number, n: number, out: Ptr): void {
    for (let at = 0; at < n; at += callRows) {
      this.kernels.run.unhashF64(offset(this.hashes, (from + at) * 8), Math.min(callRows, n - at), offset(out, at * 8));
    }
  }

  protected rehash(from: number, to: number): void {
    this.kernels.run.rehashFixed(this.block, from, to);
  }
}

/** Keys that are bytes: strings, or the encoded keys of any values. Keeps a copy of each key. */
export class GroupTableBytes extends GroupTable {
  constructor(kernels: Kernels, allocator: Allocator, expectedGroups = 0, expectedKeyBytes = 0) {
    super(kernels, allocator, expectedGroups, true);
    kernels.u32[this.keyOffsets / 4] = 0;
    if (expectedKeyBytes === 0) return;
    try {
      this.growKeyBytes(expectedKeyBytes);
    } catch (thrown) {
      super.free();
      throw thrown;
    }
  }

  /** u32[count + 1]: where each group's key starts and ends in `keyBytes`. With them, a column of the keys. */
  get keyOffsets(): Ptr {
    return asPtr(this.read(field.keyOffsets));
  }

  get keyBytes(): Ptr {
    return asPtr(this.read(field.keyBytes));
  }

  /** As `GroupTableFixed.groups`, for the keys bytes[offsets[i] … offsets[i + 1]). */
  groups(offsets: Ptr, bytes: Ptr, hashes: Ptr, n: number, outIds: Ptr, firstRows: Ptr = nullPtr): number {
    return this.groupsOf(offsets, offset(offsets, 4), bytes, hashes, n, outIds, firstRows);
  }

  /** As `groups`, for strings wherever they lie: bytes[starts[i] … ends[i]). They are hashed on the way. */
  groupsOfSpans(starts: Ptr, ends: Ptr, bytes: Ptr, n: number, outIds: Ptr): number {
    return this.groupsOf(starts, ends, bytes, nullPtr, n, outIds, nullPtr);
  }

  private groupsOf(starts: Ptr, ends: Ptr, bytes: Ptr, hashes: Ptr, n: number, outIds: Ptr, firstRows: Ptr): number {
    const before = this.count;
    const { run, u32 } = this.kernels;
    for (this.processed = 0; this.processed < n;) {
      const { block, placed, processed, count } = this;
      const first = firstRows === nullPtr ? nullPtr : offset(firstRows, (count - before) * 4);
      const to = Math.min(n, processed + callRows);
      this.processed = run.groupBytes(block, starts, ends, bytes, hashes, placed, processed, to, outIds, first);
      if (this.processed === to) continue;
      const length = u32[ends / 4 + this.processed]! - u32[starts / 4 + this.processed]!;
      if (this.count === this.read(field.limit)) this.growSlots();
      else if (length > this.read(field.keyRoom) - u32[this.keyOffsets / 4 + this.count]!) this.growKeyBytes(length);
    }
    return this.count;
  }

  /** outIds[i] = id of the key bytes[offsets[i] … offsets[i + 1]), or `noGroup`. Adds nothing and needs no memory. */
  lookup(offsets: Ptr, bytes: Ptr, hashes: Ptr, n: number, outIds: Ptr): void {
    const { kernels, block, placed } = this;
    for (let from = 0; from < n;) {
      const to = Math.min(n, from + callRows);
      from = kernels.run.lookupBytes(block, offsets, bytes, hashes, placed, from, to, outIds);
    }
  }

  override free(): void {
    const room = this.read(field.keyRoom);
    if (room > 0) this.allocator.free(this.keyBytes, room);
    super.free();
  }

  protected rehash(from: number, to: number): void {
    this.kernels.run.rehashBytes(this.block, from, to);
  }

  private growKeyBytes(keyLength: number): void {
    const used = this.kernels.u32[this.keyOffsets / 4 + this.count]!;
    if (used + keyLength > keyBytesMax)
      throw new MemoryRefused(keyLength, "the keys of a hash table have reached their limit of 2 GiB");
    const roomBefore = this.read(field.keyRoom);
    const room = Math.min(keyBytesMax, Math.ceil(Math.max(4096, used + keyLength, roomBefore * 2) / 16) * 16);
    const bytes = this.allocator.alloc(room);
    move(this.kernels, this.keyBytes, used, bytes);
    if (roomBefore > 0) this.allocator.free(this.keyBytes, roomBefore);
    this.write(field.keyBytes, bytes);
    this.write(field.keyRoom, room);
  }
}
