import type { FormContext, Found } from "../form-context.ts";

const scale = 10;
let made = 0;

class Point {
  #x: number;
  static origin = new Point(0, 0);
  static #count = 7;
  constructor(
    x: number,
    readonly y: number,
  ) {
    made; // the constructor reads a captured variable
    this.#x = x;
  }
  get x(): number {
    return this.#x * scale;
  }
  static get count(): number {
    return Point.#count;
  }
  static make(x: number): Point {
    return new Point(x, 1);
  }
}

class Point3 extends Point {
  #z = Math.random();
  constructor(x: number, y: number, z: number) {
    super(x, y);
    this.#z = z;
  }
  get z(): number {
    return this.#z;
  }
}

export default async function main(ctx: FormContext): Promise<Found> {
  const p = new Point(1, 2);
  const q = new Point3(4, 5, 6);
  const back = (await ctx.ship((x: number) => new Point(x, 9), 8)) as Point;
  const isPoint = (value: unknown) => value instanceof Point;
  return [
    [await ctx.ship(() => [p.x, p.y, q.x, q.z, q instanceof Point3, p instanceof Point]), [10, 2, 40, 6, true, true]],
    [back instanceof Point, true],
    [
      [back.x, back.y],
      [80, 9],
    ],
    [await ctx.ship((row: Point) => row.x, p), 10],
    [await ctx.ship((row: unknown) => (row as { z: number }).z, q), 6],
    [await ctx.ship((row: unknown) => [isPoint(row), Point.count, Point.origin instanceof Point], q), [true, 7, true]],
    [((await ctx.ship(Point.make, 3)) as Point).x, 30],
  ];
}
