// Short runs of bytes as two words. Part of the families that hash and compare them; everything here is inlined into its callers.

/** Where a read of 16 bytes may begin at the latest. */
// @ts-ignore: decorator
@inline
export function lastVector(): u64 {
  return (<u64>memory.size() << 16) - 16;
}

/** A run of up to 16 bytes, zeros behind its end. Of longer ones it means nothing. */
// @ts-ignore: decorator
@inline
export function firstShort(start: usize, length: u32): v128 {
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.and(v128.load(start), i8x16.lt_s(places, i8x16.splat(<i8>length)));
}

/** The first 16 bytes of a run, zeros behind its end. Without branches: lengths vary from run to run. */
// @ts-ignore: decorator
@inline
export function firstBytes(start: usize, length: u32): v128 {
  return firstShort(start, min<u32>(length, 16));
}
