/** Pieces of Markdown: anchors as hosts make them, tables, and links from names in code spans to where they are described. */

/** The anchor of a heading on GitHub and its kin. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** `` `name` `` as a link, for names that `targets` knows; `from` is the file that the text is in. */
export function linked(text: string, targets: ReadonlyMap<string, string>, from: string): string {
  return text.replace(/(?<!\[)`(\w+)`/g, (span, name: string) => {
    const target = targets.get(name);
    return target === undefined ? span : `[${span}](${target.replace(`${from}#`, "#")})`;
  });
}
