import type { FormContext, Found } from "../form-context.ts";
import { Circle, Ring } from "../helpers/shapes.ts";

const unit = "m";

class Length {
  #metres: number;
  constructor(metres: number) {
    if (metres < 0) throw new Error("the constructor does not run for rows");
    this.#metres = metres;
  }
  show(): string {
    return `${this.#metres}${unit}`;
  }
}
class Bag extends Map<string, number> {
  constructor(readonly label: string) {
    super([[label, 0]]);
  }
}
class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}
class Plain {
  a = 1;
  get b(): number {
    return this.a + 1;
  }
  set b(value: number) {
    this.a = value;
  }
}

export default async function main(ctx: FormContext): Promise<Found> {
  const bag = new Bag("x").set("y", 2);
  const made = (await ctx.ship(
    (n: number) => [new Length(n), new Circle(n), new Problem("p", n), new Bag("z"), new Plain()],
    2,
  )) as unknown[];
  const ring = (await ctx.ship((row: Ring) => row.grow(1), new Ring(1, 1))) as Circle;
  return [
    [await ctx.ship((row: Length) => row.show(), new Length(3)), "3m"],
    [await ctx.ship((row: Bag) => [row.get("y"), row.size, row.label, row instanceof Map], bag), [2, 2, "x", true]],
    [
      await ctx.ship((row: Problem) => [row.message, row.code, row.name, row instanceof Error], new Problem("bad", 5)),
      ["bad", 5, "Problem", true],
    ],
    [await ctx.ship((row: Plain) => row.b, new Plain()), 2],
    [await ctx.ship((row: Circle) => row.area, new Ring(2, 5)), 7],
    [(made[0] as Length).show(), "2m"],
    [(made[1] as Circle).area, 12],
    [
      [(made[2] as Problem).message, (made[2] as Problem).code, made[2] instanceof Problem],
      ["p", 2, true],
    ],
    [[...(made[3] as Bag)], [["z", 0]]],
    [
      [made[4] instanceof Plain, (made[4] as Plain).b],
      [true, 2],
    ],
    [ring instanceof Circle && ring.area, 12],
  ];
}
