export namespace Shapes {
  export const sides = 4;
}
export default () => Shapes.sides;
