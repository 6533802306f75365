/**
 * Generates the functions that make rows of a layout from its columns: an expression for one row, and a loop around it.
 * `c` holds a source for each column in preorder (batch-reader.ts).
 */
import { GeneratedCode } from "./generated-code.ts";
import { typeKey } from "./layout.ts";
import type { ColumnType } from "./schema.ts";

export interface LoadCode {
  get(row: number): unknown;
  toArray(from: number, to: number): unknown[];
}

type Factory = (sources: readonly unknown[]) => LoadCode;
const factories = new GeneratedCode<Factory>(["c"]);

export function loadCode(type: ColumnType, sources: readonly unknown[]): LoadCode {
  return factories.get(typeKey(type), () => new LoadEmitter().source(type))(sources);
}

/** Items of a typed array that are copied one by one. */
const copiedItemsMax = 64;

class LoadEmitter {
  private columns = 0;
  /** Columns of strings that are not items of lists. */
  private readonly texts: number[] = [];
  private inLoop = false;
  private readonly functions: string[] = [];

  source(type: ColumnType): string {
    const row = this.load(type, "i");
    const columns = Array.from({ length: this.columns }, (_, k) => k);
    const functions = this.functions.join("\n");
    const rowInLoop = this.loadInLoop(type);
    return `${columns.map(k => `const c${k} = c[${k}];`).join("\n")}
${functions}
return {
get(i) { return ${row}; },
toArray(from, to) {
${this.texts.map(k => `const t${k} = c${k}.prepare(), p${k} = c${k}.positions;`).join("\n")}
const rows = to - from <= 16384 ? new Array(to - from) : [];
for (let i = from; i < to; i++) rows[i - from] = ${rowInLoop};
return rows;
},
};`;
  }

  /** The same row, with the texts of its strings in locals: half the time of asking the source for each. */
  private loadInLoop(type: ColumnType): string {
    this.columns = 0;
    this.functions.length = 0;
    this.inLoop = true;
    return this.load(type, "i");
  }

  private load(type: ColumnType, i: string): string {
    const c = `c${this.columns++}`;
    switch (type.kind) {
      case "constant":
        return String(type.value);
      case "bool":
        return `${c}[${i}] !== 0`;
      case "date":
        return `new Date(${c}[${i}])`;
      case "utf8":
        if (this.inLoop && i === "i") {
          const k = c.slice(1);
          return `(t${k} === undefined ? ${c}.load(i) : t${k}.slice(p${k}[i], p${k}[i + 1]))`;
        }
        if (i === "i") this.texts.push(this.columns - 1);
        return `(${c}.text === undefined ? ${c}.load(${i}) : ${c}.text.slice(${c}.positions[${i}], ${c}.positions[${i} + 1]))`;
      case "any":
      case "spans":
        return `${c}.load(${i})`;
      case "dictionary":
        return `${c}.get(${i})`;
      case "struct": {
        const fields = type.fields.map(field => this.load(field, i));
        if (type.shape.of === "tuple") return `[${fields.join(", ")}]`;
        const { names } = type.shape;
        return `({ ${fields.map((field, k) => `${propertyKey(names[k]!)}: ${field}`).join(", ")} })`;
      }
      case "optional":
        return `(${c}[${i}] === 0 ? ${type.absent} : ${this.load(type.item, i)})`;
      case "list":
        return this.loadList(type, c, i);
      default:
        return `${c}[${i}]`;
    }
  }

  private loadList(type: ColumnType & { kind: "list" }, c: string, i: string): string {
    const name = `list${this.columns}`;
    if (type.container !== "array") {
      const items = `c${this.columns++}`;
      // short ones are copied three times faster by hand
      this.functions.push(`function ${name}(from, to) {
const n = to - from;
if (n > ${copiedItemsMax}) return new ${type.container}(${items}.subarray(from, to));
const list = new ${type.container}(n);
for (let j = 0; j < n; j++) list[j] = ${items}[from + j];
return list; }`);
      return `${name}(${c}[${i}], ${c}[${i} + 1])`;
    }
    const item = this.load(type.item, "j");
    this.functions.push(
      `function ${name}(from, to) { const list = []; for (let j = from; j < to; j++) list.push(${item}); return list; }`,
    );
    return `${name}(${c}[${i}], ${c}[${i} + 1])`;
  }
}

/** A plain `__proto__:` in a literal would set the prototype. */
function propertyKey(name: string): string {
  return name === "__proto__" ? `["__proto__"]` : JSON.stringify(name);
}
