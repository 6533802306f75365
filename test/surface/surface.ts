/**
 * Every operation of Spark core that is promised, and what is Firesteel's own, by area. Data alone: surface.test.ts holds it against
 * the sources and the suites, and the documentation is made from it.
 */
import { application } from "./application.ts";
import { rddOperations } from "./rdd-operations.ts";

export const surface = { ...application, ...rddOperations };

export type Area = keyof typeof surface;

/** Listed and not there yet. */
export const missing: readonly string[] = [];
