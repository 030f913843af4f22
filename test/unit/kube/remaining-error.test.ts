// What a command says about resources that it could not delete.
import { expect, test } from 'vitest'
import type { Remaining } from '../../../tools/kube/deletion/remaining.ts'
import { RemainingError } from '../../../tools/kube/deletion/remaining-error.ts'

const make = (
  kind: string,
  finalizers: string[],
  { apiVersion = 'v1', isDeleting = true, conditions = [] as string[] } = {},
): Remaining => ({
  resource: { apiVersion, kind, metadata: { name: 'a', namespace: 'signing' } },
  ...{ isDeleting, finalizers, conditions },
})
const explain = (remaining: readonly Remaining[], refusal = '') =>
  new RemainingError(remaining, refusal, 'make undeploy')
const cleanup = 'externalsecrets.external-secrets.io/externalsecret-cleanup'

test.each([
  [cleanup, 'External Secrets'],
  ['secretstore.externalsecrets.io/finalizer', 'External Secrets'],
  ['externalsecrets.external-secrets.io/ces-keys', 'External Secrets'],
  ['finalizers.fluxcd.io', 'Flux'],
  ['resources-finalizer.argocd.argoproj.io/foreground', 'Argo CD'],
  ['acme.example/protect', 'the controller of acme.example'],
  ['acme-protect', 'the controller of acme-protect'],
])('the finalizer %s is removed by %s, by a command of the user alone', (finalizer, owner) => {
  const { message, todo } = explain([make('ConfigMap', [finalizer])])
  expect(message).toBe(
    `ConfigMap/a is being deleted. It waits for its finalizer ${finalizer}, which ${owner} has not removed.`,
  )
  expect(todo).toContain(`Start ${owner} again.`)
  expect(todo).toContain(
    `kubectl patch configmap a -n signing --type=merge -p '{"metadata":{"finalizers":[]}}'`,
  )
  expect(todo).toMatch(/→ Then run `make undeploy` again\.$/)
})

test('each command removes one finalizer, and leaves the others', () => {
  const { todo } = explain([
    make('ExternalSecret', [cleanup, 'acme.example/a'], { apiVersion: 'external-secrets.io/v1' }),
  ])
  const of = 'kubectl patch externalsecret.external-secrets.io a -n signing --type=merge -p'
  expect(todo).toContain(`${of} '{"metadata":{"finalizers":["acme.example/a"]}}'`)
  expect(todo).toContain(`${of} '{"metadata":{"finalizers":["${cleanup}"]}}'`)
})

test.each(['foregroundDeletion', 'kubernetes', 'kubernetes.io/pvc-protection'])(
  'nobody is told to remove the finalizer %s of Kubernetes itself',
  (finalizer) => {
    const { todo } = explain([make('Namespace', [finalizer])])
    expect(todo).toContain('kubectl describe namespace a')
    expect(todo).not.toContain('patch')
  },
)

test('the conditions of a namespace say what is in it', () => {
  const conditions = ['Some content has finalizers remaining']
  expect(explain([make('Namespace', ['kubernetes'], { conditions })]).message).toContain(
    conditions[0],
  )
})

test('webhooks that refuse a deletion are named once', () => {
  const refusal = ['a.example', 'b.example', 'a.example']
    .map(
      (each) =>
        `Error from server (InternalError): error when deleting "STDIN": Internal error occurred: failed calling webhook "${each}": no endpoints`,
    )
    .join('\n')
  const kept = [make('ExternalSecret', [cleanup], { isDeleting: false })]
  const { message, todo } = explain(kept, refusal)
  expect(message).toBe(
    'the API server does not delete ExternalSecret/a, because the webhook a.example, b.example does not answer',
  )
  expect(todo).toContain('Start the program of the webhook again.')
})

test('any other refusal is quoted, and a resource that is back is named', () => {
  const kept = [make('ConfigMap', [], { isDeleting: false })]
  const refusal = 'Error from server (Conflict): error when deleting "STDIN": it is in use'
  expect(explain(kept, refusal).message).toBe(
    'the API server does not delete ConfigMap/a: it is in use',
  )
  expect(explain(kept).message).toBe('something created ConfigMap/a again after the deletion')
})
