/** The items of arrays, whatever they are while code runs: tuples, lists of the input, pieces of a string, mapped arrays not made. */
import type { I32 } from "../codegen/code.ts";
import { f64, i32, local } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import type { ListContainer } from "../data/schema.ts";
import type { Frame } from "./lowering.ts";
import { toInt32 } from "./lower-bits.ts";
import { pieceAt, piecesEach, piecesLength } from "./lower-pieces.ts";
import {
  constantOf,
  keepNumber,
  not,
  numberConstant,
  undefinedValue,
  type NumberValue,
  ofInt32,
} from "./lower-number.ts";
import { Running } from "./lower-running.ts";
import { describeKind, merge, never } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

export type ItemBody = (item: Value, index: () => NumberValue) => void;

const countRange = { min: 0, max: 2 ** 31 - 1 };
/** What is done for each item of a tuple is written once for each. */
const writtenItemsMax = 64;

/** Arrays that have as many items as those they are mapped from. */
const sameCount = new WeakSet<Value>();

export function mapped(items: Value, each: ValueOf<"mapped">["each"], keepsCount: boolean): Value {
  const made: Value = { kind: "mapped", items, each };
  if (keepsCount) sameCount.add(made);
  return made;
}

/** What kind of array it is, or would be, were it made. */
export function containerOf(target: Value): ListContainer | undefined {
  if (target.kind === "mapped") return containerOf(target.items);
  return target.kind === "list" ? target.container : target.kind === "pieces" ? "array" : undefined;
}

export function itemsCount(target: Value, frame: Frame, at: Place | undefined): NumberValue {
  if (target.kind === "struct") return numberConstant(target.fields.length);
  if (target.kind === "list")
    // a captured array's begins at 0, and its length may be known
    return ofInt32(constantOf(target.from) === 0 ? target.to : i32.sub(target.to, target.from), countRange);
  if (target.kind === "pieces") return piecesLength(target, frame);
  if (target.kind === "mapped" && sameCount.has(target)) return itemsCount(target.items, frame, at);
  const { out } = frame.lowering;
  const count = out.local("i32", "count");
  out.set(count, i32.const(0));
  itemsEach(target, frame, at, () => out.set(count, i32.add(local(count), i32.const(1))));
  return ofInt32(local(count), countRange);
}

/** `list[index]`: undefined where there is none. */
export function listItem(
  target: ValueOf<"list" | "pieces" | "mapped">,
  index: NumberValue,
  frame: Frame,
  at?: Place,
): Value {
  if (target.kind === "pieces") return pieceAt(target, index, frame, at);
  if (target.kind === "mapped") return mappedItem(target, index, frame, at);
  const { lowering } = frame;
  const { out } = lowering;
  const count = constantOf(target.from) === 0 ? constantOf(target.to) : undefined;
  const { integer } = index;
  if (count !== undefined && integer !== undefined && integer.min >= 0 && integer.max < count)
    return target.item(toInt32(index, frame));
  const number = keepNumber(index.code, frame, "index");
  const isUint32 = integer !== undefined && integer.min >= 0 && integer.max < 2 ** 32;
  const isInt32 = isUint32 && integer.max < 2 ** 31;
  const position = out.keep(isInt32 ? toInt32({ ...index, code: number }, frame) : i32.trunc_sat_f64_u(number), "at");
  const isBelow = i32.lt_u(position, constantOf(target.from) === 0 ? target.to : i32.sub(target.to, target.from));
  const isThere = isUint32 ? isBelow : i32.and(isBelow, f64.eq(f64.convert_i32_u(position), number));
  const present = out.keep(isThere, "isThere");
  // the first item of the column can be read whatever the row
  const item = target.item(out.keep(i32.select(plus(target.from, position), i32.const(0), present), "item"));
  if (item.kind === "constant" && item.value === undefined) return item;
  if (item.kind === "optional" && item.absent === undefined)
    return {
      kind: "optional",
      absent: undefined,
      present: out.keep(i32.and(present, item.present), "isPresent"),
      item: item.item,
    };
  if (item.kind !== "constant" && item.kind !== "optional" && item.kind !== "opaque")
    return { kind: "optional", absent: undefined, present, item };
  lowering.giveUp(missing, not(present));
  return item;
}

function plus(a: I32, b: I32): I32 {
  return constantOf(a) === 0 ? b : i32.add(a, b);
}

/** An item of `array.map(f)`, which is the only one that is made. */
function mappedItem(target: ValueOf<"mapped">, index: NumberValue, frame: Frame, at?: Place): Value {
  const { items, each } = target;
  if (!sameCount.has(target)) return countedItem(target, index, frame, at);
  const source =
    items.kind === "list" || items.kind === "pieces" || items.kind === "mapped"
      ? listItem(items, index, frame, at)
      : undefined;
  if (source === undefined) throw new NotNative(`reads an element of ${describeKind(items)} that is mapped`, at);
  const make = (item: Value) => {
    let made: Value | undefined;
    each(
      item,
      value => (made = value),
      () => index,
    );
    return made ?? never("maps to nothing", frame, at);
  };
  if (source.kind !== "optional") throw new NotNative("reads an element of an array of mixed kinds", at);
  return merge(
    source.present,
    () => make(source.item),
    () => undefinedValue,
    frame.lowering,
    at,
  );
}

/** An item of `array.filter(f)`: counted off. */
function countedItem(target: Value, index: NumberValue, frame: Frame, at: Place | undefined): Value {
  const { out } = frame.lowering;
  const number = keepNumber(index.code, frame, "index");
  const present = out.local("i32", "isThere");
  out.set(present, i32.const(0));
  const running = new Running(frame, at);
  let found: Value | undefined;
  out.block("found", done =>
    itemsEach(target, frame, at, (item, position) =>
      out.if(f64.eq(position().code, number), () => {
        if (item.kind === "constant" || item.kind === "optional") throw new NotNative("filters absent values", at);
        found ??= running.begin(item);
        running.set(found, item);
        out.set(present, i32.const(1));
        out.jump(done);
      }),
    ),
  );
  return found === undefined
    ? undefinedValue
    : { kind: "optional", absent: undefined, present: local(present), item: found };
}

const missing = "reads an element that is not there";

/** The index in an i32, when it is whole and below the count: other rows are JavaScript's. */
export function wholeIndex({ code, integer }: NumberValue, count: I32, frame: Frame): I32 {
  const { lowering } = frame;
  const number = keepNumber(code, frame, "index");
  const index = lowering.out.keep(i32.trunc_sat_f64_u(number), "at");
  const known = constantOf(count);
  const isUint32 = integer !== undefined && integer.min >= 0 && integer.max < 2 ** 32;
  if (!isUint32) lowering.giveUp(missing, f64.ne(f64.convert_i32_u(index), number));
  if (!isUint32 || known === undefined || integer.max >= known) lowering.giveUp(missing, i32.ge_u(index, count));
  return index;
}

/** Writes code that runs `body`'s code for each item; `body` may be asked for its code more than once. */
export function itemsEach(target: Value, frame: Frame, at: Place | undefined, body: ItemBody): void {
  const { out } = frame.lowering;
  switch (target.kind) {
    case "struct": {
      if (target.shape.of !== "tuple") break;
      if (target.fields.length > writtenItemsMax) throw new NotNative("goes through a long tuple", at);
      const { length } = target.fields;
      for (let i = 0; i < length; i++) body(target.fields[i]!, () => numberConstant(i));
      return;
    }
    case "list": {
      const index = out.local("i32", "item");
      out.set(index, target.from);
      out.block("itemsDone", done =>
        out.loop("items", again => {
          out.jump(done, i32.ge_u(local(index), target.to));
          body(target.item(local(index)), () => ofInt32(i32.sub(local(index), target.from), countRange));
          out.set(index, i32.add(local(index), i32.const(1)));
          out.jump(again);
        }),
      );
      return;
    }
    case "pieces":
      counted(frame, body, item => piecesEach(target, frame, item));
      return;
    case "mapped":
      counted(frame, body, item =>
        itemsEach(target.items, frame, at, (source, index) => target.each(source, item, index)),
      );
      return;
    default:
  }
  throw new NotNative(`goes through ${describeKind(target)}`, at);
}

/** Items that come without their index. */
function counted(frame: Frame, body: ItemBody, run: (item: (value: Value) => void) => void): void {
  const { out } = frame.lowering;
  const index = out.local("i32", "index");
  out.set(index, i32.const(0));
  run(item => {
    let isUsed = false;
    body(item, () => {
      isUsed = true;
      return ofInt32(local(index), countRange);
    });
    if (isUsed) out.set(index, i32.add(local(index), i32.const(1)));
  });
}
