// Dictionary columns: which of a dictionary's values some rows have, so that work on keys is done once a value.

/**
 * The different codes among n, in the order in which they are first met, appended at `order`, which has `count` from before;
 * local[i] is the place of row i's code in that order. `seen` has the place of every code there may be, all ones where there is
 * none yet. Returns how many there are now.
 */
export function distinctCodes(codes: usize, n: u32, seen: usize, order: usize, local: usize, count: u32): u32 {
  for (let i: usize = 0; i < <usize>n; i++) {
    const code = load<u32>(codes + (i << 2));
    const slot = seen + (<usize>code << 2);
    let place = load<u32>(slot);
    if (place == 0xffffffff) {
      place = count;
      store<u32>(slot, count);
      store<u32>(order + (<usize>count << 2), code);
      count++;
    }
    store<u32>(local + (i << 2), place);
  }
  return count;
}
