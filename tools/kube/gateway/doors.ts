// A door: a server of an Istio Gateway, or a listener of a Gateway of the Kubernetes Gateway API, as our route sees it.
import { UserError } from '../../cli/terminal.ts'

export type Door = {
  /** Names it in messages, for example `listener "https" (HTTPS 443)`. */
  title: string
  /** The name of the listener. */
  section?: string
  port: number
  isTls: boolean
  needsClientCertificate: boolean
  /** The hosts that it serves for our namespace. They may have a wildcard. */
  hosts: readonly string[]
  /** Why no HTTP route of our namespace can use it. */
  refusal?: string
}

export type Choice = {
  /** The doors for our route, the one for clients first. */
  doors: readonly [Door, ...Door[]]
  /** The host of our route. Undefined: every host. */
  host: string | undefined
}

/**
 * Chooses the doors that serve `host`, or the only host that there is. With TLS on one, it leaves out those without.
 * Throws UserError with the reason for each door. `title` names the Gateway.
 */
export function chooseDoors(title: string, doors: readonly Door[], host?: string): Choice {
  const open = doors.filter(({ refusal }) => refusal === undefined)
  const fitting = open.filter(
    ({ hosts }) => host === undefined || hosts.some((each) => matchesHost(each, host)),
  )
  const encrypted = fitting.filter(({ isTls }) => isTls)
  const [first, ...others] = (encrypted.length > 0 ? encrypted : fitting).toSorted(
    (a, b) => Number(a.needsClientCertificate) - Number(b.needsClientCertificate),
  )
  if (first === undefined) {
    const reasons = doors.map((each) => `${each.title}: ${each.refusal ?? describeHosts(each)}`)
    throw new UserError(
      `${title} serves no HTTP route of ours${host === undefined ? '' : ` for ${host}`}:\n  ${reasons.join('\n  ') || 'it has no listener'}`,
      'Change the Gateway, or set GATEWAY and PUBLIC_HOST to what it serves.',
    )
  }
  const chosen = [first, ...others] as const
  return { doors: chosen, host: host ?? findOnlyHost(title, chosen) }
}

/** Returns undefined if every host is served. Throws UserError if the choice is open. */
function findOnlyHost(title: string, doors: readonly Door[]): string | undefined {
  const hosts = [...new Set(doors.flatMap((each) => each.hosts))]
  const [only = '*'] = hosts
  if (hosts.length === 1 && !only.startsWith('*.')) return only === '*' ? undefined : only
  throw new UserError(
    `${title} serves several hosts: ${hosts.join(', ')}`,
    'Set PUBLIC_HOST to the host name for this service, for example PUBLIC_HOST=signing.example.',
  )
}

/** `pattern`: a host name, "*" or "*.example". Such a wildcard stands for one or more labels. */
export function matchesHost(pattern: string, host: string): boolean {
  const [wanted, given] = [pattern.toLowerCase(), host.toLowerCase()]
  if (wanted === '*') return true
  return wanted.startsWith('*.') ? given.endsWith(wanted.slice(1)) : wanted === given
}

function describeHosts({ hosts }: Door): string {
  return `serves ${hosts.length === 0 ? 'no host for our namespace' : hosts.join(', ')}`
}
