/** Samples and estimates against plain arrays, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-drawn", { master: "local[1]", partitionCounts: [2, 25] });
