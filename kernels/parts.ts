// Rows of a batch that lies in several pieces, taken without putting the pieces together. A row's id is its part << shift | its
// number there; a table tells where the column's values of each part are: u32 addresses.
import { copySpan, lastWideLoad } from "./copy";

/** A call that copies bytes stops after the row that reaches this many, so that no call is long. */
const copyBytesMax: u32 = 8 << 20;
/** Rows whose bytes are asked for together. */
const blockRows: usize = 128;

/**
 * Row numbers over all parts to ids. `starts` has the first row of each part and, last, the number of all rows; `hints[row >> 10]`
 * is the part of the first row of every 1024. `ids` may be `rows`.
 */
export function partIds(rows: usize, n: usize, starts: usize, hints: usize, shift: u32, ids: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const row = load<u32>(rows + (i << 2));
    let part = load<u32>(hints + (<usize>(row >> 10) << 2));
    while (load<u32>(starts + (<usize>part << 2), 4) <= row) part++;
    store<u32>(ids + (i << 2), (part << shift) | (row - load<u32>(starts + (<usize>part << 2))));
  }
}

/** dst[i] = value of row ids[i] */
export function gatherParts1(table: usize, shift: u32, ids: usize, n: usize, dst: usize): void {
  const mask = (<u32>1 << shift) - 1;
  for (let i: usize = 0; i < n; i++) {
    const id = load<u32>(ids + (i << 2));
    store<u8>(dst + i, load<u8>(<usize>load<u32>(table + (<usize>(id >> shift) << 2)) + (id & mask)));
  }
}

export function gatherParts4(table: usize, shift: u32, ids: usize, n: usize, dst: usize): void {
  const mask = (<u32>1 << shift) - 1;
  for (let i: usize = 0; i < n; i++) {
    const id = load<u32>(ids + (i << 2));
    store<u32>(dst + (i << 2), load<u32>(<usize>load<u32>(table + (<usize>(id >> shift) << 2)) + (<usize>(id & mask) << 2)));
  }
}

export function gatherParts8(table: usize, shift: u32, ids: usize, n: usize, dst: usize): void {
  const mask = (<u32>1 << shift) - 1;
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const four = ids + (i << 2);
    const a = load<u64>(valueAt(table, shift, mask, load<u32>(four)));
    const b = load<u64>(valueAt(table, shift, mask, load<u32>(four, 4)));
    const c = load<u64>(valueAt(table, shift, mask, load<u32>(four, 8)));
    const d = load<u64>(valueAt(table, shift, mask, load<u32>(four, 12)));
    const to = dst + (i << 3);
    store<u64>(to, a);
    store<u64>(to, b, 8);
    store<u64>(to, c, 16);
    store<u64>(to, d, 24);
  }
  for (; i < n; i++) store<u64>(dst + (i << 3), load<u64>(valueAt(table, shift, mask, load<u32>(ids + (i << 2)))));
}

/** Where a row's eight bytes are. */
// @ts-ignore: decorator
@inline
function valueAt(table: usize, shift: u32, mask: u32, id: u32): usize {
  return <usize>load<u32>(table + (<usize>(id >> shift) << 2)) + (<usize>(id & mask) << 3);
}

/** Where the offsets of a row of variable length are; `table` has the address of the offsets and of the bytes of each part. */
// @ts-ignore: decorator
@inline
function offsetsAt(table: usize, shift: u32, mask: u32, id: u32): usize {
  return <usize>load<u32>(table + (<usize>(id >> shift) << 3)) + (<usize>(id & mask) << 2);
}

/** Bytes that the rows have together. */
export function gatheredPartsLength(table: usize, shift: u32, ids: usize, n: usize): f64 {
  const mask = (<u32>1 << shift) - 1;
  let total: u64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const at = offsetsAt(table, shift, mask, load<u32>(ids + (i << 2)));
    total += load<u32>(at, 4) - load<u32>(at);
  }
  return <f64>total;
}

/**
 * Rows of variable length: dstOffsets[0] = from, then one end a row; `total` is where the last of all rows will end. Returns
 * the rows done, which may be fewer than n.
 */
export function gatherPartsBytes(
  table: usize, shift: u32, ids: usize, n: usize, dstOffsets: usize, dstBytes: usize, from: u32, total: u32,
): usize {
  const wideLoadMax = lastWideLoad();
  const mask = (<u32>1 << shift) - 1;
  let to = from;
  let i: usize = 0;
  while (i < n && to - from < copyBytesMax) {
    const end = min(n, i + blockRows);
    // first the loads that may miss the cache, so that their waits overlap; kept where the offset goes, lest they be dropped
    for (let row = i; row < end; row++) {
      const id = load<u32>(ids + (row << 2));
      const bytes = <usize>load<u32>(table + (<usize>(id >> shift) << 3), 4);
      const at = offsetsAt(table, shift, mask, id);
      const first = min(bytes + load<u32>(at), wideLoadMax);
      const last = min(bytes + load<u32>(at, 4), wideLoadMax);
      store<u32>(dstOffsets + (row << 2), <u32>load<u8>(first) + <u32>load<u8>(last));
    }
    for (; i < end; i++) {
      const id = load<u32>(ids + (i << 2));
      const at = offsetsAt(table, shift, mask, id);
      const start = load<u32>(at);
      const length = load<u32>(at, 4) - start;
      store<u32>(dstOffsets + (i << 2), to);
      const bytes = <usize>load<u32>(table + (<usize>(id >> shift) << 3), 4);
      copySpan(bytes + start, length, dstBytes + to, total - to, wideLoadMax);
      to += length;
    }
  }
  store<u32>(dstOffsets + (i << 2), to);
  return i;
}
