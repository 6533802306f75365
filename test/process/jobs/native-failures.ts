/** Functions that have generated code for most rows, and throw for one: which is the first argument. */
import type { Context, Rdd } from "firesteel";

interface Order {
  readonly id: number;
  readonly price: number;
  readonly customer: { readonly name: string } | null;
  readonly tags: string[];
}

function orders(ctx: Context): Rdd<Order> {
  const rows = Array.from({ length: 2000 }, (_, id) => ({
    id,
    price: id / 4,
    customer: id === 1500 ? null : { name: `n${id % 7}` },
    tags: id === 1700 ? (7 as never) : ["a", "b"],
  }));
  return ctx.parallelize(rows, 2).cache();
}

const checked = (price: number): number => {
  if (price > 400) throw new RangeError(`no price of ${price}`);
  return price * 2;
};

export const cases: Readonly<Record<string, (ctx: Context) => Promise<unknown>>> = {
  "property of null": ctx =>
    orders(ctx)
      .map(order => order.customer!.name)
      .count(),
  "property of null in a filter": ctx =>
    orders(ctx)
      .filter(({ customer }) => customer!.name === "n3")
      .count(),
  "explicit throw": ctx =>
    orders(ctx)
      .map(order => {
        if (order.id === 1999) throw new Error("the last one");
        return order.price;
      })
      .sum(),
  "helper throws": ctx =>
    orders(ctx)
      .map(({ price }) => checked(price))
      .sum(),
  "two operators": ctx =>
    orders(ctx)
      .map(order => ({ id: order.id, twice: checked(order.price) }))
      .filter(each => each.id % 2 === 1)
      .map(each => each.twice + 1)
      .collect(),
  "range error": ctx =>
    orders(ctx)
      .map(order => "x".repeat(1000 - order.id).length)
      .collect(),
  "text of a range": ctx =>
    ctx
      .range(3000)
      .map(i => String(i).repeat(2500 - i))
      .collect(),
  "flatMap of a number": ctx =>
    orders(ctx)
      .flatMap(order => order.tags)
      .count(),
  "flatMap throws": ctx =>
    orders(ctx)
      .flatMap(order => [order.id, checked(order.price)])
      .map(x => x + 1)
      .count(),
  "throw in reduce": ctx =>
    orders(ctx)
      .map(order => order.price)
      .reduce((a, b) => {
        if (b === 321) throw new TypeError("not this one");
        return a + b;
      }),
  "throw in reduceByKey": ctx =>
    orders(ctx)
      .map(order => [order.id % 10, order.price])
      .reduceByKey((a, b) => {
        if (b === 321) throw new TypeError("not this one");
        return a + b;
      })
      .count(),
  "null in reduceByKey": ctx =>
    orders(ctx)
      .map((order): [number, { name: string } | null] => [order.id % 3, order.customer])
      .reduceByKey((a, b) => (a!.name < b!.name ? a : b))
      .count(),
  "throw in a comparator": ctx =>
    orders(ctx)
      .map(order => order.price)
      .takeOrdered(3, (a, b) => {
        if (b === 321) throw new Error("no comparison");
        return b - a;
      }),
  "throw in a key": ctx =>
    orders(ctx)
      .keyBy(order => order.customer!.name)
      .sortByKey()
      .count(),
  "throw in values": ctx =>
    orders(ctx)
      .keyBy(order => order.id)
      .mapValues(order => order.customer!.name.length)
      .values()
      .sum(),
  // the generated code gives up at the row before
  "throw after a give-up": ctx =>
    ctx
      .parallelize([...Array(900).keys(), "text", null] as number[], 1)
      .cache()
      .map(x => x + 1)
      .map(x => (x as unknown as { toFixed(n: number): string }).toFixed(1))
      .count(),
  "not pairs": ctx => (orders(ctx).map(order => (order.id === 1800 ? 7 : [order.id, 1])) as unknown as Rdd<[number, number]>).mapValues(v => v + 1).count(), // prettier-ignore
  // the row that throws comes after those that are taken, or after one that throws further on
  "throw behind what is taken": ctx =>
    orders(ctx)
      .map(({ price }) => checked(price))
      .take(3),
  "the first that throws": ctx =>
    orders(ctx)
      .map(({ id, price }) => [id, checked(price)])
      .map(([id]) => JSON.parse(id === 1650 ? "{" : "1") as unknown)
      .mapPartitions(rows => [...rows])
      .collect(),
};

export default async function main(ctx: Context, args: string[]): Promise<void> {
  console.log(await cases[args[0]!]!(ctx));
}
