/**
 * Turns columns of values into row objects. The loop is compiled for the column names, so that every row is one object
 * literal of one shape: several times faster than setting properties by name.
 */

export type RowMaker = (columns: readonly (readonly unknown[])[], rows: number) => unknown[];

const literalColumnsMax = 256;

export function makeRowMaker(names: readonly string[]): RowMaker {
  if (names.length > literalColumnsMax) return makeWideRows(names);
  const fields = names.map((name, i) => `${propertyName(name)}: c${i}[i]`).join(", ");
  const body = `${names.map((_, i) => `const c${i} = columns[${i}];`).join(" ")}
    const out = new Array(rows);
    for (let i = 0; i < rows; i++) out[i] = { ${fields} };
    return out;`;
  return new Function("columns", "rows", body) as RowMaker;
}

export type ObjectMaker = (values: readonly unknown[]) => unknown;

/** One row from its values, by the same literal. */
export function makeObject(names: readonly string[]): ObjectMaker {
  if (names.length > literalColumnsMax) return values => Object.fromEntries(names.map((name, i) => [name, values[i]]));
  return new Function(
    "v",
    `return { ${names.map((name, i) => `${propertyName(name)}: v[${i}]`).join(", ")} };`,
  ) as ObjectMaker;
}

/** A literal `__proto__:` would set the prototype. */
function propertyName(name: string): string {
  return name === "__proto__" ? `["__proto__"]` : JSON.stringify(name);
}

function makeWideRows(names: readonly string[]): RowMaker {
  return (columns, rows) =>
    Array.from({ length: rows }, (_, row) => Object.fromEntries(names.map((name, i) => [name, columns[i]![row]])));
}
