// What a single value can be changed to.
import { changeExpression } from './expressions.ts'

/** A new value, and how the name of the mutation describes it. */
export type Value = { to: unknown; what: string }

/** Values that replace each other. */
const enumerations = [
  ['STRICT', 'PERMISSIVE', 'DISABLE'],
  ['ALLOW', 'DENY', 'AUDIT'],
  ['Deny', 'Warn', 'Audit'],
  ['Fail', 'Ignore'],
  ['REGISTRY_ONLY', 'ALLOW_ANY'],
  ['Equivalent', 'Exact'],
  ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
  ['restricted', 'baseline', 'privileged'],
  ['RuntimeDefault', 'Localhost', 'Unconfined'],
  ['ISTIO_MUTUAL', 'MUTUAL', 'SIMPLE', 'DISABLE'],
  ['HTTP', 'HTTPS', 'TCP', 'TLS'],
  ['DNS', 'STATIC', 'NONE'],
  ['MESH_INTERNAL', 'MESH_EXTERNAL'],
  ['REDIRECT', 'TPROXY', 'NONE'],
  ['NONE', 'IPTABLES', 'DEFAULT'],
  ['Exact', 'PathPrefix', 'RegularExpression'],
  ['GET', 'POST', 'DELETE'],
  ['In', 'NotIn', 'Exists', 'DoesNotExist'],
  ['Ingress', 'Egress'],
  ['IfNotPresent', 'Always', 'Never'],
  ['RollingUpdate', 'Recreate'],
  ['Owner', 'Merge', 'Orphan'],
  ['Retain', 'Delete'],
  ['deny', 'audit', 'all-authenticated', 'all-unauthenticated'],
  ['enabled', 'disabled', 'ingress'],
  ['true', 'false'],
]
const expressions = ['expression', 'messageExpression', 'valueExpression']

/** Lists other values for the one at `key`. Text that contains JSON is changed inside. */
export function changeValue(value: unknown, key: string | number | undefined): Value[] {
  if (typeof value === 'boolean') return [show(value, !value)]
  if (typeof value === 'number') return [...new Set([0, value + 1])].map((to) => show(value, to))
  if (typeof value !== 'string') return []
  if (expressions.includes(String(key))) return changeExpression(value)
  const others = enumerations.filter((each) => each.includes(value)).flat()
  if (others.length > 0) {
    return [...new Set(others)].filter((to) => to !== value).map((to) => show(value, to))
  }
  return value.includes('\n') ? changeText(value) : widen(value)
}

export function show(value: unknown, to: unknown): Value {
  return { to, what: `${shorten(value)} → ${shorten(to)}` }
}

export function shorten(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const line = text.replaceAll(/\s+/g, ' ')
  if (line.length > 60) return `${line.slice(0, 30)}…${line.slice(-28)}`
  return line === '' ? '""' : line
}

function widen(value: string): Value[] {
  const half = `${value.slice(0, Math.floor(value.length / 2))}*`
  return [...new Set(['*', '', half, `${value}x`])]
    .filter((to) => to !== value)
    .map((to) => show(value, to))
}

/** Each line is left out once, and each text in quotes is emptied and changed once. */
function changeText(value: string): Value[] {
  const lines = value.split('\n')
  const quoted = [...value.matchAll(/"([^"\n]+)"/g)]
  return [
    ...lines.flatMap((line, index) =>
      line.trim() === ''
        ? []
        : [{ to: lines.toSpliced(index, 1).join('\n'), what: `without "${shorten(line.trim())}"` }],
    ),
    ...quoted.flatMap(({ index, 0: found, 1: text }) =>
      ['', 'other'].map((to) => ({
        to: `${value.slice(0, index)}"${to}"${value.slice(index + found.length)}`,
        what: `"${text}" → "${to}"`,
      })),
    ),
  ]
}
