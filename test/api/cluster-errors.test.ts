/** What a user is told when a job fails, with executors that are processes. */
import { declareSuite } from "./suite.ts";

await declareSuite("errors", {
  master: "local-cluster[2,1,64]",
  conf: { "firesteel.driver.maxResultSize": "2m", "firesteel.task.maxFailures": 1 },
});
