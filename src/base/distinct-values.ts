/**
 * What a HyperLogLog sketch says: how many distinct values its registers have seen. Registers that met no value are weighed by how many
 * they are, so that small counts need neither another formula nor tables of corrections.
 */

/**
 * How many distinct values a sketch has seen, by the estimate of Ertl (2017), which needs neither tables of corrections nor another
 * formula for few values. `taken` registers have met a value, their weights add up to `weight`.
 */
export function distinctValues(precision: number, taken: number, weight: number): number {
  const registers = 2 ** precision;
  if (taken === 0) return 0;
  const harmonic = registers * emptyWeight(1 - taken / registers) + weight;
  return Math.round(registers ** 2 / (2 * Math.LN2 * harmonic));
}

/** What registers that met nothing weigh, when they are this part of all: x + x² + 2x⁴ + 4x⁸ + … */
function emptyWeight(part: number): number {
  let [sum, power, factor] = [part, part, 1];
  for (let before = -1; sum !== before; factor *= 2) {
    before = sum;
    power *= power;
    sum += power * factor;
  }
  return sum;
}

/** Registers for estimates that are off by this part of the count, as a standard deviation. As Spark's. */
export function precisionFor(relativeSd: number): number {
  return Math.max(4, Math.ceil(2 * Math.log2(1.054 / relativeSd)));
}
