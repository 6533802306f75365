/**
 * Random jobs as the text of a module: sources of all kinds, chains of operators with random lambdas, breakers, actions. Rows come
 * from outside, so that a job's text is what a user could have written.
 */
import { Random } from "../../src/base/random.ts";
import { type LambdaOptions, randomLambda } from "../expr/random-lambdas.ts";
import {
  booleanType,
  numberType,
  pick,
  randomRows,
  randomRowType,
  type RowType,
  stringType,
} from "../expr/random-rows.ts";

export interface RandomJobs {
  /** Its default export: an array of functions from a context, rows and the paths of files to what the action gives. */
  readonly text: string;
  /** Of each job; empty where it reads none. */
  readonly rows: readonly (readonly unknown[])[];
  readonly files: Files;
}

/** Texts of the files that jobs read. */
export interface Files {
  readonly lines: string;
  readonly csv: string;
}

const csvType: RowType = { kind: "record", fields: { n: numberType, s: stringType, x: numberType } };

export function randomJobs(seed: number, count: number): RandomJobs {
  const random = new Random(seed);
  const jobs = Array.from({ length: count }, () => new JobWriter(random).write());
  const texts = jobs.map(({ text }) => `  async (ctx, rows, files) => ${text},`);
  return {
    text: ["export default [", ...texts, "];", ""].join("\n"),
    rows: jobs.map(({ rows }) => rows),
    files: { lines: lines(random), csv: csv(random) },
  };
}

function lines(random: Random): string {
  const texts = randomRows(random, stringType, 300) as string[];
  return texts.map(each => each.toWellFormed().replace(/[\r\n]/g, " ")).join("\n");
}

function csv(random: Random): string {
  const cells = Array.from(
    { length: 200 },
    (_, i) => `${random.below(1000) - 300},s${random.below(40)} ${i},${random.below(100) / 8}`,
  );
  return ["n,s,x", ...cells].join("\n");
}

const pairOf = (key: RowType, value: RowType): RowType => ({ kind: "tuple", items: [key, value] });

class JobWriter {
  private readonly lambdas: LambdaOptions;
  private readonly steps: string[] = [];
  private rows: readonly unknown[] = [];
  private type: RowType = numberType;

  constructor(private readonly random: Random) {
    this.lambdas = { wildEvery: pick(random, [0, 0, 0, 30, 12]), depth: 1 + random.below(4) };
  }

  write(): { readonly text: string; readonly rows: readonly unknown[] } {
    this.source();
    for (let breakers = this.random.below(3); breakers >= 0; breakers--) {
      for (let narrow = this.random.below(5); narrow > 0; narrow--) this.narrow();
      if (breakers > 0) this.breaker();
    }
    this.action();
    return { text: this.steps.join("\n    "), rows: this.rows };
  }

  private chance(one: number): boolean {
    return this.random.below(one) === 0;
  }

  private source(): void {
    const { random, steps } = this;
    switch (random.below(9)) {
      case 0:
        steps.push(`ctx.range(${random.below(100) - 50}, ${random.below(2000)}, ${pick(random, [1, 3, 0.5])}, 2)`);
        return;
      case 1:
        this.type = stringType;
        steps.push("ctx.textFile(files.lines, 2)");
        return;
      case 2:
        this.type = csvType;
        steps.push("ctx.csvFile(files.csv, { header: true, inferSchema: true })");
        return;
      default: {
        this.type = this.chance(2) ? pairOf(this.key(), randomRowType(random, 1)) : randomRowType(random);
        const count = pick(random, [3, 40, 300, 5000]);
        this.rows = randomRows(random, this.type, count, pick(random, [0, 0, 1000, 40]));
        steps.push(`ctx.parallelize(rows, ${pick(random, [1, 2, 3])})`);
        steps.push(pick(random, [".cache()", ".cache()", ".coalesce(1).cache()", ".repartition(2)", ""]));
      }
    }
  }

  private key(): RowType {
    return pick(this.random, [numberType, stringType, booleanType, randomRowType(this.random, 1)]);
  }

  private lambda(parameters: readonly RowType[], result?: RowType): string {
    const { text, captures } = randomLambda(this.random, parameters, this.lambdas, result);
    const constants = Object.entries(captures).map(([name, value]) => `const ${name} = ${literal(value)};`);
    return constants.length === 0 ? text : `(() => { ${constants.join(" ")} return ${text}; })()`;
  }

  private get pair(): readonly [RowType, RowType] | undefined {
    const { type } = this;
    return type.kind === "tuple" && type.items.length === 2 ? [type.items[0]!, type.items[1]!] : undefined;
  }

  private narrow(): void {
    const { random, steps, pair } = this;
    const result = randomRowType(random);
    if (this.chance(8)) {
      this.beside(result);
      return;
    }
    switch (random.below(pair === undefined ? 6 : 10)) {
      case 0:
      case 1:
        steps.push(`.map(${this.lambda([this.type], result)})`);
        this.type = result;
        return;
      case 2:
        steps.push(`.filter(${this.lambda([this.type], this.chance(4) ? result : booleanType)})`);
        return;
      case 3: {
        const item = pick(random, [numberType, stringType]);
        steps.push(`.flatMap(${this.lambda([this.type], { kind: "list", item })})`);
        this.type = item;
        return;
      }
      case 4: {
        const key = this.key();
        steps.push(`.keyBy(${this.lambda([this.type], key)})`);
        this.type = pairOf(key, this.type);
        return;
      }
      case 5: {
        const made = pairOf(this.key(), randomRowType(random, 1));
        steps.push(`.map(${this.lambda([this.type], made)})`);
        this.type = made;
        return;
      }
      case 6:
        steps.push(".keys()");
        this.type = pair![0];
        return;
      case 7:
        steps.push(".values()");
        this.type = pair![1];
        return;
      case 8:
        steps.push(`.mapValues(${this.lambda([pair![1]], result)})`);
        this.type = pairOf(pair![0], result);
        return;
      default: {
        const item = pick(random, [numberType, stringType]);
        steps.push(`.flatMapValues(${this.lambda([pair![1]], { kind: "list", item })})`);
        this.type = pairOf(pair![0], item);
      }
    }
  }

  /** Something beside each row. */
  private beside(result: RowType): void {
    const { random, steps, type } = this;
    switch (random.below(4)) {
      case 0:
        steps.push(".zipWithUniqueId()");
        this.type = pairOf(type, numberType);
        return;
      case 1:
        steps.push(".zipWithIndex()");
        this.type = pairOf(type, numberType);
        return;
      case 2:
        steps.unshift("(rows => rows.zip(rows.map(row => [row, 1])))(");
        steps.push(")");
        this.type = pairOf(type, pairOf(type, numberType));
        return;
      default:
        steps.unshift("(rows => rows.zip(rows).map(([row]) => row).cartesian(ctx.range(0, 2, 1, 1)))(");
        steps.push(`.map(${this.lambda([type], result)})`, ")");
        this.type = pairOf(result, numberType);
    }
  }

  private breaker(): void {
    const { random, steps, pair } = this;
    if (pair === undefined) {
      if (this.chance(4)) steps.push(".distinct(2)");
      else {
        const key = this.key();
        steps.push(`.keyBy(${this.lambda([this.type], key)})`);
        this.type = pairOf(key, this.type);
        if (this.chance(2)) this.breaker();
      }
      return;
    }
    const [key, value] = pair;
    if (this.chance(5)) {
      const among = "rows.mapValues(v => [v, 1]).reduceByKey(a => a).filter(([k]) => k !== 7)";
      const joins = [
        `rows.fullOuterJoin(${among}, 2)`,
        `${among}.rightOuterJoin(rows, 2).mapValues(([a, b]) => [b, a])`,
      ];
      const sets = [`rows.subtractByKey(${among}, 2)`, "rows.intersection(rows, 2)", "rows.filterByRange(-5, 40)"];
      const made = pick(random, [...joins, ...sets]);
      steps.unshift(`(rows => ${made})(`);
      steps.push(")");
      if (joins.includes(made)) this.type = pairOf(key, pairOf(value, pairOf(value, numberType)));
      return;
    }
    switch (random.below(7)) {
      case 0:
      case 1:
        steps.push(`.reduceByKey(${this.lambda([value, value], value)}, 2)`);
        return;
      case 2:
        steps.push(".groupByKey(2)");
        this.type = pairOf(key, { kind: "list", item: value });
        return;
      case 3:
        steps.push(`.sortByKey(${this.chance(2)}, 2)`);
        return;
      case 4:
        // one row a key, as equal keys would multiply
        steps.unshift(
          "(rows => rows.join(rows.mapValues(v => [v, 1]).reduceByKey(a => a).filter(([k]) => k !== 7), 2))(",
        );
        steps.push(")");
        this.type = pairOf(key, pairOf(value, pairOf(value, numberType)));
        return;
      case 5:
        steps.push(".distinct(2)");
        return;
      default: {
        const zero = pick(random, [numberType, stringType, pairOf(numberType, stringType)]);
        const first = zero === numberType ? "0" : zero === stringType ? '""' : '[0, "z"]';
        steps.push(
          `.aggregateByKey(${first}, ${this.lambda([zero, value], zero)}, ${this.lambda([zero, zero], zero)}, 2)`,
        );
        this.type = pairOf(key, zero);
      }
    }
  }

  private action(): void {
    switch (this.random.below(9)) {
      case 0:
        this.steps.push(".count()");
        return;
      case 1:
        this.steps.push(`.reduce(${this.lambda([this.type, this.type], this.type)})`);
        return;
      case 2:
        this.steps.push(".take(5)");
        return;
      default:
        this.steps.push(".collect()");
    }
  }
}

function literal(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
