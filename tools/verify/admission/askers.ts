// The users as which attempts are made.
import { serviceAccount } from '../../kube/names.ts'
import type { User } from './api-server/api.ts'
import type { AdmissionTarget, Asker } from './cases/case.ts'

/** Undefined for the user of the API, who is an administrator. */
export function findUser({ namespace }: AdmissionTarget, asker?: Asker): User | undefined {
  switch (asker) {
    case undefined:
    case 'an administrator':
      return undefined
    case 'a user':
      return { name: 'editor' }
    case 'a ServiceAccount of the namespace':
      return { name: `system:serviceaccount:${namespace}:${serviceAccount}` }
    case 'the ReplicaSet controller':
      return { name: 'system:serviceaccount:kube-system:replicaset-controller' }
    case 'kubelet':
      return { name: 'system:node:nowhere', group: 'system:nodes' }
    case 'External Secrets':
      return { name: 'system:serviceaccount:external-secrets:external-secrets' }
  }
}
