/**
 * The arrays that a generated pipeline writes its rows into, and the batch that they are: stored parts as they lie there, parts
 * that are the input's own as slices of it, or gathered by row.
 */
import { assertNever, invariant } from "../base/assert.ts";
import { type Batch, batchRowsMax, type Column } from "../data/column.ts";
import { gather } from "../data/move.ts";
import { sliceColumn } from "../data/slice.ts";
import { withoutSpans } from "../data/spans.ts";
import type { OutputPart } from "../expr/generator.ts";
import type { PipelineCode } from "../expr/pipeline.ts";
import type { OutputLayout, SlotKind } from "../expr/output-values.ts";
import { word } from "../expr/parameters.ts";
import { type Allocator, MemoryRefused } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { fill } from "../kernel/move.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import type { ParameterBlock } from "./native-code.ts";

interface Slot {
  readonly kind: SlotKind;
  /** The values; of texts the offsets, of spans the starts and then the ends. */
  readonly values: Ptr;
  readonly valuesBytes: number;
  text: { readonly ptr: Ptr; readonly bytes: number } | undefined;
}

/** Of a slot's values. */
const rowBytes = { f64: 8, bool: 1, index: 4, spans: 8 } as const;
const rowsMin = 64;
const rowsGrownMax = 1 << 20;
const textBytesFirst = 64 * 1024;
const textBytesMax = 1 << 30;
/** Texts are copied by vectors, which may reach behind their ends. */
const slackBytes = 16;

export class NativeOutput {
  private slots: Slot[] = [];
  private rows = batchRowsMax;
  private textBytes = textBytesFirst;
  private readonly gathered: Arena;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly code: PipelineCode,
    private readonly block: ParameterBlock,
  ) {
    this.gathered = new Arena(allocator);
    this.allocate();
  }

  /** Rows that there is room for. */
  get capacity(): number {
    return this.rows;
  }

  /** Empties the arrays. */
  begin(): void {
    for (const { kind, values } of this.slots) if (kind === "utf8") this.kernels.u32[values / 4] = 0;
    this.block.setWord(word.outRows, 0);
    this.gathered.reset();
  }

  /** Room for more: one row alone did not fit. False, and nothing changed, when it is better made in JavaScript. */
  grow(): boolean {
    const { rows, textBytes, slots } = this;
    const grownRows = this.code.mayGrow && rows < rowsGrownMax;
    if (textBytes * 4 > textBytesMax) return false;
    if (grownRows) this.rows *= 4;
    this.textBytes *= 4;
    this.slots = [];
    try {
      this.allocateSlots();
    } catch (thrown) {
      // what there was goes on
      this.freeSlots();
      [this.rows, this.textBytes, this.slots] = [rows, textBytes, slots];
      if (!(thrown instanceof MemoryRefused)) throw thrown;
      return false;
    }
    this.freeAll(slots);
    this.place();
    return true;
  }

  /** The rows written since `begin`, which began with row `from` of the input. */
  batch(input: Column | undefined, from: number, rows: number): Batch {
    const { output } = this.code;
    invariant(output !== undefined, "rows leave the code");
    return { rows, root: this.column(output, input, from, rows) };
  }

  free(): void {
    this.gathered.close();
    this.freeSlots();
  }

  private column(layout: OutputLayout, input: Column | undefined, from: number, rows: number): Column {
    switch (layout.kind) {
      case "source": {
        let part = input!;
        for (const field of layout.source) {
          invariant(part.kind === "struct", "parts of rows are fields of structs");
          part = part.fields[field]!;
        }
        if (this.code.indexSlot === undefined) {
          const slice = sliceColumn(part, from, from + rows);
          return layout.inPlace ? slice : withoutSpans(this.kernels, this.gathered, slice);
        }
        const indexes = this.slots[this.code.indexSlot]!.values;
        return gather(this.kernels, this.gathered, { rows: part.rows, root: part }, indexes, rows).root;
      }
      case "f64":
      case "date":
      case "bool":
        return { kind: layout.kind, rows, values: this.slots[layout.slot]!.values };
      case "utf8": {
        const slot = this.slots[layout.slot]!;
        return { kind: "utf8", rows, offsets: slot.values, bytes: slot.text!.ptr };
      }
      case "spans": {
        const { values: starts } = this.slots[layout.slot]!;
        return { kind: "spans", rows, starts, ends: this.endsOf(starts), bytes: nullPtr };
      }
      case "constant":
        return { kind: "constant", rows, value: layout.value };
      case "struct": {
        const fields = layout.fields.map(field => this.column(field, input, from, rows));
        return { kind: "struct", rows, shape: layout.shape, fields };
      }
      case "optional": {
        const validity = this.slots[layout.slot]!.values;
        return {
          kind: "optional",
          rows,
          absent: layout.absent,
          validity,
          item: this.column(layout.item, input, from, rows),
        };
      }
      default:
        return assertNever(layout);
    }
  }

  /** All slots, for fewer rows when memory is short. */
  private allocate(): void {
    for (;;) {
      try {
        this.allocateSlots();
        break;
      } catch (thrown) {
        this.freeSlots();
        if (!(thrown instanceof MemoryRefused) || this.rows <= rowsMin) throw thrown;
        this.rows >>>= 2;
        this.textBytes = Math.max(1024, this.textBytes >>> 2);
      }
    }
    this.place();
  }

  private allocateSlots(): void {
    for (const kind of this.code.slots) this.slots.push(this.slot(kind));
  }

  /** Tells the code where the slots are. */
  private place(): void {
    this.block.setWord(word.capacity, this.rows);
    for (const { at, part } of this.code.parts) {
      if (part.kind !== "output") continue;
      this.block.setWord(at, this.partOf(this.slots[part.slot]!, part.part));
    }
    for (const [slot, value] of this.code.fills) fill(this.kernels, 8, this.slots[slot]!.values, this.rows, value);
  }

  private partOf({ values, text }: Slot, part: OutputPart): number {
    switch (part) {
      case "bytes":
        return text!.ptr;
      case "bytesEnd":
        return text!.bytes - slackBytes;
      case "ends":
        return this.endsOf(values);
      default:
        return values;
    }
  }

  /** Of spans, whose starts are here. */
  private endsOf(starts: Ptr): Ptr {
    return offset(starts, this.rows * 4);
  }

  private slot(kind: SlotKind): Slot {
    const valuesBytes = kind === "utf8" ? (this.rows + 1) * 4 : this.rows * rowBytes[kind];
    const slot: Slot = { kind, values: this.allocator.alloc(valuesBytes), valuesBytes, text: undefined };
    if (kind !== "utf8") return slot;
    const bytes = this.textBytes + slackBytes;
    try {
      slot.text = { ptr: this.allocator.alloc(bytes), bytes };
    } catch (thrown) {
      this.allocator.free(slot.values, valuesBytes);
      throw thrown;
    }
    return slot;
  }

  private freeSlots(): void {
    this.freeAll(this.slots);
    this.slots = [];
  }

  private freeAll(slots: readonly Slot[]): void {
    for (const { values, valuesBytes, text } of slots) {
      this.allocator.free(values, valuesBytes);
      if (text !== undefined) this.allocator.free(text.ptr, text.bytes);
    }
  }
}
