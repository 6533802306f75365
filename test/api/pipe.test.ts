/** Commands, with four task threads. */
import { declareSuite } from "./suite.ts";

await declareSuite("pipe", { master: "local[4]" });
