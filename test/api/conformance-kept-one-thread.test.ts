/** What is kept, written, read and computed together against plain arrays, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-kept", { master: "local[1]", partitionCounts: [2, 25] });
