/** Samples and estimates against plain arrays, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("conformance-drawn", { master: "local[4]" });
