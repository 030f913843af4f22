// The commands that delete the resources of an earlier deployment.
import { expect, test } from 'vitest'
import { formatDeletions } from '../../../tools/deploy/apply/orphaned-resources.ts'
import type { Resource } from '../../../tools/kube/resources.ts'

function make(kind: string, name: string, namespace?: string): Resource {
  return { apiVersion: 'v1', kind, metadata: { name, ...(namespace && { namespace }) } }
}

test('there is one command for each namespace, and resources without one come last', () => {
  const resources = [
    make('Namespace', 'seccomp-profiles'),
    make('NetworkPolicy', 'signer-deny-all', 'signing'),
    make('DaemonSet', 'seccomp-profiles', 'seccomp-profiles'),
    make('NetworkPolicy', 'signer-allow-dns', 'signing'),
  ]
  expect(formatDeletions(resources)).toEqual([
    'kubectl delete -n seccomp-profiles DaemonSet/seccomp-profiles',
    'kubectl delete -n signing NetworkPolicy/signer-deny-all NetworkPolicy/signer-allow-dns',
    'kubectl delete Namespace/seccomp-profiles',
  ])
})
