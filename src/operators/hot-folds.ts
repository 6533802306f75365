/**
 * Accumulators, or keys alone, of rows on disk that are all of one hash and for which no table has room, because the key is huge: read
 * row by row, and folded by the JavaScript function, which gives what native code gives. Keys leave in the order in which a table would
 * give them.
 */
import { readColumn } from "../data/batch-reader.ts";
import { decodeValue } from "../data/value-codec.ts";
import type { Chunk } from "./chunk.ts";
import type { Fold } from "./folded-values.ts";
import type { RangeReader } from "./hash-ranges.ts";
import { HotKeys } from "./hot-keys.ts";
import { pairColumns } from "./pair-buffer.ts";
import type { SpillScope } from "./spill-scope.ts";

/** `[key, accumulator]` rows. Blocks of input `accumulators` come first and hold what was folded of a key's first rows. */
export function* hotFolds(
  scope: SpillScope,
  { create, zero, merge }: Fold,
  accumulators: number,
  open: () => RangeReader,
  check: () => void,
): Generator<Chunk, void, undefined> {
  const keys = new HotKeys(scope);
  const folded: unknown[] = [];
  const first = create ?? (zero === undefined ? undefined : (value: unknown) => merge(decodeValue(zero), value));
  readAll(scope, open, check, ({ input, batch }) => {
    const [keyColumn, values] = pairColumns(batch)!;
    const reader = readColumn(scope.env.kernels, values);
    for (const [row, place] of keys.placesOf(keyColumn).entries()) {
      const value = reader.get(row);
      if (place < folded.length) folded[place] = merge(folded[place], value);
      else folded.push(input === accumulators || first === undefined ? value : first(value));
    }
    if (input !== accumulators) scope.env.metrics.jsRows += batch.rows;
  });
  for (const place of keys.inOrder()) yield { kind: "rows", rows: [[keys.value(place), folded[place]]] };
}

/** Each key once. */
export function* hotKeys(
  scope: SpillScope,
  open: () => RangeReader,
  check: () => void,
): Generator<Chunk, void, undefined> {
  const keys = new HotKeys(scope);
  readAll(scope, open, check, ({ batch }) => void keys.placesOf(batch.root));
  for (const place of keys.inOrder()) yield { kind: "rows", rows: [keys.value(place)] };
}

type RangeBlock = NonNullable<ReturnType<RangeReader["next"]>>;

function readAll(
  scope: SpillScope,
  open: () => RangeReader,
  check: () => void,
  take: (block: RangeBlock) => void,
): void {
  scope.working(() => {
    const reader = open();
    try {
      for (let block = reader.next(); block !== undefined; block = reader.next()) {
        take(block);
        check();
      }
    } finally {
      reader.free();
    }
  });
}
