/** Every generated page by its path from the root, as it must be. coming-from-spark.md is written by hand. */
import { pages } from "./areas.ts";
import { configurationPage, indexPage, surfacePage } from "./other-pages.ts";
import { referencePage } from "./reference-pages.ts";

export function generatedDocs(): Map<string, string> {
  return new Map([
    ["docs/README.md", indexPage()],
    ["docs/surface.md", surfacePage()],
    ["docs/reference/configuration.md", configurationPage()],
    ...pages.map((page): [string, string] => [`docs/reference/${page.file}`, referencePage(page)]),
  ]);
}
