/** Operators that combine Rdds against plain arrays, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-combining", { master: "local-cluster[2,1,64]", partitionCounts: [3] });
