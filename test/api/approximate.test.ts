/** Approximate actions, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("approximate", { master: "local[4]" });
