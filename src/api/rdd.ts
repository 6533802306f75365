/** A distributed collection of rows of type T, computed on demand. The whole of its operators, by area, in Spark's names. */
import { RddPipe } from "./rdd-pipe.ts";

export class Rdd<T> extends RddPipe<T> {}
