/** Plain text tables: columns as wide as their widest cell, numbers to the right. */

export interface TableColumn {
  readonly title: string;
  readonly align: "left" | "right";
  /** A longer cell is cut with "…". */
  readonly widthMax?: number;
}

/** One line per row under a line of titles; two spaces between columns, none at the end of a line. */
export function formatTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map(column => column.title), ...rows].map(row =>
    columns.map((column, i) => cut(row[i] ?? "", column.widthMax ?? Infinity)),
  );
  const widths = columns.map((_, i) => Math.max(...cells.map(row => row[i]!.length)));
  return cells.map(row => {
    const padded = row.map((cell, i) =>
      columns[i]!.align === "right" ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!),
    );
    return padded.join("  ").trimEnd();
  });
}

export function cut(text: string, widthMax: number): string {
  return text.length <= widthMax ? text : text.slice(0, Math.max(0, widthMax - 1)) + "…";
}
