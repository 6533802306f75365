// Rows by group: a counting sort of row numbers by group id (Knuth, TAOCP 3, 5.2), and the pairs of a join from it. Rows of
// group g are rows[starts[g] … starts[g + 1]), in the order in which they came. Rows whose id is not below `groups` have no
// group: they are in no list and match nothing.
//
// While the lists are made, `starts` has one field more and runs ahead by one: counts go to starts[g + 2], their running sum
// makes starts[g + 1] the place of g's next row, and when all rows are placed that is where g ends.

/** starts[ids[i] + 2] += 1, for starts u32[groups + 2] that began as 0 */
export function countLists(ids: usize, n: i32, starts: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id >= groups) continue;
    const at = starts + (<usize>id << 2);
    store<u32>(at, load<u32>(at, 8) + 1, 8);
  }
}

/** Running sums of starts[from … to), from > 0 */
export function sumLists(starts: usize, from: u32, to: u32): void {
  let sum = load<u32>(starts + (<usize>(from - 1) << 2));
  for (let i = from; i < to; i++) {
    const at = starts + (<usize>i << 2);
    sum += load<u32>(at);
    store<u32>(at, sum);
  }
}

/** Puts rows first, first + 1 … into the lists of their ids. */
export function fillLists(ids: usize, n: i32, first: u32, starts: usize, rows: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id >= groups) continue;
    const at = starts + (<usize>id << 2);
    const place = load<u32>(at, 4);
    store<u32>(at, place + 1, 4);
    store<u32>(rows + (<usize>place << 2), first + <u32>i);
  }
}

/**
 * Pairs (probe row, build row) for probe rows cursor[0] … n, each with all rows of its group in order; `outer` pairs rows
 * without a match with 0xffffffff. Writes at most `capacity` pairs and returns how many; cursor u32[2] = (row, matches of it
 * already given) says where to go on.
 */
export function probeLists(
  ids: usize, n: u32, starts: usize, rows: usize, groups: u32, outer: i32,
  probeRows: usize, buildRows: usize, capacity: u32, cursor: usize,
): u32 {
  let row = load<u32>(cursor);
  let given = load<u32>(cursor, 4);
  let count: u32 = 0;
  while (row < n) {
    const id = load<u32>(ids + (<usize>row << 2));
    let at: u32 = 0;
    let last: u32 = 0;
    if (id < groups) {
      at = load<u32>(starts + (<usize>id << 2)) + given;
      last = load<u32>(starts + (<usize>id << 2), 4);
    }
    if (at < last) {
      const end = min(last, at + (capacity - count));
      given += end - at;
      for (; at < end; at++) {
        store<u32>(probeRows + (<usize>count << 2), row);
        store<u32>(buildRows + (<usize>count << 2), load<u32>(rows + (<usize>at << 2)));
        count++;
      }
      if (end < last) break;
      given = 0;
    } else if (outer) {
      if (count == capacity) break;
      store<u32>(probeRows + (<usize>count << 2), row);
      store<u32>(buildRows + (<usize>count << 2), 0xffffffff);
      count++;
    }
    row++;
  }
  store<u32>(cursor, row);
  store<u32>(cursor, given, 4);
  return count;
}

/** flags[ids[i]] = 1: which groups a probe has met */
export function markGroups(ids: usize, n: i32, flags: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id < groups) store<u8>(flags + <usize>id, 1);
  }
}
