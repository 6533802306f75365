/** Decompresses one raw LZ4 block (lz4_Block_format.md) whose plain length is known: Parquet's LZ4_RAW. */
export function lz4Uncompress(bytes: Uint8Array, plainBytes: number): Buffer {
  const out = Buffer.alloc(plainBytes);
  let at = 0;
  let to = 0;
  const extended = (length: number) => {
    if (length < 15) return length;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("an lz4 block ends too early");
      length += byte;
      if (byte < 255) return length;
    }
  };
  while (at < bytes.length) {
    const token = bytes[at++]!;
    const literals = extended(token >> 4);
    if (at + literals > bytes.length || to + literals > plainBytes) throw new Error("an lz4 block is damaged");
    out.set(bytes.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at >= bytes.length) break;
    const distance = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
    const length = extended(token & 15) + 4;
    if (distance === 0 || distance > to || to + length > plainBytes) throw new Error("an lz4 block is damaged");
    // byte by byte, for a match may reach into what it writes
    for (let i = 0; i < length; i++, to++) out[to] = out[to - distance]!;
  }
  return to === plainBytes ? out : out.subarray(0, to);
}
