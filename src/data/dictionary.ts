/** Dictionary columns by way of their values: those that some rows have, and the column without its dictionary. */
import type { Allocator } from "../kernel/allocator.ts";
import { distinctCodes } from "../kernel/dictionary.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { Column } from "./column.ts";
import { gatherColumn } from "./gather.ts";

type DictionaryColumn = Column & { readonly kind: "dictionary" };

/**
 * The values that the rows have, each once (as often as the dictionary has it), first seen first; u32[rows] says which of them
 * each row has. All in `memory`, which is reset as a whole.
 */
export function distinctValues(
  kernels: Kernels,
  memory: Allocator,
  { codes, rows, values }: DictionaryColumn,
): { readonly values: Column; readonly local: Ptr } {
  const seen = memory.alloc(values.rows * 4);
  const order = memory.alloc(Math.min(rows, values.rows) * 4);
  const local = memory.alloc(rows * 4);
  const count = distinctCodes(kernels, codes, rows, values.rows, { seen, order, local });
  return { values: gatherColumn(kernels, memory, values, order, count), local };
}
