/** Members without a plain-array twin, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("surface", { master: "local[4]" });
