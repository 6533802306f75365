/** The LZ4 block codec as JavaScript loops, which find the matches that kernels/lz4.ts finds. For the benchmark: no bounds checks. */

const tableBits = 13;

export function compressInJavaScript(src: Uint8Array, dst: Uint8Array): number {
  const n = src.length;
  const view = new DataView(src.buffer, src.byteOffset, n);
  const table = new Uint32Array(1 << tableBits);
  const slot = (at: number) =>
    (Math.imul(view.getUint32(at, true), 0x9e3779b1) + Math.imul(src[at + 4]!, 0x85ebca6b)) >>> (32 - tableBits);
  const lastStart = n - 12;
  let anchor = 0;
  let to = 0;
  let at = 1;
  let misses = 64;
  while (at <= lastStart) {
    const entry = slot(at);
    let from = table[entry]!;
    table[entry] = at;
    if (view.getUint32(from, true) !== view.getUint32(at, true) || at - from > 65535) {
      at += misses++ >> 6;
      continue;
    }
    misses = 64;
    while (at > anchor && from > 0 && src[at - 1] === src[from - 1]) {
      at--;
      from--;
    }
    let length = 4;
    while (at + length < n - 5 && src[at + length] === src[from + length]) length++;
    to = writeSequence(src, anchor, at, dst, to, at - from, length - 4);
    at += length;
    anchor = at;
    if (at <= lastStart) table[slot(at - 2)] = at - 2;
  }
  return writeLiterals(src, anchor, n, dst, to, 0);
}

function writeSequence(
  src: Uint8Array,
  from: number,
  end: number,
  dst: Uint8Array,
  token: number,
  distance: number,
  matchRest: number,
): number {
  let to = writeLiterals(src, from, end, dst, token, Math.min(matchRest, 15));
  dst[to++] = distance & 255;
  dst[to++] = distance >> 8;
  return matchRest >= 15 ? writeLength(dst, to, matchRest - 15) : to;
}

function writeLiterals(
  src: Uint8Array,
  from: number,
  end: number,
  dst: Uint8Array,
  token: number,
  low: number,
): number {
  const literals = end - from;
  dst[token] = (Math.min(literals, 15) << 4) | low;
  let to = literals >= 15 ? writeLength(dst, token + 1, literals - 15) : token + 1;
  for (let at = from; at < end; at++) dst[to++] = src[at]!;
  return to;
}

function writeLength(dst: Uint8Array, at: number, rest: number): number {
  let to = at;
  let left = rest;
  for (; left >= 255; left -= 255) dst[to++] = 255;
  dst[to++] = left;
  return to;
}

export function decompressInJavaScript(src: Uint8Array, dst: Uint8Array): number {
  let at = 0;
  let to = 0;
  while (true) {
    const token = src[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do literals += more = src[at++]!;
      while (more === 255);
    }
    for (; literals > 0; literals--) dst[to++] = src[at++]!;
    if (at === src.length) return to;
    const distance = src[at]! | (src[at + 1]! << 8);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more: number;
      do length += more = src[at++]!;
      while (more === 255);
    }
    for (let from = to - distance; length > 0; length--) dst[to++] = dst[from++]!;
  }
}
