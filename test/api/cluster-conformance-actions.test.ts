/** Actions against plain arrays, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-actions", { master: "local-cluster[2,1,64]", partitionCounts: [3, 25] });
