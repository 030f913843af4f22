// Whether the cluster gets Istio: if the overlay to deploy needs it.
import { readVariable } from '../cli/make-variables.ts'
import { UserError } from '../cli/terminal.ts'
import { readSetting } from '../kube/application.ts'
import { parseOverlay } from '../kube/layouts.ts'

/** Throws UserError for a setting of Istio if the cluster gets none. */
export function needsIstio(): boolean {
  const { overlay, isMeshed } = parseOverlay(readSetting('OVERLAY'))
  const setting = (['ISTIO', 'AMBIENT'] as const).find((name) => readVariable(name) !== undefined)
  if (isMeshed || setting === undefined) return isMeshed
  throw new UserError(
    `${setting} is set, but a cluster for OVERLAY=${overlay} has no Istio`,
    `Leave out ${setting} or OVERLAY.`,
  )
}
