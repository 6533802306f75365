import { declareSuite } from "./suite.ts";

await declareSuite("errors", { conf: { "firesteel.driver.maxResultSize": "2m" } });
