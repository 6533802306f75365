/** Lambdas with loops, assignments and captured arrays over cached rows: see native-lambdas.ts. */
import type { Context, Rdd } from "firesteel";
import type { Case } from "./native-lambdas.ts";

function mapping<T>(native: boolean | undefined, rows: readonly T[], fn: (row: T) => unknown): Case {
  return { native, rows, run: rdd => (rdd as Rdd<T>).map(fn), plain: all => (all as T[]).map(row => fn(row)) };
}

const points = Array.from({ length: 300 }, (_, i) => [i % 17, (i * 7) % 23, (i * i) % 31]);
const centres = [[1, 2, 3], [10, 11, 12], [16, 20, 30]]; // prettier-ignore
const weights = Float64Array.of(0.5, -1, 2);
const places = [{ at: [1, 2], name: 1 }, { at: [5, 6], name: 2 }]; // prettier-ignore
const numbers = Array.from({ length: 60 }, (_, i) => i - 3);

function nearest(point: readonly number[], all: readonly number[][]): number {
  let best = 0;
  let least = Infinity;
  for (let k = 0; k < all.length; k++) {
    let distance = 0;
    for (let d = 0; d < 3; d++) distance += (point[d]! - all[k]![d]!) ** 2;
    if (distance < least) {
      least = distance;
      best = k;
    }
  }
  return best;
}

function rounds(count: number): number {
  let x = count;
  for (let i = 0; i < count; i++) x = (x * 1.5 + i) % 1000;
  return x;
}

export const cases: Readonly<Record<string, Case>> = {
  "nearest centre": mapping(true, points, p => [nearest(p, centres), p]),
  "nearest of none": mapping(undefined, points, p => nearest(p, [])),
  "weighted sum": mapping(true, points, p => {
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += weights[i]! * p[i]!;
    return sum;
  }),
  "index that may be none": mapping(true, numbers, i => [weights[i] ?? -1, centres[i]?.[1], weights[i / 2]]),
  "records captured": mapping(true, numbers, x => {
    let found = 0;
    for (const { at, name } of places) if (at[0]! <= x && at[1]! >= x) found = name;
    return found;
  }),
  "steps until one": mapping(undefined, numbers, n => {
    let steps = 0;
    while (n > 1) {
      n = n % 2 === 0 ? n / 2 : 3 * n + 1;
      steps++;
    }
    return steps;
  }),
  "returns from within": mapping(true, numbers, n => {
    if (n < 2) return false;
    for (let i = 2; i * i <= n; i++) if (n % i === 0) return false;
    return true;
  }),
  "break and continue": mapping(true, points, p => {
    let sum = 0;
    for (const x of p) {
      if (x % 2 === 0) continue;
      if (x > 20) break;
      sum += x;
    }
    do sum--;
    while (sum > 10);
    return sum;
  }),
  "names that trade places": mapping(true, points, ([a, b]) => {
    while (b !== 0) [a, b] = [b!, a! % b!];
    return a;
  }),
  "text that grows": mapping(true, numbers, n => {
    let text = "";
    for (let i = 0; i < n; i++) text += i % 3 === 0 ? "ab" : "-";
    return text;
  }),
  "of another kind": mapping(false, numbers, n => {
    let x: unknown = n;
    if (n > 3) x = "many";
    return x;
  }),
  "many rounds": mapping(true, [1_500_000, 2, 1_400_000, 1_600_000, 3, 2_500_000], rounds),
  "more rounds than a call may have": mapping(false, [10, 4_500_000, 20], rounds),
  "many rounds, and nothing passes": {
    native: true,
    rows: [1_500_000, 1_500_001, 1_500_002, 1_500_003, 1_500_004, 1_500_005],
    run: rdd => (rdd as Rdd<number>).filter(n => rounds(n) > 2000 || n === 1_500_005),
    plain: all => (all as number[]).filter(n => rounds(n) > 2000 || n === 1_500_005),
  },
};

export async function runCase(ctx: Context, { rows, run, plain }: Case): Promise<readonly [unknown, unknown]> {
  const cached = ctx.parallelize(rows, 1).cache();
  await cached.count();
  return [await run(cached as Rdd<never>).collect(), plain(structuredClone(rows) as never[])];
}

export default { cases, runCase };
