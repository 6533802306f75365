/** What is kept, written, read and computed together against plain arrays, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-kept", { master: "local-cluster[2,1,64]", partitionCounts: [3] });
