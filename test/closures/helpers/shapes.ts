/** Classes of a module: their own in every thread. */
export class Circle {
  #radius: number;
  static made = 0;
  constructor(radius: number) {
    this.#radius = radius;
    Circle.made++;
  }
  get area(): number {
    return this.#radius * this.#radius * 3;
  }
  grow(by: number): Circle {
    return new Circle(this.#radius + by);
  }
}

export class Ring extends Circle {
  constructor(
    radius: number,
    private readonly hole: number,
  ) {
    super(radius);
  }
  override get area(): number {
    return super.area - this.hole;
  }
}

export function area(shape: Circle): number {
  return shape.area;
}
