// Short runs of bytes as two words. Part of the families that hash and compare them; everything here is inlined into its callers.

/** Where a read of 16 bytes may begin at the latest. */
// @ts-ignore: decorator
@inline
export function lastVector(): u64 {
  return (<u64>memory.size() << 16) - 16;
}

/** The first 16 bytes of a run, zeros behind its end. Without branches: lengths vary from run to run. */
// @ts-ignore: decorator
@inline
export function firstBytes(start: usize, length: u32): v128 {
  const ends = i8x16.splat(<i8>min<u32>(length, 16));
  const within = i8x16.lt_s(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), ends);
  return v128.and(v128.load(start), within);
}
