// Notes that nothing bounds what a compromised application can have signed.
import { UnreadableError } from '../../analyze/finding.ts'
import { readPod } from '../../analyze/model/pod.ts'
import { say } from '../../cli/terminal.ts'
import { application, readSetting } from '../../kube/application.ts'
import type { Resource } from '../../kube/resources.ts'

/** Each of them bounds the signatures of a day. */
const variables = ['SIGNER_SIGNATURES_PER_SECOND', 'SIGNER_SIGNATURES_PER_DAY']

/** Prints a note if the signer has no limit. `areFiles`: `resources` are files of the user, and not rendered from CONFIG. */
export function noteMissingLimits(resources: readonly Resource[], areFiles = false): void {
  if (hasLimits(resources)) return
  const todo = areFiles
    ? 'Set the variables of k8s/components/limits in its container'
    : adviseComponent()
  say(`  note  nothing limits what a compromised application can have signed. ${todo}`)
}

/** The rules report what is unreadable. */
function hasLimits(resources: readonly Resource[]): boolean {
  try {
    const signer = readPod(resources).spec.containers.find(({ name }) => name === 'signer')
    return signer === undefined || signer.env.some(({ name }) => variables.includes(name))
  } catch (error) {
    if (error instanceof UnreadableError) return true
    throw error
  }
}

function adviseComponent(): string {
  if (!application.isOurs) return `Add \`limits: {}\` to ${application.file}`
  const components = [readSetting('COMPONENTS'), 'limits'].filter(Boolean).join(' ')
  return `Add COMPONENTS='${components}'`
}
