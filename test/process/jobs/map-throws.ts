import type { Context } from "firesteel";

interface Order {
  readonly id: number;
  readonly price: number | undefined;
}

export default async function main(ctx: Context): Promise<void> {
  const orders = ctx.range(10).map((id): Order => ({ id, price: id === 7 ? undefined : id }));
  const prices = orders
    .filter(order => order.id > 2)
    .map(order => {
      const { price } = order;
      return price!.toFixed(2);
    });
  console.log(await prices.collect());
}
