// Adds CONFIG and CLUSTER to the commands in a message, so that you can type them as they are: for another application than ours,
// and on a kind cluster.
import { makeVariables, readVariable } from './make-variables.ts'

/** The targets with CLUSTER that take no CONFIG, as far as messages name them. */
const ofCluster = ['freeze', 'thaw', 'kubectl']

/** Returns for example "Run `make deploy CLUSTER=kind CONFIG=orders/signing.yaml`." */
export function withConfig(text: string): string {
  return add('CLUSTER', add('CONFIG', text))
}

function add(name: 'CONFIG' | 'CLUSTER', text: string): string {
  const value = readVariable(name)
  const ofApplication = makeVariables.CONFIG.targets
  const targets = name === 'CONFIG' ? ofApplication : [...ofApplication, ...ofCluster]
  if (value === undefined || text.includes(`${name}=`)) return text
  return text.replace(
    new RegExp(`(\`|[Rr]un |&& )make (${targets.join('|')})\\b`, 'g'),
    `$1make $2 ${name}=${value}`,
  )
}
