// What in the manifests of an application does not fit the signer beside it.
import { showPath } from '../../cli/checkout.ts'
import { UserError } from '../../cli/terminal.ts'
import type { Manifest } from '../../kube/application/manifests.ts'
import { describeResource } from '../../kube/resources.ts'

/** `field`: a path in the resource, for example "spec.template.spec.hostNetwork". */
export type Problem = { manifest: Manifest; field: string; what: string; todo: string }

/** Throws UserError with all of them. */
export function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) return
  const lines = problems.map(
    ({ manifest, field, what, todo }) =>
      `${showPath(manifest.path)}: ${describeResource(manifest.resource)}: ${field}: ${what}. ${todo}`,
  )
  throw new UserError(
    lines.join('\n'),
    'Correct the manifests of the application. Nothing of them was applied.',
  )
}
