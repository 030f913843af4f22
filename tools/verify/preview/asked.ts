// The requests that a preview sends beside those of the matrix: to each path that a policy, a route or signing.yaml names.
import { itemsOf, valueAt } from '../../analyze/finding.ts'
import { readPrefix } from '../../kube/application/route-path.ts'
import { application } from '../../kube/application.ts'
import { signerPort } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { requests } from '../matrix/declared-table.ts'
import type { AskedFor } from '../matrix/report.ts'

/** More would take longer than anyone waits. */
const most = 24
const methodsOfAny = ['GET', 'POST']

/** `resources`: those before and after the change. */
export function listMoreRequests(resources: readonly Resource[]): {
  more: AskedFor[]
  left: number
} {
  const found = [
    ...application.routes.map(({ method, path }) => ask(method, path, application.container)),
    ...resources.flatMap(readPolicy),
    ...resources.flatMap(readRoute),
  ]
  const usual = new Set<string>(requests.map(describe))
  const all = [...new Map(found.map((each) => [describe(each), each])).values()].filter(
    (each) => !usual.has(describe(each)),
  )
  return { more: all.slice(0, most), left: Math.max(0, all.length - most) }
}

function readPolicy({ kind, spec }: Resource): AskedFor[] {
  if (kind !== 'AuthorizationPolicy' || Object(spec).action === 'DENY') return []
  return itemsOf(Object(spec).rules)
    .flatMap((rule) => itemsOf(rule.to))
    .flatMap(({ operation }) => {
      const { ports, methods, paths } = Object(operation)
      const of = [
        ...(hasPort(ports, signerPort) ? ['signer'] : []),
        ...(hasPort(ports, application.port) ? [application.container] : []),
      ]
      return texts(paths).flatMap((path) =>
        methodsIn(methods).flatMap((method) => of.map((each) => ask(method, path, each))),
      )
    })
}

function readRoute({ kind, spec }: Resource): AskedFor[] {
  if (kind !== 'VirtualService') return []
  return itemsOf(Object(spec).http)
    .flatMap(({ match }) => itemsOf(match))
    .flatMap((match) => {
      const uri = valueAt(match, ['uri', 'exact']) ?? valueAt(match, ['uri', 'prefix'])
      const method = valueAt(match, ['method', 'exact'])
      return typeof uri === 'string'
        ? methodsIn(method === undefined ? undefined : [method]).map((each) =>
            ask(each, uri, application.container),
          )
        : []
    })
}

function ask(method: string, pattern: string, of: string): AskedFor {
  const path = (readPrefix(pattern) ?? pattern).replaceAll('*', '')
  const whole = path.startsWith('/') ? path : `/${path}`
  return { id: `${method} ${whole} of ${of}`, method, path: whole, of }
}

function describe({ method, path, of }: AskedFor): string {
  return `${method} ${path} of ${of}`
}

function hasPort(ports: unknown, wanted: number): boolean {
  return !Array.isArray(ports) || ports.map(String).includes(String(wanted))
}

function methodsIn(methods: unknown): string[] {
  const named = texts(methods).filter((each) => /^[A-Z]+$/.test(each))
  return named.length > 0 ? named : methodsOfAny
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String).filter((each) => /^[!-~]+$/.test(each)) : []
}
