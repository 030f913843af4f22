// The rights that freeze and thaw need. Without those that only make them faster or sure, they go on.
import {
  checkPermissions,
  noteMissingPermissions,
  type Permission,
} from '../../deploy/preflight/permissions.ts'
import { freezeMarker, namespace } from '../../kube/names.ts'

const marker = { group: '', resource: 'configmaps', namespace, name: freezeMarker }
const pods = { group: '', resource: 'pods', namespace }
const list: Permission = { verb: 'list', ...pods }

/** What writes the marker, and what ends it. Server-side apply may create it by its name. */
const needed = {
  freeze: [{ verb: 'patch', ...marker }, { verb: 'create', ...marker }, list],
  thaw: [{ verb: 'get', ...marker }, { verb: 'delete', ...marker }, list],
}
const helpful: Permission[] = [
  // To have kubelet refresh the volumes at once.
  { verb: 'get', ...pods },
  { verb: 'patch', ...pods },
  // For the confirmation.
  { verb: 'get', ...pods, subresource: 'log' },
  // For Pods that are being deleted.
  { verb: 'delete', ...pods },
]

/** Throws UserError with all rights that are missing for a change of the marker. */
export async function checkRights(change: keyof typeof needed): Promise<void> {
  await checkPermissions(needed[change])
}

/** Names the rights without which the change is slow, or nobody sees that it has arrived. */
export function noteMissingRights(): Promise<void> {
  const slow = 'Without patch it takes up to 90 s, and without log no Pod can confirm.'
  return noteMissingPermissions(helpful, `This goes on. ${slow}`)
}
