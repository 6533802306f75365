/**
 * Operators that have expressions, as generated code over the batches of a source: batches come out. Each layout of rows that
 * comes has code of its own. With an ending no batches come out, but what code could not end. Where there is none for an
 * operator, it and those after it run as JavaScript; where an assumption of the code does not hold for a batch, all of them do,
 * from the batch's first row, less the rows already given.
 */
import type { Batch, Column, SpanRows } from "../data/column.ts";
import { typeKey } from "../data/layout.ts";
import { hasSpans, withoutSpans } from "../data/spans.ts";
import type { ColumnType } from "../data/schema.ts";
import { isOfType, typeOf } from "../data/type-of.ts";
import { generatePipeline, type InputType, type PipelineCode, type Step } from "../expr/pipeline.ts";
import { status, word } from "../expr/parameters.ts";
import { shapeKey } from "../expr/shape.ts";
import { MemoryRefused } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import type { Plan } from "../plan/nodes.ts";
import { type Chunk, chunkLength, type ChunkPart, chunkParts, type ChunkSource, chunkToRows } from "./chunk.ts";
import type { Ending } from "./ending.ts";
import { compiledOnce, instantiate, ParameterBlock, type Run } from "./native-code.ts";
import { NativeOutput } from "./native-output.ts";
import type { TaskEnv } from "./task-env.ts";

/** The operators as JavaScript: from one on, pushing what leaves the last. */
export type FeedJavaScript = (chunk: Chunk, firstOperator: number, push: (row: unknown) => void) => void;

type NativeChunk = Exclude<Chunk, { kind: "rows" }>;

interface Compiled {
  readonly code: PipelineCode;
  readonly run: Run;
}

/** Nothing where there is no code for a layout. */
interface Made {
  readonly compiled: Compiled | undefined;
}

/** Whether a task's pipelines have taken up enough rows for code to be generated. */
export function isWorthCode({ taken, nativeRowsMin }: TaskEnv): boolean {
  return taken.rows >= nativeRowsMin;
}

export class NativeSource implements ChunkSource {
  private last: { readonly type: ColumnType; readonly running: Running | undefined } | undefined;
  private readonly layouts = new Map<string, Running | undefined>();
  private running: Running | undefined;
  /** What is left of a chunk that JavaScript does. */
  private parts: Iterator<ChunkPart, void, undefined> | undefined;
  /** What is left of the batch being done. */
  private pending: { readonly chunk: Chunk; readonly rows: number; given: number; from: number } | undefined;
  /** What a function threw behind rows that are given first: whoever reads may have enough of them, or throw earlier. */
  private failure: { readonly thrown: unknown } | undefined;
  /** Which strings may leave as spans. */
  private spans: SpanRows | undefined;
  private copied: Arena | undefined;
  /** Rows so far: a line may be many words. */
  private given = 0;

  constructor(
    private readonly source: ChunkSource,
    private readonly steps: readonly Step[],
    private readonly range: InputType | undefined,
    private readonly toJavaScript: boolean,
    private readonly feed: FeedJavaScript,
    private readonly plan: Plan,
    private readonly env: TaskEnv,
    private readonly ending?: Ending,
  ) {}

  giveSpans(of: SpanRows): void {
    this.spans = of;
  }

  next(): Chunk | undefined | Promise<Chunk | undefined> {
    if (this.failure !== undefined) throw this.failure.thrown;
    for (;;) {
      while (this.pending !== undefined) {
        const out = this.go();
        if (out !== undefined) return out;
      }
      const part = this.nextPart();
      if (part !== undefined) return part;
      const chunk = this.source.next();
      if (chunk instanceof Promise) return chunk.then(given => this.begin(given) ?? (given && this.next()));
      const made = this.begin(chunk);
      if (made !== undefined || chunk === undefined) return made;
    }
  }

  close(): void {
    for (const running of this.layouts.values()) running?.free();
    this.layouts.clear();
    this.last = undefined;
    this.running = undefined;
    this.copied?.close();
    this.source.close();
  }

  /** Takes a chunk up; what comes of it at once, when JavaScript does it. */
  private begin(chunk: Chunk | undefined): Chunk | undefined {
    if (chunk === undefined) return undefined;
    const { env } = this;
    const rows = chunkLength(chunk);
    const sourceRows = chunk.kind === "batch" ? chunk.sourceRows : undefined;
    env.taken.rows += sourceRows ?? rows;
    env.metrics.kernelRows += sourceRows ?? 0;
    this.given += rows;
    if (rows === 0) return undefined;
    env.checkpoint(this.plan);
    this.running = chunk.kind === "rows" ? undefined : this.layoutOf(chunk);
    if (this.running === undefined) return this.beginInJavaScript(chunk);
    this.running.start(chunk as NativeChunk);
    if (this.running.code.ending !== undefined) return this.end(this.running, chunk);
    this.pending = { chunk, rows, given: 0, from: 0 };
    return undefined;
  }

  private beginInJavaScript(chunk: Chunk): Chunk | undefined {
    if (this.steps.length === 0) return this.passed(chunk);
    this.parts = chunkParts(this.env.kernels, chunk);
    return this.nextPart();
  }

  /** What comes of the rows that JavaScript still has to do, some at a time. */
  private nextPart(): Chunk | undefined {
    while (this.parts !== undefined) {
      const part = this.parts.next().value;
      if (part === undefined) this.parts = undefined;
      else {
        this.env.checkpoint(this.plan, part.bytes);
        const made = this.inJavaScript(part.chunk, 0, 0);
        if (made !== undefined) return made;
      }
    }
    return undefined;
  }

  /** Rows that no operator changes, with strings where whoever reads can take them. */
  private passed(chunk: Chunk): Chunk {
    if (chunk.kind !== "batch" || this.spans === "rows" || !hasSpans(chunk.batch.root)) return chunk;
    const { kernels, memory } = this.env;
    const copied = (this.copied ??= new Arena(memory.withOperator(this.plan.operator)));
    copied.reset();
    try {
      return { kind: "batch", batch: { ...chunk.batch, root: withoutSpans(kernels, copied, chunk.batch.root) } };
    } catch (thrown) {
      if (!(thrown instanceof MemoryRefused)) throw thrown;
      return { kind: "rows", rows: chunkToRows(kernels, chunk) };
    }
  }

  /** Adds the rows to the ending; undefined when it could. */
  private end(running: Running, chunk: Chunk): Chunk | undefined {
    const rows = chunkLength(chunk);
    if (!running.end(rows, this.ending!)) return this.beginInJavaScript(chunk);
    this.env.metrics.kernelRows += rows;
    return undefined;
  }

  /** The next rows of the batch being done; undefined when there are none (yet). */
  private go(): Chunk | undefined {
    const pending = this.pending!;
    const running = this.running!;
    const { chunk, rows, from } = pending;
    const { how, row, outRows } = running.go(from, rows);
    if (how === status.full) this.env.checkpoint(this.plan);
    // a call also ends early when its rows take long
    const isTooSmall = how === status.full && outRows === 0 && row === from;
    const batch = how === status.gaveUp || outRows === 0 ? undefined : this.batchOf(running, chunk, from, outRows);
    if (how === status.gaveUp || (isTooSmall && !running.output.grow()) || (outRows > 0 && batch === undefined)) {
      this.pending = undefined;
      // JavaScript does them once more
      this.env.metrics.kernelRows -= from;
      return this.inJavaScript(chunk, 0, pending.given);
    }
    this.env.metrics.kernelRows += row - from;
    pending.from = row;
    if (row >= rows) this.pending = undefined;
    if (batch === undefined) return undefined;
    let out: Chunk | undefined = { kind: "batch", batch };
    if (running.code.steps < this.steps.length) out = this.inJavaScript(out, running.code.steps, 0);
    if (out !== undefined) pending.given += chunkLength(out);
    return out;
  }

  /** What the code made; undefined where there is no memory to gather it. */
  private batchOf(running: Running, chunk: Chunk, from: number, rows: number): Batch | undefined {
    try {
      return running.output.batch(chunk.kind === "batch" ? chunk.batch.root : undefined, from, rows);
    } catch (thrown) {
      if (thrown instanceof MemoryRefused) return undefined;
      throw thrown;
    }
  }

  /** From the operator on, leaving out the first rows that come of it. */
  private inJavaScript(chunk: Chunk, firstOperator: number, leftOut: number): Chunk | undefined {
    const rows: unknown[] = [];
    let left = leftOut;
    this.env.metrics.jsRows += chunkLength(chunk);
    try {
      this.feed(chunk, firstOperator, row => {
        if (left > 0) left--;
        else rows.push(row);
      });
    } catch (thrown) {
      if (rows.length === 0) throw thrown;
      this.failure = { thrown };
    }
    return rows.length === 0 ? undefined : { kind: "rows", rows };
  }

  private layoutOf(chunk: NativeChunk): Running | undefined {
    // of each batch, so it must be quick: most are of the last one's layout
    const { last } = this;
    if (last !== undefined && chunk.kind === "batch" && isOfType(chunk.batch.root, last.type)) return last.running;
    // writing out the expressions takes as long as some thousand rows
    const type = chunk.kind === "range" ? undefined : typeOf(chunk.batch.root);
    const key = type === undefined ? "range" : typeKey(type);
    if (this.layouts.has(key)) return this.remember(type, this.layouts.get(key));
    const made = this.compile(type ?? this.range!);
    if (made === undefined) return undefined;
    const running = made.compiled && this.open(made.compiled);
    this.layouts.set(key, running);
    return this.remember(type, running);
  }

  private remember(type: ColumnType | undefined, running: Running | undefined): Running | undefined {
    this.last = type && { type, running };
    return running;
  }

  private compile(type: InputType): Made | undefined {
    const { kernels } = this.env;
    const key = `${shapeKey(this.steps, type, this.toJavaScript)} ${this.ending?.kind ?? ""} ${this.spans ?? ""}`;
    const isWorthMaking = isWorthCode(this.env) || this.given >= this.env.nativeRowsMin;
    return compiledOnce(kernels, key, isWorthMaking, (): Made => {
      const { code } = generatePipeline(this.steps, type, this.toJavaScript, this.ending?.kind, this.spans);
      const run = code && instantiate(kernels, code.module);
      return { compiled: run && { code, run } };
    });
  }

  private open(compiled: Compiled): Running | undefined {
    try {
      return new Running(compiled, this.steps, this.plan, this.env);
    } catch (thrown) {
      if (thrown instanceof MemoryRefused) return undefined;
      throw thrown;
    }
  }
}

/** One layout's function with its memory. */
class Running {
  readonly code: PipelineCode;
  readonly output: NativeOutput;
  private readonly run: Run;
  private readonly block: ParameterBlock;

  constructor({ code, run }: Compiled, steps: readonly Step[], plan: Plan, { kernels, memory }: TaskEnv) {
    const account = memory.withOperator(plan.operator);
    this.code = code;
    this.run = run;
    const captures = steps.map(step =>
      "lambda" in step && !("reason" in step.lambda) ? step.lambda.captures : "key" in step ? [step.key] : [],
    );
    this.block = new ParameterBlock(kernels, account, code, captures);
    try {
      this.output = new NativeOutput(kernels, account, code, this.block);
    } catch (thrown) {
      this.block.free();
      throw thrown;
    }
  }

  start(chunk: NativeChunk): void {
    if (chunk.kind === "batch") this.block.setInput(0, chunk.batch.root as Column);
    else {
      this.block.setNumber(word.rangeStart, chunk.start);
      this.block.setNumber(word.rangeStep, chunk.step);
    }
  }

  /** As many rows from `from` on as there is room for. */
  go(from: number, rows: number): { readonly how: number; readonly row: number; readonly outRows: number } {
    const { block, output } = this;
    const to = Math.min(rows, from + output.capacity);
    output.begin();
    if (this.code.idle) return { how: status.done, row: to, outRows: to - from };
    block.setWord(word.row, from);
    block.setWord(word.rows, to);
    const how = this.run(block.ptr);
    return { how, row: block.word(word.row), outRows: block.word(word.outRows) };
  }

  /** All rows at once. False when an assumption does not hold: then nothing was added. */
  end(rows: number, ending: Ending): boolean {
    const { block, output } = this;
    output.begin();
    block.setWord(word.row, 0);
    block.setWord(word.rows, rows);
    if (ending.kind === "sum") block.setNumber(word.total, ending.total);
    if (this.run(block.ptr) !== status.done) return false;
    if (ending.kind === "sum") ending.total = block.number(word.total);
    else ending.rows += block.word(word.outRows);
    return true;
  }

  free(): void {
    this.output.free();
    this.block.free();
  }
}
