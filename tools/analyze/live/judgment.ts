// What somebody else's resource or setting does to our Pods, and what to do about it.
import { UserError } from '../../cli/terminal.ts'
import type { Resource } from '../../kube/resources.ts'

/**
 * `breaks`: our Pods do not work, or are open. `weakens`: one control is weaker, and the others hold. `note`: it is unusual, and
 * works.
 */
export type Severity = 'breaks' | 'weakens' | 'note'

export type Judgment = {
  severity: Severity
  /** What it is about, e.g. "PeerAuthentication signing/default". */
  about: string
  message: string
  todo: string
}

/** Describes a resource of the cluster. */
export function nameOf({ kind, metadata }: Resource): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`
}

/** Returns a judgment about a resource of somebody else. Its advice is to look at it, and to change or delete it. */
export function judge(severity: Severity, resource: Resource, message: string): Judgment {
  return { severity, about: nameOf(resource), message, todo: formatLook(resource) }
}

/** Returns one line: the resource, what it does, and what to do. */
export function formatJudgment({ about, message, todo }: Judgment): string {
  return `${about}: ${message}. ${todo}`
}

/** Throws UserError with every judgment that breaks our Pods. */
export function refuseBreaking(judgments: readonly Judgment[], isApplied: boolean): void {
  const breaking = judgments.filter(({ severity }) => severity === 'breaks')
  if (breaking.length === 0) return
  throw new UserError(
    `this opens or breaks the Pods:\n  ${breaking.map(formatJudgment).join('\n  ')}`,
    `${isApplied ? 'The resources are applied. ' : ''}Change what is named above, and run \`make deploy\` again. \`make analyze LIVE=yes\` shows the same.`,
  )
}

function formatLook({ apiVersion, kind, metadata }: Resource): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.replace(/\/.*/, '')}` : ''
  const place = metadata.namespace === undefined ? '' : ` -n ${metadata.namespace}`
  return `See it with \`kubectl get ${kind.toLowerCase()}${group} ${metadata.name}${place} -o yaml\`, and change it or delete it`
}
