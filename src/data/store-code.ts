/**
 * Generates the function that stores one value into a tree of builders: checks and stores in one pass, without a loop over
 * the layout. It returns false when the value does not fit the layout; what it then has written past the row is ignored.
 * One source text serves all builders of one layout, so that the runtime's optimised code is shared by all tasks.
 */
import type { Builder } from "./builder.ts";
import { GeneratedCode } from "./generated-code.ts";
import { childTypes, isFixed, pendingRows } from "./builder.ts";
import { typeKey } from "./layout.ts";
import type { ColumnType } from "./schema.ts";
import { placeString, writeAny } from "./store-text.ts";

/** Stores `value` as row `i`, for which there is room; rows come in order. False when it does not fit the layout. */
export type Store = (value: unknown, i: number) => boolean;
/** Bytes in use by the first n rows. */
export type UsedBytes = (n: number) => number;

export interface StoreCode {
  readonly store: Store;
  readonly usedBytes: UsedBytes;
}

const support = {
  placeString,
  writeAny,
  getPrototypeOf: Object.getPrototypeOf,
  isArray: Array.isArray,
  arrayPrototype: Array.prototype,
  objectPrototype: Object.prototype,
  datePrototype: Date.prototype,
  getTime: (date: Date) => date.getTime(),
  Float64Array: Float64Array.prototype,
  Float32Array: Float32Array.prototype,
  Int32Array: Int32Array.prototype,
  Uint8Array: Uint8Array.prototype,
};

type Factory = (h: typeof support, builders: readonly Builder[]) => StoreCode;
const factories = new GeneratedCode<Factory>();

/** Code for "pair" takes rows that are known to be arrays of two, whatever their class. */
export function storeCode(root: Builder, rows: "value" | "pair" = "value"): StoreCode {
  const builders: Builder[] = [];
  collect(root, builders);
  const key = typeKey(root.type);
  return factories.get(rows === "pair" ? `pair ${key}` : key, () => new StoreEmitter().source(root.type, rows))(
    support,
    builders,
  );
}

function collect(builder: Builder, into: Builder[]): void {
  into.push(builder);
  for (const child of builder.children) collect(child, into);
}

/** Items of a typed array that are copied one by one, which takes a third of the time of `set` while they are few. */
const copiedItemsMax = 64;

/** Builders are numbered in preorder, as `collect` lists them: b0 is the root. */
class StoreEmitter {
  private builders = 0;
  private names = 0;

  source(type: ColumnType, rows: "value" | "pair"): string {
    const body = rows === "pair" ? this.storePair(type) : this.store(type, "x", "i");
    this.builders = 0;
    const used = this.used(type, "n");
    const declared = Array.from({ length: this.builders }, (_, k) => `const b${k} = b[${k}];`).join("\n");
    return `${declared}
const { ${Object.keys(support).join(", ")} } = h;
return {
store(x, i) {
${body}
return true;
},
usedBytes(n) {
if (n === 0) return 0;
return ${used};
},
};`;
  }

  private storePair(type: ColumnType): string {
    this.builders++;
    return childTypes(type)
      .map((field, k) => this.storeField(field, `x[${k}]`, "i"))
      .join("\n");
  }

  private fresh(letter: string): string {
    return `${letter}${this.names++}`;
  }

  private store(type: ColumnType, x: string, i: string): string {
    const b = `b${this.builders++}`;
    switch (type.kind) {
      case "constant":
        return `if (${x} !== ${type.value}) return false;`;
      case "f64":
        return `if (typeof ${x} !== "number") return false; ${b}.v[${i}] = ${x};`;
      case "bool":
        return `if (${x} === true) ${b}.v[${i}] = 1; else if (${x} === false) ${b}.v[${i}] = 0; else return false;`;
      case "i64":
        return `if (typeof ${x} !== "bigint") return false; ${b}.v[${i}] = ${x}; if (${b}.v[${i}] !== ${x}) return false;`;
      case "date":
        return `if (typeof ${x} !== "object" || ${x} === null || getPrototypeOf(${x}) !== datePrototype) return false;
${b}.v[${i}] = getTime(${x});`;
      case "f32":
      case "i32":
      case "u8":
        // only as items of typed arrays from the writer; a number that a source's layout does not hold does not fit
        return `if (typeof ${x} !== "number") return false; ${b}.v[${i}] = ${x}; if (!Object.is(${b}.v[${i}], ${x})) return false;`;
      case "utf8":
        return this.storeString(b, x, i);
      case "any":
        return `if (!writeAny(${b}, ${i}, ${x})) return false;`;
      case "struct":
        return this.storeStruct(type, x, i);
      case "list":
        return this.storeList(type, b, x, i);
      case "optional": {
        const present = this.store(type.item, x, i);
        this.builders -= countBuilders(type.item);
        const blank = this.blank(type.item, i);
        return `if (${x} === ${type.absent}) { ${b}.v[${i}] = 0; ${blank} } else { ${b}.v[${i}] = 1; ${present} }`;
      }
      case "dictionary":
      case "spans":
        return "return false;";
    }
  }

  /** The string waits to be encoded (store-text.ts); its end is a guess until then. */
  private storeString(b: string, x: string, i: string): string {
    const p = this.fresh("p");
    const at = `${i} & ${pendingRows - 1}`;
    return `if (typeof ${x} !== "string") return false;
const ${p} = ${b}.o[${i}] + ${x}.length;
if (${p} > ${b}.limit || (${at}) === 0) { if (!placeString(${b}, ${i}, ${x})) return false; }
else { ${b}.s[${at}] = ${x}; ${b}.o[${i} + 1] = ${p}; }`;
  }

  private storeStruct(type: ColumnType & { kind: "struct" }, x: string, i: string): string {
    if (type.shape.of === "tuple") {
      const check = `if (!isArray(${x}) || ${x}.length !== ${type.fields.length} || getPrototypeOf(${x}) !== arrayPrototype) return false;`;
      return [check, ...type.fields.map((field, k) => this.storeField(field, `${x}[${k}]`, i))].join("\n");
    }
    const [k, name, p] = ["k", "name", "p"].map(letter => this.fresh(letter));
    const names = type.shape.names.map(each => JSON.stringify(each));
    const cases = names.map((each, at) => `case ${at}: if (${name} !== ${each}) return false; break;`).join(" ");
    return `if (typeof ${x} !== "object" || ${x} === null) return false;
const ${p} = getPrototypeOf(${x});
if (${p} !== objectPrototype && ${p} !== null) return false;
let ${k} = 0;
for (const ${name} in ${x}) { switch (${k}++) { ${cases} default: return false; } }
if (${k} !== ${names.length}) return false;
${type.fields.map((field, at) => this.storeField(field, `${x}[${names[at]}]`, i)).join("\n")}`;
  }

  private storeField(type: ColumnType, expression: string, i: string): string {
    const field = this.fresh("f");
    return `const ${field} = ${expression};\n${this.store(type, field, i)}`;
  }

  private storeList(type: ColumnType & { kind: "list" }, b: string, x: string, i: string): string {
    const items = `b${this.builders}`;
    const [s, l, j] = ["s", "l", "j"].map(letter => this.fresh(letter));
    const room = `const ${s} = ${b}.o[${i}], ${l} = ${x}.length;
if (${s} + ${l} > ${items}.cap) ${items}.reserveRows(${s} + ${l});`;
    if (type.container !== "array") {
      this.builders++;
      return `if (typeof ${x} !== "object" || ${x} === null || getPrototypeOf(${x}) !== ${type.container}) return false;
${room}
if (${l} > ${copiedItemsMax}) ${items}.v.set(${x}, ${s});
else for (let ${j} = 0; ${j} < ${l}; ${j}++) ${items}.v[${s} + ${j}] = ${x}[${j}];
${b}.o[${i} + 1] = ${s} + ${l};`;
    }
    return `if (!isArray(${x}) || getPrototypeOf(${x}) !== arrayPrototype) return false;
${room}
${this.rewind(type.item, s!)}
for (let ${j} = 0; ${j} < ${l}; ${j}++) {
${this.storeField(type.item, `${x}[${j}]`, `(${s} + ${j})`)}
}
${b}.o[${i} + 1] = ${s} + ${l};`;
  }

  /** Forgets strings of items that a row which was refused has left behind. */
  private rewind(item: ColumnType, start: string, at = this.builders): string {
    const b = `b${at}`;
    switch (item.kind) {
      case "utf8":
        return `if (${start} < ${b}.settled) ${b}.settled = ${start};`;
      case "optional":
        return this.rewind(item.item, start, at + 1);
      case "struct": {
        let next = at + 1;
        return item.fields
          .map(field => {
            const text = this.rewind(field, start, next);
            next += countBuilders(field);
            return text;
          })
          .join(" ");
      }
      default:
        return "";
    }
  }

  /** An absent row's slot: zeros and nothing, so that equal rows make equal bytes. */
  private blank(type: ColumnType, i: string): string {
    const b = `b${this.builders++}`;
    if (type.kind === "i64") return `${b}.v[${i}] = 0n;`;
    if (isFixed(type.kind)) return `${b}.v[${i}] = 0;`;
    switch (type.kind) {
      case "utf8":
        return this.storeString(b, `""`, i);
      case "any":
        return `${b}.o[${i} + 1] = ${b}.o[${i}];`;
      case "list":
        this.builders += countBuilders(type.item);
        return `${b}.o[${i} + 1] = ${b}.o[${i}];`;
      case "struct":
        return type.fields.map(field => this.blank(field, i)).join(" ");
      case "optional":
        return `${b}.v[${i}] = 0; ${this.blank(type.item, i)}`;
      default:
        return "";
    }
  }

  private used(type: ColumnType, n: string): string {
    const b = `b${this.builders++}`;
    switch (type.kind) {
      case "f64":
      case "date":
      case "i64":
        return `8 * ${n}`;
      case "f32":
      case "i32":
        return `4 * ${n}`;
      case "u8":
      case "bool":
        return n;
      case "utf8":
      case "any":
        return `4 * (${n} + 1) + ${b}.o[${n}]`;
      case "struct":
        return type.fields.length === 0 ? "0" : type.fields.map(field => this.used(field, n)).join(" + ");
      case "list":
        return `4 * (${n} + 1) + (${b}.o[${n}] === 0 ? 0 : ${this.used(type.item, `${b}.o[${n}]`)})`;
      case "optional":
        return `${n} + ${this.used(type.item, n)}`;
      default:
        return "0";
    }
  }
}

function countBuilders(type: ColumnType): number {
  switch (type.kind) {
    case "struct":
      return type.fields.reduce((sum, field) => sum + countBuilders(field), 1);
    case "list":
    case "optional":
      return 1 + countBuilders(type.item);
    default:
      return 1;
  }
}
