/**
 * Listings of S3 servers, page by page. One that does not get on, as where the server overlooks what it is asked to go on behind, is an
 * error, not a wait without end or the same names again.
 */
import { FiresteelError } from "../base/errors.ts";
import { type S3Place, s3Path } from "./s3-client.ts";

/** A thousand names each, as a rule. */
const pagesMax = 100_000;

/** `ask` gives the page behind `after`, the first one without; undefined where there is none. */
export async function* s3Pages<Next, Page extends { readonly next: Next | undefined }>(
  below: S3Place,
  ask: (after: Next | undefined) => Promise<Page | undefined>,
): AsyncGenerator<Page, void, undefined> {
  let after: Next | undefined;
  for (let pages = 0; pages < pagesMax; pages++) {
    const page = await ask(after);
    if (page === undefined) return;
    yield page;
    if (page.next === undefined) return;
    if (JSON.stringify(page.next) === JSON.stringify(after)) break;
    after = page.next;
  }
  throw new FiresteelError("data", `cannot list ${s3Path(below)}: the server's listing does not come to an end`, {
    hint: "check that firesteel.s3.endpoint is a server that speaks S3",
  });
}
