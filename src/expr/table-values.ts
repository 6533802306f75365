/** Captured arrays as values of generated code: read where they lie, at known places by their address, at others by their index. */
import type { I32, Statement } from "../codegen/code.ts";
import type { FunctionBuilder } from "../codegen/function-builder.ts";
import { f64, i32 } from "../codegen/operations.ts";
import { knownLength, type Table, type TableItem, widthOf } from "./tables.ts";
import type { Value } from "./value.ts";

/** The table whose numbers are at an address; `length` is a word of the parameters. */
export function tableValue(table: Table, start: I32, length: () => I32, out: FunctionBuilder): Value {
  const known = knownLength(table);
  const to = known === undefined ? length() : i32.const(known);
  return { kind: "list", container: table.container, from: i32.const(0), to, item: itemAt(out, start, 0, table.item) };
}

/** Item by item of one length. The address is in a local. */
function itemAt(out: FunctionBuilder, address: I32, offset: number, item: TableItem): (index: I32) => Value {
  const bytes = widthOf(item) * 8;
  return index => {
    if (index.kind === "constant") return valueAt(out, address, offset + Number(index.value) * bytes, item);
    const shift = Math.log2(bytes);
    const distance = Number.isInteger(shift) ? i32.shl(index, i32.const(shift)) : i32.mul(index, i32.const(bytes));
    return valueAt(out, out.keep(i32.add(address, distance), "item"), offset, item);
  };
}

function valueAt(out: FunctionBuilder, address: I32, offset: number, item: TableItem): Value {
  switch (item.kind) {
    case "number":
      return { kind: "number", code: out.keep(f64.load(address, offset), "number") };
    case "list": {
      const { container, count } = item;
      const each = itemAt(out, address, offset, item.item);
      return { kind: "list", container, from: i32.const(0), to: i32.const(count), item: each };
    }
    case "struct": {
      let at = offset;
      // read where they are used first, as here
      const body: Statement[] = [];
      out.place([{ kind: "sequence", body }]);
      const fields: Value[] = [];
      item.fields.forEach((field, i) => {
        const from = at;
        at += widthOf(field) * 8;
        let made: Value | undefined;
        const get = () => {
          if (made === undefined) body.push(...out.collect(() => (made = valueAt(out, address, from, field))));
          return made;
        };
        Object.defineProperty(fields, i, { get, enumerable: true });
      });
      return { kind: "struct", shape: item.shape, fields };
    }
  }
}
