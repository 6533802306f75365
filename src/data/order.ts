/**
 * Ranks of the kinds of values in the total order, and the parts by which values without an order of their own (regular
 * expressions, URLs, errors, instances of classes) are compared, hashed and keyed. The ranks are also the tags of key bytes.
 */
import { FiresteelError } from "../base/errors.ts";
import { classOf } from "./classes.ts";
import { describe } from "./unshippable.ts";
import { binaryKindOf, errorClassName, errorProperties, kindOf } from "./value-kinds.ts";
import { binaryKinds } from "./value-tags.ts";

export const rank = {
  undefined: 0x02,
  null: 0x03,
  false: 0x04,
  true: 0x05,
  number: 0x10,
  bigint: 0x18,
  string: 0x20,
  date: 0x28,
  binary: 0x30,
  array: 0x38,
  set: 0x40,
  map: 0x48,
  object: 0x50,
  instance: 0x58,
} as const;

export function rankOf(value: unknown): number {
  switch (typeof value) {
    case "undefined":
      return rank.undefined;
    case "boolean":
      return value ? rank.true : rank.false;
    case "number":
      return rank.number;
    case "bigint":
      return rank.bigint;
    case "string":
      return rank.string;
    case "object":
      return value === null ? rank.null : rankOfObject(value);
    default:
      throw notAKey(value as object | symbol);
  }
}

function rankOfObject(value: object): number {
  switch (kindOf(value)) {
    case "object":
      return rank.object;
    case "array":
      return rank.array;
    case "date":
      return rank.date;
    case "map":
      return rank.map;
    case "set":
      return rank.set;
    case "binary":
      return rank.binary;
    default:
      return rank.instance;
  }
}

const bufferRank = binaryKinds.indexOf("Buffer");
const bytesRank = binaryKinds.indexOf("Uint8Array");

/** A Buffer is the Uint8Array of its bytes; otherwise unlike arrays differ. */
export function binaryRank(value: object): number {
  const at = binaryKinds.indexOf(binaryKindOf(value));
  return at === bufferRank ? bytesRank : at;
}

/** What an instance is compared by: the name of its class, then its state. A stack trace is not part of an error's value. */
export function partsOf(value: object): readonly unknown[] {
  const shippable = classOf(value);
  if (shippable !== undefined) return [`class ${shippable.id}`, ...shippable.dehydrate(value)];
  switch (kindOf(value)) {
    case "regExp": {
      const { source, flags, lastIndex } = value as RegExp;
      return ["RegExp", source, flags, lastIndex];
    }
    case "url":
      return ["URL", (value as URL).href];
    case "error":
      return ["Error", errorClassName(value as Error), errorProperties(value as Error, false)];
    default:
      throw notAKey(value);
  }
}

function notAKey(value: object | symbol): FiresteelError {
  return new FiresteelError("user", `${describe(value)} cannot be compared: it is not a value`, {
    hint: "compare or group by plain data instead",
    isPermanent: true,
  });
}
