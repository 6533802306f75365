/** Joins two exchanges of strings and numbers, and folds what comes out, in order. */
import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const orders = ctx
    .range(0, 900_000, 1, 10)
    .map(i => [`customer ${(i * 7919) % 40_009}`, { order: i, price: (i % 1000) / 8 }])
    .partitionBy(7);
  const customers = ctx
    .range(0, 40_009, 1, 6)
    .map(i => [`customer ${i}`, [`name of ${i}`, i % 25]] as const)
    .partitionBy(7);
  console.log("at join");
  const spent = await orders
    .join(customers)
    .map(([customer, [{ order, price }, [name, nation]]]) => [
      nation,
      price + (customer.length + name.length + order) / 4,
    ])
    .reduceByKey((a, b) => a + b, 5)
    .sortByKey()
    .collect();
  console.log("at left");
  const missing = await customers
    .leftOuterJoin(
      orders.filter(([, { order }]) => order % 3 === 0),
      6,
    )
    .mapValues(([[, nation], order]) => (order === undefined ? -nation : order.price))
    .aggregateByKey(
      0,
      (sum, value) => sum * 0.5 + value,
      (a, b) => a + b,
      4,
    )
    .collect();
  console.log("at end");
  console.log(JSON.stringify([spent, missing]));
}
