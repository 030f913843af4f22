// Adds CONFIG to the commands in a message, so that the user of another application can type them as they are.
import { makeVariables, readVariable } from './make-variables.ts'

/** Returns for example "Run `make deploy CONFIG=orders/signing.yaml`." */
export function withConfig(text: string): string {
  const file = readVariable('CONFIG')
  if (file === undefined || text.includes('CONFIG=')) return text
  const targets = makeVariables.CONFIG.targets.join('|')
  return text.replace(
    new RegExp(`(\`|[Rr]un |&& )make (${targets})\\b`, 'g'),
    `$1make $2 CONFIG=${file}`,
  )
}
