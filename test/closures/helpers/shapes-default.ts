/** A class as the default export, and a type beside it. */
import { Circle } from "./shapes.ts";

export type { Circle } from "./shapes.ts";

export default class extends Circle {}
