// The rights that the collection needs. Without some of them, it collects the rest.
import { noteMissingPermissions, type Permission } from '../../deploy/preflight/permissions.ts'
import { namespace } from '../../kube/names.ts'

const pods = { group: '', resource: 'pods', namespace }

const rights: Permission[] = [
  { verb: 'list', ...pods },
  { verb: 'get', ...pods, subresource: 'log' },
  // Without it, kubectl logs returns only the newest file of each container.
  { verb: 'get', group: '', resource: 'nodes', subresource: 'proxy' },
]

/** Prints what the user may not. */
export function noteMissingRights(): Promise<void> {
  const consequence = 'The collection goes on. docs/incidents.md says what is missing then.'
  return noteMissingPermissions(rights, consequence)
}
