/** Samples, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("sampling", { master: "local[4]" });
