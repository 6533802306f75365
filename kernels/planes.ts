// Words of 8 bytes by the place of the byte: all first bytes, then all second ones. What compresses badly as numbers, whose high
// bytes are alike and low ones are not, compresses well and fast so.

/** Pairs of neighbours that are looked at. */
const samples: usize = 64;
const wordsMin: usize = 128;
/** Equal bytes of 8, on the average: numbers have four or more, text less than one. */
const alikeMin: u32 = 3;

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** 1 when neighbouring words of the n bytes have enough bytes in common, place by place. */
export function planesPay(src: usize, n: usize): u32 {
  const words = n >> 3;
  if (words < wordsMin) return 0;
  const step = (words - 1) / samples << 3;
  let alike: u32 = 0;
  for (let i: usize = 0, at = src; i < samples; i++, at += step) {
    const differing = i64x2.splat(load<u64>(at) ^ load<u64>(at, 8));
    alike += <u32>popcnt<i32>(i8x16.bitmask(i8x16.eq(differing, i8x16.splat(0))) & 0xff);
  }
  return alike >= alikeMin * <u32>samples ? 1 : 0;
}

/** The n bytes as planes of n / 8 bytes; those behind the last word stay behind. The two must not overlap. */
export function splitPlanes(src: usize, n: usize, dst: usize): void {
  const words = n >> 3;
  let i: usize = 0;
  // Interleaving the halves of 128 bytes moves the top bit of each index to its end: four times, and the word's number is there.
  for (; i + 16 <= words; i += 16) {
    const at = src + (i << 3);
    let a = v128.load(at);
    let b = v128.load(at, 16);
    let c = v128.load(at, 32);
    let d = v128.load(at, 48);
    let e = v128.load(at, 64);
    let f = v128.load(at, 80);
    let g = v128.load(at, 96);
    let h = v128.load(at, 112);
    for (let round = 0; round < 4; round++) {
      const ae = low(a, e);
      const ea = high(a, e);
      const bf = low(b, f);
      const fb = high(b, f);
      const cg = low(c, g);
      const gc = high(c, g);
      const dh = low(d, h);
      const hd = high(d, h);
      a = ae;
      b = ea;
      c = bf;
      d = fb;
      e = cg;
      f = gc;
      g = dh;
      h = hd;
    }
    let to = dst + i;
    v128.store(to, a);
    v128.store((to += words), b);
    v128.store((to += words), c);
    v128.store((to += words), d);
    v128.store((to += words), e);
    v128.store((to += words), f);
    v128.store((to += words), g);
    v128.store(to + words, h);
  }
  for (; i < words; i++) {
    for (let j: usize = 0; j < 8; j++) store<u8>(dst + j * words + i, load<u8>(src + (i << 3) + j));
  }
  memory.copy(dst + (words << 3), src + (words << 3), n & 7);
}

/** Undoes `splitPlanes`. */
export function joinPlanes(src: usize, n: usize, dst: usize): void {
  const words = n >> 3;
  let i: usize = 0;
  for (; i + 16 <= words; i += 16) {
    let from = src + i;
    let a = v128.load(from);
    let b = v128.load((from += words));
    let c = v128.load((from += words));
    let d = v128.load((from += words));
    let e = v128.load((from += words));
    let f = v128.load((from += words));
    let g = v128.load((from += words));
    let h = v128.load(from + words);
    for (let round = 0; round < 3; round++) {
      const ae = low(a, e);
      const ea = high(a, e);
      const bf = low(b, f);
      const fb = high(b, f);
      const cg = low(c, g);
      const gc = high(c, g);
      const dh = low(d, h);
      const hd = high(d, h);
      a = ae;
      b = ea;
      c = bf;
      d = fb;
      e = cg;
      f = gc;
      g = dh;
      h = hd;
    }
    const at = dst + (i << 3);
    v128.store(at, a);
    v128.store(at, b, 16);
    v128.store(at, c, 32);
    v128.store(at, d, 48);
    v128.store(at, e, 64);
    v128.store(at, f, 80);
    v128.store(at, g, 96);
    v128.store(at, h, 112);
  }
  for (; i < words; i++) {
    for (let j: usize = 0; j < 8; j++) store<u8>(dst + (i << 3) + j, load<u8>(src + j * words + i));
  }
  memory.copy(dst + (words << 3), src + (words << 3), n & 7);
}
