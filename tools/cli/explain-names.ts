// Explains names on make's command line that are unknown or renamed. The Makefile ends with what this prints.
import { findClosest } from './closest-name.ts'
import { listVariables, renamed } from './make-variables.ts'

process.stdout.write(process.argv.slice(2).map(explain).join('. '))

function explain(name: string): string {
  const current = renamed[name]
  if (current === undefined) {
    const known = listVariables().map((each) => each.name)
    return `There is no variable ${name}. Use ${findClosest(name, known)}, or see \`make help\``
  }
  return name === name.toUpperCase()
    ? `The variable ${name} is now called ${current}. Use ${current}, and unset ${name}`
    : `The target ${name} is now called ${current}. Run \`make ${current}\``
}
