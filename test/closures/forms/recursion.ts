import type { FormContext, Found } from "../form-context.ts";

const one = 1;
function factorial(n: number): number {
  return n <= 1 ? one : n * factorial(n - 1);
}
const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));
const isEven = (n: number): boolean => n === 0 || isOdd(n - 1);
function isOdd(n: number): boolean {
  return n !== 0 && isEven(n - 1);
}

export default async function main(ctx: FormContext): Promise<Found> {
  const depth = (value: unknown): number => (Array.isArray(value) ? one + Math.max(0, ...value.map(depth)) : 0);
  return [
    [await ctx.ship(factorial, 5), 120],
    [await ctx.ship((n: number) => factorial(n), 5), 120],
    [await ctx.ship(fib, 10), 55],
    [await ctx.ship(isEven, 10), true],
    [await ctx.ship((n: number) => isOdd(n), 7), true],
    [await ctx.ship(depth, [[1], [[2]]]), 3],
  ];
}
