/** The names of what transformed code calls (runtime.ts), which it knows with `$fs` in front. */
export const helperNames = ["t", "o", "b", "c", "k", "r", "x", "l", "h", "m"] as const;
