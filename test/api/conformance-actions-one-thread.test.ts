/** Actions against plain arrays, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-actions", { master: "local[1]", partitionCounts: [2, 25] });
