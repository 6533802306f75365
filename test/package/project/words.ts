/** A user's helper module. */
export function words(line: string): string[] {
  return line.toLowerCase().match(/\p{L}+/gu) ?? [];
}
