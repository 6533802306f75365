import type { FormContext, Found } from "../form-context.ts";

const greeting = "hello";
const Named = (Base: typeof Square) => {
  class WithName extends Base {
    name = greeting;
  }
  return WithName;
};
abstract class Shape {
  abstract area(): number;
  static of(kind: string): Shape {
    return kind === "square" ? new Square(2) : new Dot();
  }
}
class Square extends Shape {
  constructor(private readonly side: number) {
    super();
  }
  area(): number {
    return this.side ** 2;
  }
}
const Dot = class extends Shape {
  area(): number {
    return 0;
  }
};
class Titled extends Named(Square) {
  title = `${greeting}!`;
}

export default async function main(ctx: FormContext): Promise<Found> {
  const square = new Square(3);
  return [
    [await ctx.ship((kind: string) => Shape.of(kind).area(), "square"), 4],
    [await ctx.ship((kind: string) => Shape.of(kind).area(), "dot"), 0],
    [await ctx.ship(() => [square.area(), square instanceof Shape, new Dot() instanceof Shape]), [9, true, true]],
    [new Titled(1) instanceof Square, true],
  ];
}
