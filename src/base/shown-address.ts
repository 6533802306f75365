/** Addresses as errors, plans and pages show them: without users, passwords and what a query may carry of signatures. */

/** `https://user:password@host/a?sig=x` → `https://host/a?…`. Local paths stay as they are. */
export function shownAddress(path: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return path;
  const shown = path.replace(/^([^:]+:\/\/)[^/?#]*@/, "$1");
  return /^https?:/i.test(shown) ? shown.replace(/[?#].*$/s, query => (query.length > 1 ? "?…" : "")) : shown;
}
