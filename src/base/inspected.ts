/** The method by which console.log and util.inspect ask an object for its text, instead of showing all that it holds. */
export const inspected: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;
