/**
 * A join of rows with too many build rows of one hash to keep: every probe row looks through the build side on disk. As nearly all
 * of those match, what that costs follows from what it gives. Build rows without a match are then looked for key by key.
 */
import type { Batch, Column } from "../data/column.ts";
import { gather, slice } from "../data/move.ts";
import { sliceColumn } from "../data/slice.ts";
import { Arena } from "../kernel/arena.ts";
import { noGroup } from "../kernel/group-table.ts";
import { nullPtr, offset } from "../kernel/ptr.ts";
import type { Segment } from "../storage/spill-file.ts";
import { HashOrdered } from "./hash-ordered.ts";
import { type JoinForm, valuesOfJoin } from "./join-form.ts";
import { keysOfNumbered, type Matches, numberedPairs } from "./join-table.ts";
import { KeyIndex } from "./key-index.ts";
import { knownRows } from "./known-rows.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import type { SortedRuns } from "./sorted-runs.ts";
import { inHalves, SegmentReader, type SpillScope } from "./spill-scope.ts";
import type { UnmatchedRows } from "./unmatched-rows.ts";

export class HotJoin {
  constructor(
    private readonly scope: SpillScope,
    private readonly form: JoinForm,
    private readonly runs: SortedRuns,
    private readonly unmatched: UnmatchedRows,
    private readonly check: () => void,
  ) {}

  /** Adds a run of `[number, joined row]`. */
  join(build: readonly Segment[], probe: readonly Segment[]): void {
    this.runs.begin();
    const probes = new SegmentReader(this.scope, probe);
    const builds = new SegmentReader(this.scope, build);
    try {
      for (let batch = probes.next(); batch !== undefined; batch = probes.next()) {
        for (let row = 0; row < batch.rows; row++) this.joinRow(slice(batch, row, row + 1), builds);
      }
      if (this.form.keepsBuild) this.addUnmatched(builds, probes);
    } finally {
      probes.free();
      builds.free();
    }
  }

  private joinRow(probe: Batch, builds: SegmentReader): void {
    const { env, work } = this.scope;
    const { keepsProbe, tests } = this.form;
    const key = new KeyIndex(env.kernels, work);
    try {
      key.add(keysOfNumbered(probe));
      let matched = 0;
      builds.rewind();
      for (let build = builds.next(); build !== undefined; build = builds.next()) {
        matched += this.joinBlock(probe, key, build);
        this.check();
      }
      if (tests === undefined ? keepsProbe && matched === 0 : (tests === "matched") === matched > 0)
        this.append(probe, 1, nothing);
    } finally {
      key.free();
    }
  }

  /** Gives how many rows of the block match. */
  private joinBlock(probe: Batch, key: KeyIndex, build: Batch): number {
    const { scratch, env } = this.scope;
    const { kernels } = env;
    const [keys, values] = pairColumns(build)!;
    const mark = scratch.mark();
    try {
      const { ids } = key.lookup(keys);
      const matching = knownRows(kernels, scratch, ids, build.rows, 1);
      if (this.form.tests !== undefined) return matching.known;
      if (matching.known === build.rows)
        this.append(probe, values.rows, (from, rows) => sliceColumn(values, from, from + rows));
      else if (matching.known > 0) {
        const batch = { rows: build.rows, root: values };
        const { known, knownIndexes } = matching;
        this.append(
          probe,
          known,
          (from, rows) => gather(kernels, scratch, batch, offset(knownIndexes, from * 4), rows).root,
        );
      }
      return matching.known;
    } finally {
      scratch.release(mark);
    }
  }

  /** The probe row with some build values. */
  private append(probe: Batch, matches: number, valuesOf: (from: number, rows: number) => Column): void {
    const { scratch, env } = this.scope;
    const { kernels } = env;
    inHalves(matches, (from, rows) => {
      const mark = scratch.mark();
      try {
        const probes = scratch.alloc(rows * 4);
        kernels.u32.fill(0, probes / 4, probes / 4 + rows);
        const pairs: Matches = { rows, probe: probes, build: nullPtr, present: nullPtr };
        this.runs.appendAll(numberedPairs(kernels, scratch, this.form, probe, pairs, valuesOf(from, rows)));
      } finally {
        scratch.release(mark);
      }
    });
  }

  /** Keys of one hash, or nearly so, are few: each that no probe row has is looked for in all build rows. */
  private addUnmatched(builds: SegmentReader, probes: SegmentReader): void {
    const { env, account, work } = this.scope;
    const asked = new KeyIndex(env.kernels, work);
    const index = new KeyIndex(env.kernels, work);
    let order: HashOrdered | undefined;
    try {
      probes.rewind();
      for (let batch = probes.next(); batch !== undefined; batch = probes.next()) asked.add(keysOfNumbered(batch));
      builds.rewind();
      for (let batch = builds.next(); batch !== undefined; batch = builds.next()) index.add(pairColumns(batch)![0]);
      order = new HashOrdered(env.kernels, account, index);
      const one = new Arena(account);
      for (; order.left > 0; order.advance(1)) {
        one.reset();
        const key = order.keys(1, one);
        if (env.kernels.u32[asked.lookup(key).ids / 4] === noGroup) this.addAllOf(key, builds);
      }
      one.close();
    } finally {
      order?.free();
      asked.free();
      index.free();
    }
  }

  /** The build rows of one key, each with that key as it was first seen. */
  private addAllOf(key: Column, builds: SegmentReader): void {
    const { scratch, env, work } = this.scope;
    const { kernels } = env;
    const wanted = new KeyIndex(kernels, work);
    try {
      wanted.add(key);
      builds.rewind();
      for (let build = builds.next(); build !== undefined; build = builds.next()) {
        const [keys, values] = pairColumns(build)!;
        const mark = scratch.mark();
        try {
          const { known, knownIndexes } = knownRows(kernels, scratch, wanted.lookup(keys).ids, build.rows, 1);
          const rows = { rows: build.rows, root: values };
          inHalves(known, (from, count) => {
            const within = scratch.mark();
            try {
              const zeros = scratch.alloc(Math.max(4, count * 4));
              kernels.u32.fill(0, zeros / 4, zeros / 4 + count);
              const taken =
                known === build.rows
                  ? sliceColumn(values, from, from + count)
                  : gather(kernels, scratch, rows, offset(knownIndexes, from * 4), count).root;
              const ofKey = gather(kernels, scratch, { rows: 1, root: key }, zeros, count).root;
              if (count > 0) this.unmatched.add(pairBatch(ofKey, valuesOfJoin(this.form, nothing(0, count), taken)));
            } finally {
              scratch.release(within);
            }
          });
        } finally {
          scratch.release(mark);
        }
        this.check();
      }
    } finally {
      wanted.free();
    }
  }
}

const nothing = (_from: number, rows: number): Column => ({ kind: "constant", rows, value: undefined });
