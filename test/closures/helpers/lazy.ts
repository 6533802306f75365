/** Imported by `import()` alone. */
const base = 100;
export const addBase = (x: number): number => x + base;
