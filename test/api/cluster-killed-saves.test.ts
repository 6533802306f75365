/** Outputs are whole and there once, whatever dies. */
import { declareSuite } from "./suite.ts";

await declareSuite("killed-saves", { master: "local-cluster[2,1,512]" });
