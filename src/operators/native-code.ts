/**
 * Generated functions of this thread, ready to run: compiled once for each shape and kept, the least recently used let go. Also
 * fills what a function reads besides its rows: literals and captured values.
 */
import { encodeModule } from "../codegen/encode.ts";
import { FunctionTooLong } from "../codegen/encode-function.ts";
import type { ModuleCode } from "../codegen/code.ts";
import type { Column } from "../data/column.ts";
import { functionName, type ColumnPart, type ColumnPath, type PlacedPart } from "../expr/generator.ts";
import { hostFunctions } from "../expr/host-functions.ts";
import { word } from "../expr/parameters.ts";
import type { Captured } from "../expr/ir.ts";
import { type Table, widthOf } from "../expr/tables.ts";
import { invariant } from "../base/assert.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";

export type Run = (block: Ptr) => number;

const compiledMax = 256;
const caches = new WeakMap<Kernels, Map<string, unknown>>();

/**
 * What `make` makes for a key, once a thread. Undefined while it is not worth making: for a few rows JavaScript is done sooner
 * than a compiler that runs for the first time.
 */
export function compiledOnce<T>(kernels: Kernels, key: string, isWorthMaking: boolean, make: () => T): T | undefined {
  let cache = caches.get(kernels);
  if (cache === undefined) caches.set(kernels, (cache = new Map()));
  const isKnown = cache.has(key);
  if (!isKnown && !isWorthMaking) return undefined;
  const made = isKnown ? (cache.get(key) as T) : make();
  cache.delete(key);
  cache.set(key, made);
  if (cache.size > compiledMax) cache.delete(cache.keys().next().value!);
  return made;
}

/** Undefined when there is too much of it. */
export function instantiate(kernels: Kernels, code: ModuleCode): Run | undefined {
  const bytes = encodeUnlessTooLong(code);
  if (bytes === undefined) return undefined;
  const module = new WebAssembly.Module(bytes);
  const instance = new WebAssembly.Instance(module, {
    env: { memory: kernels.memory },
    kernels: { ...kernels.run },
    host: hostFunctions,
  });
  return instance.exports[functionName] as Run;
}

function encodeUnlessTooLong(code: ModuleCode): Uint8Array<ArrayBuffer> | undefined {
  try {
    return encodeModule(code);
  } catch (thrown) {
    if (thrown instanceof FunctionTooLong) return undefined;
    throw thrown;
  }
}

export interface BlockNeeds {
  readonly parts: readonly PlacedPart[];
  readonly blockBytes: number;
  readonly usesScratch: boolean;
  readonly literals: readonly string[];
}

const scratchBytes = 64 * 1024;

/** A function's parameter block, with all that stays the same from call to call. */
export class ParameterBlock {
  readonly ptr: Ptr;
  private readonly bytes: number;
  private readonly scratch: Ptr;

  /** `captures`: of each lambda, by the number that the code knows it by. */
  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly needs: BlockNeeds,
    captures: readonly (readonly Captured[])[],
  ) {
    const texts = [...needs.literals];
    const captured = needs.parts.flatMap(({ at, part }) => (part.kind === "capture" ? [{ at, part }] : []));
    for (const { part } of captured)
      if (part.form === "text") texts.push(captures[part.lambda]![part.capture] as string);
    const encoded = texts.map(text => new TextEncoder().encode(text));
    const textBytes = encoded.reduce((sum, each) => sum + each.length, 0);
    const tables = new Set<Table>();
    for (const { part } of captured)
      if (part.form === "table") tables.add(captures[part.lambda]![part.capture] as Table);
    const blockBytes = Math.ceil(needs.blockBytes / 16) * 16;
    this.bytes = blockBytes + [...tables].reduce((sum, each) => sum + tableBytes(each), 0) + textBytes + 16;
    this.ptr = allocator.alloc(this.bytes);
    try {
      this.scratch = needs.usesScratch ? allocator.alloc(scratchBytes) : nullPtr;
    } catch (thrown) {
      allocator.free(this.ptr, this.bytes);
      throw thrown;
    }
    let at = offset(this.ptr, blockBytes);
    const tablesAt = new Map<unknown, Ptr>();
    for (const table of tables) {
      kernels.f64.set(table.numbers, at / 8);
      tablesAt.set(table, at);
      at = offset(at, tableBytes(table));
    }
    this.setWord(word.literals, at);
    const places: Ptr[] = [];
    for (const each of encoded) {
      kernels.u8.set(each, at);
      places.push(at);
      at = offset(at, each.length);
    }
    this.setWord(word.scratch, this.scratch);
    this.setWord(word.scratchEnd, this.scratch === nullPtr ? 0 : this.scratch + scratchBytes);
    this.setWord(word.lastVector, kernels.memory.buffer.byteLength - 16);
    let text = needs.literals.length;
    for (const { at: where, part } of captured) {
      const value = captures[part.lambda]![part.capture];
      if (part.form === "number") this.setNumber(where, value as number);
      else if (part.form === "boolean") this.setWord(where, value === true ? 1 : 0);
      else if (part.form === "text") this.setWord(where, places[text++]!);
      else if (part.form === "table") this.setWord(where, tablesAt.get(value)!);
      else if (part.form === "tableLength") this.setWord(where, (value as Table).length);
      else this.setWord(where, new TextEncoder().encode(value as string).length);
    }
  }

  word(at: number): number {
    return this.kernels.u32[(this.ptr + at) / 4]!;
  }

  setWord(at: number, value: number): void {
    this.kernels.u32[(this.ptr + at) / 4] = value;
  }

  number(at: number): number {
    return this.kernels.f64[(this.ptr + at) / 8]!;
  }

  setNumber(at: number, value: number): void {
    this.kernels.f64[(this.ptr + at) / 8] = value;
  }

  /** Where the columns of an input are now. */
  setInput(input: number, root: Column): void {
    for (const { at, part } of this.needs.parts) {
      if (part.kind === "column" && part.input === input)
        this.setWord(at, partOf(columnAt(root, part.path), part.part));
    }
  }

  free(): void {
    this.allocator.free(this.ptr, this.bytes);
    if (this.scratch !== nullPtr) this.allocator.free(this.scratch, scratchBytes);
  }
}

/** One item more than there are may be read, where an index is wrong. */
function tableBytes({ numbers, item }: Table): number {
  return (numbers.length + widthOf(item)) * 8;
}

export function columnAt(root: Column, path: ColumnPath): Column {
  let column = root;
  for (const step of path) {
    if (typeof step === "number" && column.kind === "struct") column = column.fields[step]!;
    else if (step === "item" && column.kind === "optional") column = column.item;
    else if (step === "item" && column.kind === "list") column = column.items;
    else if (step === "values" && column.kind === "dictionary") column = column.values;
    else invariant(false, `a ${column.kind} column has no ${step}`);
  }
  return column;
}

function partOf(column: Column, part: ColumnPart): Ptr {
  const found = (column as Partial<Record<ColumnPart, unknown>>)[part];
  invariant(typeof found === "number", `a ${column.kind} column has no ${part}`);
  return found as Ptr;
}
