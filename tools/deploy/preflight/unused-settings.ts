// Notes settings of the mesh that are given for a layout without one.
import { readVariable, type VariableName } from '../../cli/make-variables.ts'
import { say } from '../../cli/terminal.ts'
import { readSetting } from '../../kube/application.ts'
import type { Layout } from '../../kube/layouts.ts'

const fromMake: readonly VariableName[] = [
  'GATEWAY_SELECTOR',
  'GATEWAY_CACERT',
  'ISTIO_REVISION',
  'TOKEN_KEYS',
  'PROMETHEUS',
]
/** These may also be in signing.yaml. */
const fromBoth = ['GATEWAY', 'PUBLIC_HOST'] as const

/** Prints a note for each. GATEWAY_URL is not among them, because make sets it for a local cluster with Istio. */
export function noteUnusedSettings({ overlay, isMeshed }: Layout): void {
  if (isMeshed) return
  const given = [
    ...fromBoth.filter((name) => readSetting(name) !== undefined),
    ...fromMake.filter((name) => readVariable(name) !== undefined),
  ]
  for (const name of given) say(`  note  ${name} has no effect with OVERLAY=${overlay}`)
}
