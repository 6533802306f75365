/** Samples and estimates beside plain-array twins: what is drawn is a function of seed, partition and position, whatever the rows are. */
import type { Estimate } from "firesteel";
import { Random } from "../../../src/base/random.ts";
import type { SuiteTools } from "../suite.ts";
import { conformanceCases, type Input, type Pairs } from "./conformance-cases.ts";

const seed = 11;
/** Time that no job here needs. */
const enough = 600_000;
const exactly = (value: number): Estimate => ({ mean: value, low: value, high: value, confidence: 1, isFinal: true });
const number = (row: unknown) => (typeof row === "number" && Math.abs(row) < 100 ? Math.floor(row) : 1);
const sumOf = (rows: readonly unknown[]) => rows.reduce<number>((sum, row) => sum + number(row), 0);

export default function conformanceDrawn(tools: SuiteTools): void {
  const { ctx, same, sameGroups, sameRows, group, identity } = tools;
  const { over, exact, gives } = conformanceCases(tools);

  // ---- samples
  /** Rows whose number of the partition's stream is in the range. */
  const drawn = <T>(parts: readonly (readonly T[])[], from: (row: T) => number, to: (row: T) => number): T[] =>
    parts.flatMap((part, i) => {
      const random = Random.stream(seed, i);
      return part.filter(row => {
        const at = random.float();
        return from(row) <= at && at < to(row);
      });
    });
  const none = () => 0;
  exact(
    "sample",
    ({ rdd }) => rdd.sample(false, 0.4, seed),
    ({ parts }) => drawn(parts, none, () => 0.4),
  );
  /** The rows at positions that the same sample takes of numbers. */
  const positions = ({ rows, parts }: Input) => ctx.range(0, rows.length, 1, parts.length);
  over("sample of few rows, and with replacement", async input => {
    const { rdd, rows } = input;
    for (const [withReplacement, fraction] of [
      [false, 0.1],
      [true, 0.5],
      [true, 9],
    ] as const) {
      const taken = await positions(input).sample(withReplacement, fraction, seed).collect();
      same(
        await rdd.sample(withReplacement, fraction, seed).collect(),
        taken.map(i => rows[i]),
      );
    }
  });
  over("randomSplit", async ({ rdd, parts, rows }) => {
    const [a, b, c] = rdd.randomSplit([1, 2, 1], seed);
    const at = [0, 0.25, 0.75, Infinity];
    for (const [i, part] of [a, b, c].entries())
      same(
        await part!.collect(),
        drawn(
          parts,
          () => at[i]!,
          () => at[i + 1]!,
        ),
      );
    same(await rdd.randomSplit([1])[0]!.collect(), rows);
  });
  over("takeSample", async input => {
    const { rdd, rows } = input;
    for (const [withReplacement, num] of [
      [false, 5],
      [false, 1000],
      [true, 30],
    ] as const) {
      const taken = await positions(input).takeSample(withReplacement, num, seed);
      tools.expect(taken.length).toBe(rows.length === 0 ? 0 : withReplacement ? num : Math.min(num, rows.length));
      if (!withReplacement) tools.expect(new Set(taken).size).toBe(taken.length);
      same(
        await rdd.takeSample(withReplacement, num, seed),
        taken.map(i => rows[i]),
      );
    }
  });
  /** Of the keys in the order in which they are met: all, none, a half, and so on. */
  const fractionsOf = (pairRows: Pairs) => {
    const keys = group(pairRows).map(([key]) => key);
    const fractions = new Map(keys.map((key, i) => [key, [1, 0, 0.5][i % 3]!]));
    const byIdentity = new Map([...fractions].map(([key, fraction]) => [identity(key), fraction]));
    return { fractions, of: ([key]: [unknown, unknown]) => byIdentity.get(identity(key))! };
  };
  exact(
    "sampleByKey",
    ({ pairs, pairRows }) => pairs.sampleByKey(false, fractionsOf(pairRows).fractions, seed),
    ({ pairRows, pairParts }) => drawn(pairParts, none, fractionsOf(pairRows).of),
  );
  over("sampleByKeyExact", async ({ pairs, pairRows }) => {
    const { fractions, of } = fractionsOf(pairRows);
    const some = await pairs.sampleByKeyExact(false, fractions, seed).collect();
    const wanted = group(pairRows).map(([key, values]) => [key, Math.ceil(values.length * of([key, undefined]))]);
    sameGroups(
      group(some).map(([key, values]) => [key, values.length]),
      wanted.filter(([, count]) => count !== 0),
    );
    // whole keys come whole, and in their order
    const whole = (rows: Pairs) => rows.filter(pair => of(pair) === 1);
    same(whole(some), whole(pairRows));
    const often = await pairs.sampleByKeyExact(true, fractions, seed).collect();
    tools.expect(often.length).toBe(some.length);
  });

  // ---- estimates, with time for all rows
  gives(
    "countApprox",
    ({ rdd }) => rdd.countApprox(enough),
    ({ rows }) => exactly(rows.length),
  );
  gives(
    "sumApprox",
    ({ rdd }) => rdd.map(number).sumApprox(enough),
    ({ rows }) => exactly(sumOf(rows)),
  );
  gives(
    "meanApprox",
    ({ rdd }) => rdd.map(number).meanApprox(enough),
    ({ rows }) => exactly(sumOf(rows) / rows.length),
  );
  over("countByValueApprox", async ({ rdd, rows }) =>
    sameGroups(
      [...(await rdd.countByValueApprox(enough))],
      group(rows.map(row => [row, 0])).map(([row, zeros]) => [row, exactly(zeros.length)]),
    ),
  );
  over("countByKeyApprox", async ({ pairs, pairRows }) =>
    sameGroups(
      [...(await pairs.countByKeyApprox(enough))],
      group(pairRows).map(([key, values]) => [key, exactly(values.length)]),
    ),
  );
  const distinct = (rows: readonly unknown[]) => new Set(rows.map(identity)).size;
  // sketches of a few values are exact
  gives(
    "countApproxDistinct",
    ({ rdd }) => rdd.countApproxDistinct(0.001),
    ({ rows }) => distinct(rows),
  );
  over("countApproxDistinctByKey", async ({ pairs, pairRows }) => {
    const counts = await pairs.countApproxDistinctByKey(0.001).collect();
    // registers are folded by their hashes: of equal keys any may be given
    sameRows(
      counts.map(([key, count]) => [identity(key), count]),
      group(pairRows).map(([key, values]) => [identity(key), distinct(values)]),
    );
  });
}
