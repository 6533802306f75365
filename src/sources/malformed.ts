/**
 * What happens to records that cannot be read: mode "fail" ends the job with their place; "drop" leaves them out and counts;
 * "permissive" keeps what can be read of them, which is the reader's to do.
 */
import { FiresteelError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import type { ByteSplit, SourceEnv } from "./contracts.ts";
import type { MalformedMode } from "./options.ts";
import { isReadableAgain, placeBehind, placeInFile, type TextPlace } from "./text-place.ts";
import type { RecordRun } from "./record-reader.ts";

const modes: readonly MalformedMode[] = ["fail", "drop", "permissive"];

export function checkMode(mode: MalformedMode | undefined): MalformedMode {
  if (mode === undefined) return "fail";
  if (modes.includes(mode)) return mode;
  const meant = typeof mode === "string" ? (sparkModes[mode.toUpperCase()] ?? nearest(mode, modes)) : undefined;
  throw new FiresteelError("user", `unknown mode ${JSON.stringify(mode)}`, {
    hint: meant === undefined ? `modes are ${modes.map(each => `"${each}"`).join(", ")}` : `did you mean "${meant}"?`,
  });
}

const sparkModes: Readonly<Record<string, MalformedMode>> = {
  FAILFAST: "fail",
  DROPMALFORMED: "drop",
  PERMISSIVE: "permissive",
};

/** The name of the column of malformed records' texts, where one is asked for. */
export function checkCorruptRecord(
  name: unknown,
  mode: MalformedMode,
  columns: readonly { readonly name: string }[],
): void {
  if (name === undefined) return;
  if (typeof name !== "string" || name === "") {
    throw new FiresteelError("user", `corruptRecord is the name of a column, but got ${JSON.stringify(name)}`);
  }
  if (mode !== "permissive") {
    throw new FiresteelError("user", `corruptRecord is for mode "permissive"; with "${mode}" no such record is a row`, {
      hint: 'add mode: "permissive", or leave corruptRecord out',
    });
  }
  if (columns.some(column => column.name === name))
    throw new FiresteelError("user", `the column ${JSON.stringify(name)} for malformed records is there already`);
}

export class MalformedRecords {
  /** Where the run at hand begins; counted on where the file cannot be read again to find a place. */
  private runStart: TextPlace = { line: 1, column: 1 };
  private run: { readonly bytes: Buffer; readonly offset: number } | undefined;
  private readonly counts: boolean;

  constructor(
    private readonly split: ByteSplit,
    private readonly noun: "CSV" | "JSON",
    private readonly mode: MalformedMode,
    private readonly env: Pick<SourceEnv, "metrics">,
  ) {
    this.counts = mode === "fail" && split.start === 0 && !isReadableAgain(split);
  }

  get dropping(): boolean {
    return this.mode === "drop";
  }

  get permissive(): boolean {
    return this.mode === "permissive";
  }

  /** The records that come are of this run. */
  begin(buffer: Buffer, run: RecordRun): void {
    if (!this.counts) return;
    if (this.run !== undefined) this.runStart = placeBehind(this.run.bytes, this.runStart);
    this.run = { bytes: Buffer.from(buffer.subarray(run.from, run.to)), offset: run.offset };
  }

  /** `locate` is asked only when the record's place is told. */
  report(locate: () => { readonly offset: number; readonly problem: string; readonly hint?: string }): void {
    if (this.mode === "permissive") return;
    if (this.mode === "drop") {
      this.env.metrics.add("rowsDropped", 1);
      return;
    }
    const { offset, problem, hint } = locate();
    const place = this.placeOf(offset);
    const where =
      place === undefined ? `byte ${offset}` : `line ${place.line}, column ${place.column} (byte ${offset})`;
    throw new FiresteelError("data", `malformed ${this.noun} in ${this.split.path} at ${where}: ${problem}`, {
      hint: hint ?? `use mode: "drop" to leave such records out, or "permissive" to keep what can be read of them`,
      isPermanent: true,
    });
  }

  private placeOf(offset: number): TextPlace | undefined {
    if (!this.counts || this.run === undefined) return placeInFile(this.split, offset);
    return placeBehind(this.run.bytes.subarray(0, offset - this.run.offset), this.runStart);
  }
}
