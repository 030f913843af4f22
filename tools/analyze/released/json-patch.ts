// Applies a JSON patch (RFC 6902), as kustomize does.
import { z } from 'zod'
import { valueAt } from '../finding.ts'

const pointer = z.string().startsWith('/')
export const operations = z.array(
  z.discriminatedUnion('op', [
    z.strictObject({ op: z.enum(['test', 'add', 'replace']), path: pointer, value: z.unknown() }),
    z.strictObject({ op: z.enum(['copy', 'move']), from: pointer, path: pointer }),
    z.strictObject({ op: z.literal('remove'), path: pointer }),
  ]),
)

/** Returns a changed copy. Throws if a test fails, as kustomize does. */
export function applyPatch<T>(resource: T, patch: z.infer<typeof operations>): T {
  const changed = structuredClone(resource)
  for (const operation of patch) {
    switch (operation.op) {
      case 'test':
        if (read(changed, operation.path) !== operation.value) {
          throw new Error(`${operation.path} is not ${operation.value}`)
        }
        break
      case 'remove':
        remove(changed, operation.path)
        break
      case 'replace':
        set(changed, operation.path, operation.value)
        break
      case 'add':
        add(changed, operation.path, operation.value)
        break
      default: {
        const value = read(changed, operation.from)
        if (operation.op === 'move') remove(changed, operation.from)
        add(changed, operation.path, structuredClone(value))
      }
    }
  }
  return changed
}

function split(path: string): [parents: string[], key: string] {
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  return [keys.slice(0, -1), keys.at(-1) ?? '']
}

function read(resource: unknown, path: string): unknown {
  const [parents, key] = split(path)
  return valueAt(resource, [...parents, key])
}

function set(resource: unknown, path: string, value: unknown): void {
  const [parents, key] = split(path)
  Object.assign(Object(valueAt(resource, parents)), { [key]: value })
}

function add(resource: unknown, path: string, value: unknown): void {
  const [parents, key] = split(path)
  const parent = valueAt(resource, parents)
  if (!Array.isArray(parent)) set(resource, path, value)
  else parent.splice(key === '-' ? parent.length : Number(key), 0, value)
}

function remove(resource: unknown, path: string): void {
  const [parents, key] = split(path)
  const parent = valueAt(resource, parents)
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete Object(parent)[key]
}
