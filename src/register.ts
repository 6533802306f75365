/**
 * The preload for jobs that Bun itself runs: `bun --preload firesteel/register job.ts`, or in bunfig.toml for `bun test`. From
 * then on the user's files are transformed as they are imported, so that their functions can ship.
 */
import { registerImports } from "./closure/registered.ts";

registerImports();
