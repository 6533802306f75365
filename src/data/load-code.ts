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

class LoadEmitter {
  private columns = 0;
  private readonly functions: string[] = [];

  source(type: ColumnType): string {
    const row = this.load(type, "i");
    const declared = Array.from({ length: this.columns }, (_, k) => `const c${k} = c[${k}];`).join("\n");
    return `${declared}
${this.functions.join("\n")}
return {
get(i) { return ${row}; },
toArray(from, to) {
const rows = [];
for (let i = from; i < to; i++) rows.push(${row});
return rows;
},
};`;
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
        return `(${c}.text === undefined ? ${c}.load(${i}) : ${c}.text.slice(${c}.positions[${i}], ${c}.positions[${i} + 1]))`;
      case "any":
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
    if (type.container !== "array") {
      const items = `c${this.columns++}`;
      return `new ${type.container}(${items}.subarray(${c}[${i}], ${c}[${i} + 1]))`;
    }
    const name = `list${this.columns}`;
    const item = this.load(type.item, "j");
    this.functions.push(`function ${name}(from, to) { const list = []; for (let j = from; j < to; j++) list.push(${item}); return list; }`);
    return `${name}(${c}[${i}], ${c}[${i} + 1])`;
  }
}

/** A plain `__proto__:` in a literal would set the prototype. */
function propertyKey(name: string): string {
  return name === "__proto__" ? `["__proto__"]` : JSON.stringify(name);
}
