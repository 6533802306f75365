/**
 * Rewrites a text by insertions and replacements, keeping everything else word for word, and remembers which piece of the
 * result came from where. The same piece of source may be printed more than once: in place, and again in a factory.
 */

/** Line and column count from 0 here, as in source maps. */
export type Segment = readonly [column: number, sourceLine: number, sourceColumn: number] | readonly [column: number];

export interface Edit {
  readonly at: number;
  /** End of what is replaced; `at` for insertions. */
  readonly until: number;
  /** What is printed there; a function prints pieces of source too. */
  readonly text: string | ((output: Output) => void);
  /** Also made in copies, not only in place. */
  readonly inCopies: boolean;
  /** Order at one position: what closes, inner first; what stands alone; what opens, outer first. */
  readonly rank: number;
  /** The piece of source that it belongs to: both ends of a wrap. */
  readonly low: number;
  readonly high: number;
}

const ranks = { close: 0, alone: 1e9, open: 2e9, replace: 3e9 };

export class Edits {
  private readonly edits: Edit[] = [];
  private sorted = true;
  private wraps = 0;

  insert(at: number, text: Edit["text"], inCopies = false): void {
    this.add({ at, until: at, text, inCopies, rank: ranks.alone, low: at, high: at });
  }

  replace(at: number, until: number, text: string, inCopies = false): void {
    this.add({ at, until, text, inCopies, rank: ranks.replace, low: at, high: until });
  }

  wrap(start: number, end: number, before: string, after: string, inCopies = false): void {
    // at one place the later wrap is the inner one
    const order = this.wraps++;
    const size = (end - start) * 64;
    this.add({
      at: start,
      until: start,
      text: before,
      inCopies,
      rank: ranks.open - size + order / 1e6,
      low: start,
      high: end,
    });
    this.add({
      at: end,
      until: end,
      text: after,
      inCopies,
      rank: ranks.close + size - order / 1e6,
      low: start,
      high: end,
    });
  }

  private add(edit: Edit): void {
    this.edits.push(edit);
    this.sorted = false;
  }

  /** The edits that lie in start … end; for a copy only those that copies get. */
  between(start: number, end: number, copy: boolean): Edit[] {
    if (!this.sorted) this.edits.sort((a, b) => a.at - b.at || a.rank - b.rank);
    this.sorted = true;
    const { edits } = this;
    let low = 0;
    for (let high = edits.length; low < high;) {
      const middle = (low + high) >> 1;
      if (edits[middle]!.at < start) low = middle + 1;
      else high = middle;
    }
    const found: Edit[] = [];
    for (let i = low; i < edits.length && edits[i]!.at <= end; i++) {
      const edit = edits[i]!;
      if (edit.low >= start && edit.high <= end && (!copy || edit.inCopies)) found.push(edit);
    }
    return found;
  }
}

/** Offsets of a text as lines and columns, from 0, of the user's own text. */
export interface Positions {
  position(offset: number): [line: number, column: number];
}

/** `12:5`, counted from 1. */
export function showPosition(positions: Positions, offset: number): string {
  const [line, column] = positions.position(offset);
  return `${line + 1}:${column + 1}`;
}

export class Lines implements Positions {
  private readonly starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.starts.push(at + 1);
  }

  position(offset: number): [number, number] {
    let low = 0;
    for (let high = this.starts.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return [low, offset - this.starts[low]!];
  }
}

/** Text that is written from beginning to end, with the source of each piece. */
export class Output {
  private readonly pieces: string[] = [];
  private readonly lines: Segment[][] = [[]];
  private column = 0;

  constructor(
    private readonly source: string,
    private readonly positions: Positions,
  ) {}

  generated(text: string): void {
    if (text === "") return;
    this.segment([this.column]);
    this.advance(text, undefined);
  }

  /** A piece of the source, with the given edits, which are sorted and lie in it. */
  copy(start: number, end: number, edits: readonly Edit[]): void {
    let at = start;
    for (const edit of edits) {
      if (edit.at < at) continue; // inside what another edit has replaced
      this.verbatim(at, edit.at);
      if (typeof edit.text === "string") this.generated(edit.text);
      else edit.text(this);
      at = edit.until;
    }
    this.verbatim(at, end);
  }

  result(): { text: string; lines: readonly (readonly Segment[])[] } {
    return { text: this.pieces.join(""), lines: this.lines };
  }

  private verbatim(start: number, end: number): void {
    if (start >= end) return;
    this.segment([this.column, ...this.positions.position(start)]);
    this.advance(this.source.slice(start, end), start);
  }

  private segment(segment: Segment): void {
    const line = this.lines[this.lines.length - 1]!;
    if (line.length > 0 && line[line.length - 1]![0] === this.column) line.pop();
    line.push(segment);
  }

  private advance(text: string, start: number | undefined): void {
    this.pieces.push(text);
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      from = at + 1;
      this.column = 0;
      this.lines.push([start === undefined ? [0] : [0, ...this.positions.position(start + from)]]);
    }
    this.column += text.length - from;
  }
}
