/** What is kept, written, read and computed together against plain arrays, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-kept", { master: "local[4]" });
