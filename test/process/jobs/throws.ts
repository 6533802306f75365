interface Row {
  readonly depth: number;
}

function descend(row: Row): number {
  if (row.depth === 0) throw new RangeError("too deep");
  return descend({ depth: row.depth - 1 }) + 1;
}

export default async function main(): Promise<void> {
  descend({ depth: 1 });
}
