/** What stages are said to have read and written, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("figures", { master: "local[4]" });
