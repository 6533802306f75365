// Aggregates of numbers. Grouped ones fold row i into the state of group ids[i], in row order, so that sums of floating-
// point numbers depend on the rows' order alone; rows whose id is not below `groups` (no group) are passed over. Ungrouped
// ones run in eight fixed lanes: row r of the whole input, whatever the calls it comes in, belongs to lane r mod 8.
//
// Numbers order as everywhere: NaN above all others, −0 equal to 0; of equal ones the first stays. So a minimum begins as
// NaN and a maximum as −Infinity.
//
// Moments are (count, mean, M2), updated one row at a time (Welford 1962) and merged in pairs (Chan, Golub, LeVeque 1979);
// M2 is the sum of squared differences from the mean.

/** counts[ids[i]] += 1, counts being f64 */
export function countBy(ids: usize, n: i32, counts: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id >= groups) continue;
    const at = counts + (<usize>id << 3);
    store<f64>(at, load<f64>(at) + 1);
  }
}

/** sums[ids[i]] += values[i] */
export function sumByF64(ids: usize, values: usize, n: i32, sums: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id >= groups) continue;
    const at = sums + (<usize>id << 3);
    store<f64>(at, load<f64>(at) + load<f64>(values + (i << 3)));
  }
}

export function sumByI32(ids: usize, values: usize, n: i32, sums: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id >= groups) continue;
    const at = sums + (<usize>id << 3);
    store<f64>(at, load<f64>(at) + <f64>load<i32>(values + (i << 2)));
  }
}

/**
 * Several sums side by side: sums[ids[i] × k + c] += column c's value i. `columns` is u32[k], addresses of f64[n]. Here every
 * row must have a group.
 */
export function sumColumnsBy(ids: usize, columns: usize, k: i32, n: i32, sums: usize): void {
  const stride = <usize>k << 3;
  let c = 0;
  for (; c + 5 <= k; c += 5) sumFive(ids, columns + (<usize>c << 2), n, sums + (<usize>c << 3), stride);
  for (; c < k; c++) sumOne(ids, <usize>load<u32>(columns + (<usize>c << 2)), n, sums + (<usize>c << 3), stride);
}

/** Two rows at a time, in pairs of two columns: of (a, a′) and (b, b′) come (a, b) and (a′, b′). */
function sumFive(ids: usize, columns: usize, n: i32, sums: usize, stride: usize): void {
  let a = <usize>load<u32>(columns);
  let b = <usize>load<u32>(columns, 4);
  let c = <usize>load<u32>(columns, 8);
  let d = <usize>load<u32>(columns, 12);
  let e = <usize>load<u32>(columns, 16);
  for (let left = n; left >= 2; left -= 2) {
    const bs = v128.load(b);
    const ds = v128.load(d);
    const first = sums + <usize>load<u32>(ids) * stride;
    const second = sums + <usize>load<u32>(ids, 4) * stride;
    const ab = f64x2.replace_lane(v128.load(a), 1, f64x2.extract_lane(bs, 0));
    const cd = f64x2.replace_lane(v128.load(c), 1, f64x2.extract_lane(ds, 0));
    v128.store(first, f64x2.add(v128.load(first), ab));
    v128.store(first, f64x2.add(v128.load(first, 16), cd), 16);
    store<f64>(first, load<f64>(first, 32) + load<f64>(e), 32);
    v128.store(second, f64x2.add(v128.load(second), f64x2.replace_lane(bs, 0, load<f64>(a, 8))));
    v128.store(second, f64x2.add(v128.load(second, 16), f64x2.replace_lane(ds, 0, load<f64>(c, 8))), 16);
    store<f64>(second, load<f64>(second, 32) + load<f64>(e, 8), 32);
    ids += 8;
    a += 16;
    b += 16;
    c += 16;
    d += 16;
    e += 16;
  }
  if ((n & 1) == 0) return;
  sumOne(ids, a, 1, sums, stride);
  sumOne(ids, b, 1, sums + 8, stride);
  sumOne(ids, c, 1, sums + 16, stride);
  sumOne(ids, d, 1, sums + 24, stride);
  sumOne(ids, e, 1, sums + 32, stride);
}

function sumOne(ids: usize, values: usize, n: i32, sums: usize, stride: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const at = sums + <usize>load<u32>(ids + (i << 2)) * stride;
    store<f64>(at, load<f64>(at) + load<f64>(values + (i << 3)));
  }
}

// @ts-ignore: decorator
@inline
function isLess(a: f64, b: f64): bool {
  return a < b || (b != b && a == a);
}

// @ts-ignore: decorator
@inline
function foldMin(at: usize, value: f64): void {
  if (isLess(value, load<f64>(at))) store<f64>(at, value);
}

// @ts-ignore: decorator
@inline
function foldMax(at: usize, value: f64): void {
  if (isLess(load<f64>(at), value)) store<f64>(at, value);
}

/** mins[ids[i]] = the lesser of itself and values[i] */
export function minByF64(ids: usize, values: usize, n: i32, mins: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id < groups) foldMin(mins + (<usize>id << 3), load<f64>(values + (i << 3)));
  }
}

export function minByI32(ids: usize, values: usize, n: i32, mins: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id < groups) foldMin(mins + (<usize>id << 3), <f64>load<i32>(values + (i << 2)));
  }
}

export function maxByF64(ids: usize, values: usize, n: i32, maxs: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id < groups) foldMax(maxs + (<usize>id << 3), load<f64>(values + (i << 3)));
  }
}

export function maxByI32(ids: usize, values: usize, n: i32, maxs: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id < groups) foldMax(maxs + (<usize>id << 3), <f64>load<i32>(values + (i << 2)));
  }
}

// @ts-ignore: decorator
@inline
function foldMoments(at: usize, value: f64): void {
  const count = load<f64>(at) + 1;
  const before = load<f64>(at, 8);
  const delta = value - before;
  const mean = before + delta / count;
  store<f64>(at, count);
  store<f64>(at, mean, 8);
  store<f64>(at, load<f64>(at, 16) + delta * (value - mean), 16);
}

/** Moments of each group: states f64[groups][3] = count, mean, M2 */
export function momentsByF64(ids: usize, values: usize, n: i32, states: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id < groups) foldMoments(states + <usize>id * 24, load<f64>(values + (i << 3)));
  }
}

export function momentsByI32(ids: usize, values: usize, n: i32, states: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id < groups) foldMoments(states + <usize>id * 24, <f64>load<i32>(values + (i << 2)));
  }
}

// @ts-ignore: decorator
@inline
function mergeMoments(at: usize, count: f64, mean: f64, m2: f64): void {
  if (count == 0) return;
  const countBefore = load<f64>(at);
  const total = countBefore + count;
  const delta = mean - load<f64>(at, 8);
  store<f64>(at, total);
  // into an empty state the values go as they are, for 0 × an infinite delta is not a number
  store<f64>(at, countBefore == 0 ? mean : load<f64>(at, 8) + delta * (count / total), 8);
  store<f64>(at, countBefore == 0 ? m2 : load<f64>(at, 16) + m2 + delta * delta * (countBefore * count / total), 16);
}

/** Merges moments that were made elsewhere: parts f64[n][3] */
export function mergeMomentsBy(ids: usize, parts: usize, n: i32, states: usize, groups: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id >= groups) continue;
    const part = parts + i * 24;
    mergeMoments(states + <usize>id * 24, load<f64>(part), load<f64>(part, 8), load<f64>(part, 16));
  }
}

/** start + values[0] + values[1] + …, added in this order: what a fold of `(a, b) => a + b` gives. */
export function foldSumF64(values: usize, n: i32, start: f64): f64 {
  for (let i: usize = 0, end = <usize>n << 3; i < end; i += 8) start += load<f64>(values + i);
  return start;
}

export function foldSumI32(values: usize, n: i32, start: f64): f64 {
  for (let i: usize = 0, end = <usize>n << 2; i < end; i += 4) start += <f64>load<i32>(values + i);
  return start;
}

/** The least of start and the values. Four at a time are only asked whether one of them is less. */
export function foldMinF64(values: usize, n: i32, start: f64): f64 {
  const end = values + (<usize>n << 3);
  while (values != end && start != start) {
    start = load<f64>(values);
    values += 8;
  }
  for (; end - values >= 32; values += 32) {
    const least = f64x2.splat(start);
    const a = f64x2.lt(v128.load(values), least);
    const b = f64x2.lt(v128.load(values, 16), least);
    if (v128.any_true(v128.or(a, b))) {
      for (let at: usize = 0; at < 32; at += 8) if (load<f64>(values + at) < start) start = load<f64>(values + at);
    }
  }
  for (; values != end; values += 8) if (load<f64>(values) < start) start = load<f64>(values);
  return start;
}

/** The greatest of start and the values. */
export function foldMaxF64(values: usize, n: i32, start: f64): f64 {
  const end = values + (<usize>n << 3);
  for (; end - values >= 32 && start == start; values += 32) {
    const greatest = f64x2.splat(start);
    const a = f64x2.le(v128.load(values), greatest);
    const b = f64x2.le(v128.load(values, 16), greatest);
    if (!i64x2.all_true(v128.and(a, b))) {
      for (let at: usize = 0; at < 32; at += 8) if (isLess(start, load<f64>(values + at))) start = load<f64>(values + at);
    }
  }
  for (; values != end && start == start; values += 8) if (isLess(start, load<f64>(values))) start = load<f64>(values);
  return start;
}

/** out[i] = values[i] as f64 */
export function widenI32(values: usize, n: i32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<f64>(out + (i << 3), <f64>load<i32>(values + (i << 2)));
}

export function widenF32(values: usize, n: i32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<f64>(out + (i << 3), <f64>load<f32>(values + (i << 2)));
}

export function widenU8(values: usize, n: i32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<f64>(out + (i << 3), <f64>load<u8>(values + i));
}

/** out[i] = start + (from + i) × step */
export function writeRange(start: f64, step: f64, from: i32, n: i32, out: usize): void {
  for (let i: i32 = 0; i < n; i++) store<f64>(out + (<usize>i << 3), start + <f64>(from + i) * step);
}

/**
 * Sums in eight lanes. state f64[9]: rows so far, then the lanes' sums. Values before the row at which lane 0 is due and
 * after the last whole stripe go one by one.
 */
export function sumLanes(values: usize, n: i32, state: usize): void {
  const before = <u64>load<f64>(state);
  store<f64>(state, <f64>(before + <u64>n));
  const lanes = state + 8;
  let row: i32 = 0;
  for (; row < n && ((before + row) & 7) != 0; row++) sumInLane(lanes, <usize>(before + row), load<f64>(values + (<usize>row << 3)));
  let s0 = v128.load(lanes);
  let s1 = v128.load(lanes, 16);
  let s2 = v128.load(lanes, 32);
  let s3 = v128.load(lanes, 48);
  for (; row + 8 <= n; row += 8) {
    const at = values + (<usize>row << 3);
    s0 = f64x2.add(s0, v128.load(at));
    s1 = f64x2.add(s1, v128.load(at, 16));
    s2 = f64x2.add(s2, v128.load(at, 32));
    s3 = f64x2.add(s3, v128.load(at, 48));
  }
  v128.store(lanes, s0);
  v128.store(lanes, s1, 16);
  v128.store(lanes, s2, 32);
  v128.store(lanes, s3, 48);
  for (; row < n; row++) sumInLane(lanes, <usize>(before + row), load<f64>(values + (<usize>row << 3)));
}

// @ts-ignore: decorator
@inline
function sumInLane(lanes: usize, row: usize, value: f64): void {
  const at = lanes + ((row & 7) << 3);
  store<f64>(at, load<f64>(at) + value);
}

// @ts-ignore: decorator
@inline
function momentInLane(lanes: usize, row: u64, value: f64): void {
  const at = lanes + ((<usize>row & 7) << 3);
  const before = load<f64>(at);
  const delta = value - before;
  const mean = before + delta * (1 / <f64>((row >> 3) + 1));
  store<f64>(at, mean);
  store<f64>(at, load<f64>(at, 64) + delta * (value - mean), 64);
}

/**
 * Moments in eight lanes. state f64[17]: rows so far, the lanes' means, the lanes' M2. The lanes of a stripe have the same
 * count, so that one division serves eight rows.
 */
export function momentLanes(values: usize, n: i32, state: usize): void {
  const before = <u64>load<f64>(state);
  store<f64>(state, <f64>(before + <u64>n));
  const lanes = state + 8;
  let row: i32 = 0;
  for (; row < n && ((before + row) & 7) != 0; row++) momentInLane(lanes, before + row, load<f64>(values + (<usize>row << 3)));
  let count = <f64>((before + row) >> 3);
  let mean0 = v128.load(lanes);
  let mean1 = v128.load(lanes, 16);
  let mean2 = v128.load(lanes, 32);
  let mean3 = v128.load(lanes, 48);
  let m0 = v128.load(lanes, 64);
  let m1 = v128.load(lanes, 80);
  let m2 = v128.load(lanes, 96);
  let m3 = v128.load(lanes, 112);
  for (; row + 8 <= n; row += 8) {
    count += 1;
    const share = f64x2.splat(1 / count);
    const at = values + (<usize>row << 3);
    const v0 = v128.load(at);
    const v1 = v128.load(at, 16);
    const v2 = v128.load(at, 32);
    const v3 = v128.load(at, 48);
    const d0 = f64x2.sub(v0, mean0);
    const d1 = f64x2.sub(v1, mean1);
    const d2 = f64x2.sub(v2, mean2);
    const d3 = f64x2.sub(v3, mean3);
    mean0 = f64x2.add(mean0, f64x2.mul(d0, share));
    mean1 = f64x2.add(mean1, f64x2.mul(d1, share));
    mean2 = f64x2.add(mean2, f64x2.mul(d2, share));
    mean3 = f64x2.add(mean3, f64x2.mul(d3, share));
    m0 = f64x2.add(m0, f64x2.mul(d0, f64x2.sub(v0, mean0)));
    m1 = f64x2.add(m1, f64x2.mul(d1, f64x2.sub(v1, mean1)));
    m2 = f64x2.add(m2, f64x2.mul(d2, f64x2.sub(v2, mean2)));
    m3 = f64x2.add(m3, f64x2.mul(d3, f64x2.sub(v3, mean3)));
  }
  v128.store(lanes, mean0);
  v128.store(lanes, mean1, 16);
  v128.store(lanes, mean2, 32);
  v128.store(lanes, mean3, 48);
  v128.store(lanes, m0, 64);
  v128.store(lanes, m1, 80);
  v128.store(lanes, m2, 96);
  v128.store(lanes, m3, 112);
  for (; row < n; row++) momentInLane(lanes, before + row, load<f64>(values + (<usize>row << 3)));
}
