/** What stages are said to have read and written, without generated code and with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("figures", { master: "local[1]", conf: { "firesteel.codegen": false } });
