/** Operators that combine Rdds against plain arrays, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-combining", { master: "local[4]", partitionCounts: [7, 1, 2] });
