// Finds the name that somebody meant.

/** Returns the known name that contains `name`, or else the one with the smallest distance. */
export function findClosest(name: string, known: readonly string[]): string | undefined {
  const distances = known.map(
    (each) => [each.includes(name) ? 0 : measureDistance(name, each), each] as const,
  )
  return distances.toSorted(([one], [other]) => one - other)[0]?.[1]
}

/** Levenshtein's distance: how many characters have to change. */
function measureDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [at, character] of [...from].entries()) {
    const next = [at + 1]
    for (const [index, other] of [...to].entries()) {
      const replaced = (row[index] ?? 0) + (character === other ? 0 : 1)
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
