/** Operators that combine Rdds against plain arrays, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-combining", { master: "local[1]", partitionCounts: [25] });
