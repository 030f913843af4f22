// Explains names on make's command line that are unknown or renamed. The Makefile ends with what this prints.
import { listVariables, renamed } from './make-variables.ts'

process.stdout.write(process.argv.slice(2).map(explain).join('. '))

function explain(name: string): string {
  const current = renamed[name]
  if (current === undefined) {
    return `There is no variable ${name}. Use ${findClosest(name)}, or see \`make help\``
  }
  return name === name.toUpperCase()
    ? `The variable ${name} is now called ${current}. Use ${current}, and unset ${name}`
    : `The target ${name} is now called ${current}. Run \`make ${current}\``
}

/** Returns the variable that contains the name, or else the one with the smallest distance. */
function findClosest(name: string): string {
  const distances = listVariables().map(
    (each) => [each.name.includes(name) ? 0 : measureDistance(name, each.name), each.name] as const,
  )
  return distances.reduce((best, each) => (each[0] < best[0] ? each : best))[1]
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
