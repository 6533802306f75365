import { area } from "../helpers/of-the-entry.ts";

export const sides = 4;
export default () => area(2);
