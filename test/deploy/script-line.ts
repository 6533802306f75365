/** One line of a golden script: a verb, words, `name=value` options, and at most one text in quotes. */
export class Line {
  readonly verb: string;
  readonly words: readonly string[];
  readonly quoted: string | undefined;

  constructor(readonly text: string) {
    this.quoted = /"([^"]*)"/.exec(text)?.[1];
    const [verb = "", ...words] = text
      .replace(/"[^"]*"/, "")
      .trim()
      .split(/\s+/);
    this.verb = verb;
    this.words = words;
  }

  word(index: number): string {
    const word = this.words[index];
    if (word === undefined) throw new Error(`${this.text}: a word is missing`);
    return word;
  }

  has(word: string): boolean {
    return this.words.includes(word);
  }

  option(name: string): string | undefined {
    return this.words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  number(name: string): number | undefined {
    const text = this.option(name);
    return text === undefined ? undefined : Number(text);
  }

  list(name: string): readonly string[] {
    return this.option(name)?.split(",") ?? [];
  }
}

/** Lines at the margin are commands; indented ones are replaced by what each command answers. */
export function replayLines(script: string, command: (line: string) => readonly string[]): string {
  const lines: string[] = [];
  for (const line of script.split("\n")) {
    if (line.startsWith("  ")) continue;
    lines.push(line);
    if (line === "" || line.startsWith("#")) continue;
    lines.push(...command(line).map(answer => `  ${answer}`));
  }
  return lines.join("\n");
}
