/**
 * The groups of rows on disk that are all of one hash and do not fit in kernel memory, as there is one huge group, or one huge key:
 * each is read into JavaScript arrays, which a group becomes in the end. Keys of one hash are few, and nearly always one: each takes
 * a reading of all rows. Groups and values come in the order in which a table would give them.
 */
import { readColumn } from "../data/batch-reader.ts";
import type { Column } from "../data/column.ts";
import type { Chunk } from "./chunk.ts";
import type { GroupForm } from "./grouped-table.ts";
import type { RangeReader } from "./hash-ranges.ts";
import { HotKeys } from "./hot-keys.ts";
import { groupTooLarge } from "./large-rows.ts";
import { pairColumns } from "./pair-buffer.ts";
import type { SpillScope } from "./spill-scope.ts";

export function* hotGroups(
  scope: SpillScope,
  inputs: number,
  form: GroupForm,
  open: () => RangeReader,
  check: () => void,
): Generator<Chunk, void, undefined> {
  const groups = new HotGroups(scope, inputs, open, check);
  for (const place of scope.working(() => groups.readKeys()))
    yield { kind: "rows", rows: [scope.working(() => [groups.keys.value(place), form.row(groups.listsOf(place))])] };
}

class HotGroups {
  readonly keys: HotKeys;
  /** Of all groups. */
  private rows = 0;

  constructor(
    private readonly scope: SpillScope,
    private readonly inputs: number,
    private readonly open: () => RangeReader,
    private readonly check: () => void,
  ) {
    this.keys = new HotKeys(scope);
  }

  /** Gives them in the order in which they leave. */
  readKeys(): number[] {
    this.read((_input, keys) => {
      this.keys.placesOf(keys);
      this.rows += keys.rows;
    });
    return this.keys.inOrder();
  }

  /** The values of a group, input by input. */
  listsOf(group: number): unknown[][] {
    const { kernels } = this.scope.env;
    const lists = Array.from({ length: this.inputs }, (): unknown[] => []);
    try {
      this.read((input, keys, values) => {
        const places = this.keys.placesOf(keys);
        const reader = readColumn(kernels, values);
        for (const [row, place] of places.entries()) if (place === group) lists[input]!.push(reader.get(row));
      });
    } catch (thrown) {
      const read = lists.reduce((sum, { length }) => sum + length, 0);
      throw groupTooLarge(thrown, this.scope.operator, this.keys.value(group), read, this.rows);
    }
    return lists;
  }

  private read(take: (input: number, keys: Column, values: Column) => void): void {
    const reader = this.open();
    try {
      for (let block = reader.next(); block !== undefined; block = reader.next()) {
        take(block.input, ...pairColumns(block.batch)!);
        this.check();
      }
    } finally {
      reader.free();
    }
  }
}
