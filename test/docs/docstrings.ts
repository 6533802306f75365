/**
 * Docstrings of public members as data: what comes before the first tag, then `@cost`, `@memory`, `@throws` and `@example`. A tag goes
 * on until the next one; an example is its fenced block. Other tags are refused, so that none is lost.
 */
export interface Docstring {
  readonly summary: string;
  /** "narrow", "shuffle: …" or "job: …". */
  readonly cost: string | undefined;
  readonly memory: string | undefined;
  readonly errors: readonly string[];
  readonly examples: readonly string[];
}

export function parseDocstring(text: string): Docstring {
  const [summary, ...tags] = text.split(/^(?=@)/m);
  const found: Record<"cost" | "memory" | "throws" | "example", string[]> = {
    ...{ cost: [], memory: [], throws: [], example: [] },
  };
  for (const tag of tags) {
    const [, name, rest] = /^@(\w+)\s*(.*)$/s.exec(tag)!;
    if (name === undefined || !Object.hasOwn(found, name)) throw new Error(`unknown tag @${name} in: ${text}`);
    found[name as keyof typeof found].push(name === "example" ? codeOf(rest!) : joined(rest!));
  }
  const { cost, memory, throws, example } = found;
  if (cost.length > 1 || memory.length > 1) throw new Error(`a tag is there twice in: ${text}`);
  return { summary: joined(summary!), cost: cost[0], memory: memory[0], errors: throws, examples: example };
}

/** Paragraphs, each one line. */
function joined(text: string): string {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map(paragraph => paragraph.replace(/\s*\n\s*/g, " "))
    .join("\n\n");
}

function codeOf(text: string): string {
  const code = /```ts\n(.*?)\n```/s.exec(text)?.[1];
  if (code === undefined) throw new Error(`an example needs a fenced block of ts: ${text}`);
  return code;
}
