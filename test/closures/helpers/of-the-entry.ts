/** Wrongly imports a value from the job's own file. */
import { sides } from "../broken/entry-imported-by-a-module.ts";

export const area = (length: number): number => length * sides;
