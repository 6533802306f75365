/**
 * The same job gives the same rows in the same order, floating-point sums included, on any number of threads, at any memory, and
 * whoever runs its functions, generated code or JavaScript.
 */
import { declareSame } from "./same-places.ts";

await declareSame("same-everywhere");
