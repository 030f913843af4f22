// Few combinations of many choices. Each allowed pair of values is in one of them.

export type Choices = Record<string, readonly string[]>
export type Combination<C extends Choices> = Record<keyof C, string>

/** Chooses, one at a time, the allowed combination with most pairs that no other one has. */
export function listPairwise<C extends Choices>(
  choices: C,
  allowed: (combination: Combination<C>) => boolean,
): Combination<C>[] {
  const all = multiply(choices).filter((each) => allowed(each as Combination<C>))
  const missing = new Set(all.flatMap(listPairs))
  const chosen: Combination<C>[] = []
  const countNew = (each: Combination<Choices>) =>
    listPairs(each).filter((pair) => missing.has(pair)).length
  while (missing.size > 0) {
    const best = all.reduce((one, other) => (countNew(other) > countNew(one) ? other : one))
    for (const pair of listPairs(best)) missing.delete(pair)
    chosen.push(best as Combination<C>)
  }
  return chosen
}

function multiply(choices: Choices): Combination<Choices>[] {
  return Object.entries(choices).reduce<Combination<Choices>[]>(
    (found, [name, values]) =>
      found.flatMap((each) => values.map((value) => ({ ...each, [name]: value }))),
    [{}],
  )
}

function listPairs(combination: Combination<Choices>): string[] {
  const entries = Object.entries(combination).map((entry) => entry.join('='))
  return entries.flatMap((one, index) => entries.slice(index + 1).map((other) => `${one} ${other}`))
}
