// Decisions of `make deploy` that need no cluster.
import { createHmac, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { condenseErrors } from '../../../tools/deploy/apply/apply.ts'
import { isFalsePositive } from '../../../tools/deploy/apply/istioctl-false-positives.ts'
import { splitByVerdict } from '../../../tools/deploy/apply/istioctl-verdicts.ts'
import { computeOpensslHmac } from '../../../tools/deploy/openssl-hmac.ts'
import {
  checkAdmissionKinds,
  isRefusedOnlyByOurPolicies,
} from '../../../tools/deploy/preflight/admission.ts'
import { pluralize } from '../../../tools/deploy/preflight/permissions.ts'
import { isImageSource } from '../../../tools/images/image-references.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { chooseInjector } from '../../../tools/kube/sidecar-injector.ts'
import { makeFolder } from '../../support/folder.ts'

describe('the sidecar injector', () => {
  const offers = (...labels: string[]) =>
    labels.map((label) => ({ label, revision: label, namespace: 'istio-system' }))

  test.each([
    ['the default, if there is one', ['1-30', 'default'], undefined, 'default'],
    ['the only one', ['1-31'], undefined, '1-31'],
    ['the one that the user names', ['1-30', 'default'], '1-30', '1-30'],
    ['the one of the namespace', ['asm-1-29', 'asm-1-30'], undefined, 'asm-1-30', 'asm-1-30'],
    ['the one of the namespace, not the default', ['1-30', 'default'], undefined, '1-30', '1-30'],
    ['the default, if the one of the namespace is gone', ['default'], undefined, 'default', '1-29'],
    ['the one that the user names, not the one of the namespace', ['a', 'b'], 'b', 'b', 'a'],
  ])('is %s', (_, labels, wanted, chosen, current?: string) => {
    expect(chooseInjector(offers(...labels), wanted, current).label).toBe(chosen)
  })

  test.each([
    ['there is none', [], undefined],
    ['there are several and none is the default', ['1-30', '1-31'], undefined],
    ['the one that the user names does not exist', ['default'], '1-30'],
  ])('is not guessed if %s', (_, labels, wanted) => {
    expect(() => chooseInjector(offers(...labels), wanted)).toThrow()
  })
})

describe('a message of istioctl about a resource that the deployment creates or removes', () => {
  const make = (kind: string, name: string, spec: unknown): Resource => ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'signing' },
    spec,
  })
  const app = { app: 'secure-signing' }
  const resources = [
    make('Deployment', 'd', { template: { metadata: { labels: app } } }),
    make('Service', 'frontend', {}),
    make('Sidecar', 's', {}),
    make('VirtualService', 'v', {}),
    make('DestinationRule', 'r', {}),
    make('AuthorizationPolicy', 'right', { selector: { matchLabels: app } }),
    make('AuthorizationPolicy', 'wrong', { selector: { matchLabels: { app: 'other' } } }),
    make('AuthorizationPolicy', 'all', {}),
  ]
  const unknownHost = (name: string) =>
    `The host ${name} defined in the DestinationRule does not match any services in the mesh.`
  const missing = (what: string, name: string) => `Referenced ${what} not found: "${name}"`

  test.each([
    [true, 'IST0127', 'AuthorizationPolicy signing/right', ''],
    [true, 'IST0127', 'AuthorizationPolicy signing/all', ''],
    [false, 'IST0127', 'AuthorizationPolicy signing/wrong', ''],
    [false, 'IST0127', 'AuthorizationPolicy signing/unknown', ''],
    [true, 'IST0101', 'Sidecar signing/s', missing('selector', 'app=secure-signing')],
    [false, 'IST0101', 'Sidecar signing/s', missing('selector', 'app=other')],
    [
      true,
      'IST0101',
      'VirtualService signing/v',
      missing('host', 'frontend.signing.svc.cluster.local'),
    ],
    [
      false,
      'IST0101',
      'VirtualService signing/v',
      missing('host', 'front.signing.svc.cluster.local'),
    ],
    [true, 'IST0101', 'VirtualService signing/v', missing('host', 'frontend')],
    [false, 'IST0101', 'VirtualService signing/v', missing('gateway', 'public')],
    [true, 'IST0174', 'DestinationRule signing/r', unknownHost('frontend')],
    [false, 'IST0174', 'DestinationRule signing/r', unknownHost('front')],
    [false, 'IST0145', 'Sidecar signing/s', 'conflict'],
  ])('is a false positive: %s, for %s %s %s', (isFalse, code, origin, message) => {
    const found = { code, level: 'Warning', message, origin, reference: '' }
    expect(isFalsePositive(resources, found)).toBe(isFalse)
  })

  test('is a false positive if two applications open the same port', () => {
    const message =
      'Conflict with gateways orders/public (workload selector istio=ingressgateway, port 80, hosts *).'
    const found = { code: 'IST0145', level: 'Error', message, origin: 'Gateway signing/public' }
    expect(isFalsePositive(resources, { ...found, reference: '' })).toBe(true)
  })

  test.each([
    [true, 'public', 'signing/world'],
    [true, 'world', 'signing/public'],
    [false, 'public', 'other/gateway'],
    [false, 'public', 'other/public,other/gateway'],
    [false, 'public', 'other/gateway,signing/world'],
  ])(
    'is a false positive: %s, for Gateway %s in conflict with %s, if world is removed',
    (isFalse, name, others) => {
      const message = `Conflict with gateways ${others} (workload selector istio=ingressgateway, port 80, hosts *).`
      const origin = `Gateway signing/${name}`
      const found = { code: 'IST0145', level: 'Error', message, origin, reference: '' }
      expect(isFalsePositive(resources, found, [make('Gateway', 'world', {})])).toBe(isFalse)
      expect(isFalsePositive(resources, found)).toBe(false)
    },
  )

  test.each([
    [true, 'secure-signing signer'],
    [false, 'signer theirs'],
    [false, 'secure-signing signer theirs'],
  ])(
    'is a false positive: %s, for the Sidecars %s, if secure-signing is removed',
    (isFalse, names) => {
      const message = `The Sidecars [${names}] in namespace "signing" select the same workload pod "x", which can lead to undefined behavior.`
      const found = {
        code: 'IST0110',
        level: 'Error',
        message,
        origin: 'Sidecar signing/signer',
        reference: '',
      }
      expect(isFalsePositive(resources, found, [make('Sidecar', 'secure-signing', {})])).toBe(
        isFalse,
      )
      expect(isFalsePositive(resources, found)).toBe(false)
    },
  )
})

describe('a message of istioctl', () => {
  const ours: Resource[] = [
    ...['Deployment', 'AuthorizationPolicy', 'Sidecar'].map((kind) => ({
      ...{ apiVersion: 'v1', kind, metadata: { name: 'secure-signing', namespace: 'signing' } },
    })),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'signing' } },
  ]
  const split = (code: string, origin: string, reference = '') =>
    splitByVerdict([{ code, level: 'Warning', message: '', origin, reference }], ours)

  test.each([
    ['IST0127', 'AuthorizationPolicy signing/secure-signing'],
    ['IST0110', 'Sidecar signing/secure-signing'],
    ['IST0103', 'Pod signing/secure-signing-67f9d6646f-265dl'],
    ['IST0106', ''],
  ])('%s about %s stops a deployment', (code, origin) => {
    expect(split(code, origin, 'rendered.yaml:3')).toMatchObject({
      problems: [{ code }],
      notes: [],
    })
  })

  test.each([
    ['IST0123', 'Namespace signing'],
    ['IST0108', 'Deployment signing/secure-signing'],
    ['IST0127', 'AuthorizationPolicy signing/theirs'],
    ['IST0103', 'Pod signing/theirs-67f9d6646f-265dl'],
    ['IST0999', 'Sidecar signing/secure-signing'],
  ])('%s about %s is a note', (code, origin) => {
    expect(split(code, origin)).toMatchObject({ problems: [], notes: [{ code }] })
  })
})

test.each([
  ['AuthorizationPolicy', 'authorizationpolicies'],
  ['Gateway', 'gateways'],
  ['ServiceEntry', 'serviceentries'],
  ['ValidatingAdmissionPolicy', 'validatingadmissionpolicies'],
  ['ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'],
  ['PodDisruptionBudget', 'poddisruptionbudgets'],
  ['HorizontalPodAutoscaler', 'horizontalpodautoscalers'],
  ['DestinationRule', 'destinationrules'],
  ['Role', 'roles'],
  ['SecretStore', 'secretstores'],
  ['ExternalSecret', 'externalsecrets'],
])('the API calls %s %s', (kind, plural) => expect(pluralize(kind)).toBe(plural))

test.each([
  ['signer/hmac.ts', true],
  ['signer/hmac.test.ts', false],
  ['signer/test/case.ts', false],
  ['runtime/node_modules/x.js', false],
  ['client/dist/index.js', false],
  ['client/README.md', false],
  ['signer/latest.ts', true],
])('%s goes into an image: %s', (path, goes) => expect(isImageSource(path)).toBe(goes))

test.each([
  ['a key with NUL and high bytes', Buffer.from('00ff80', 'hex'), 'message'],
  ['a key of 32 bytes', randomBytes(32), 'grüße'],
  ['a key of a block', randomBytes(64), 'message'],
  ['a key longer than a block', randomBytes(100), 'message'],
  ['an empty message', randomBytes(32), ''],
])('OpenSSL computes the HMAC without the key in an argument: %s', async (_, key, message) => {
  const expected = createHmac('sha256', key).update(message).digest('hex')
  expect(await computeOpensslHmac(key, Buffer.from(message))).toBe(expected)
})

describe('an error of the API server', () => {
  const denial = (policy: string) =>
    `The pods "p" is invalid: : ValidatingAdmissionPolicy '${policy}' with binding 'b' denied request: no`

  test.each([
    ['is from our policies alone', true, denial('secure-signing-key-stays-in-signer')],
    [
      'is from them, with a warning',
      true,
      `Warning: w\n${denial('secure-signing-key-stays-in-signer')}\n`,
    ],
    ['is from another policy', false, denial('other')],
    ['has another reason too', false, `${denial('secure-signing-x')}\nerror: conflict`],
    ['is empty', false, ''],
  ])('%s: %s', (_, isAlone, stderr) => expect(isRefusedOnlyByOurPolicies(stderr)).toBe(isAlone))
})

test('each error of kubectl is printed once, without its advice', () => {
  const advice = [
    'Please review the fields above--they currently have other managers. Here',
    'are the ways you can resolve this warning:\n* If you intend to manage …',
    'See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts',
  ]
  const conflict = (field: string) =>
    [`Apply failed with 1 conflict: conflict with "kubectl": ${field}`, ...advice].join('\n')
  const denied = 'Error from server (Forbidden): no'
  const output = [denied, conflict('.spec.a'), conflict('.spec.a'), conflict('.spec.b')].join('\n')
  expect(condenseErrors(output).split('\n')).toEqual([
    denied,
    'Apply failed with 1 conflict: conflict with "kubectl": .spec.a',
    'Apply failed with 1 conflict: conflict with "kubectl": .spec.b',
  ])
})

test('a cluster without admission policies is refused', async () => {
  const folder = await makeFolder()
  await writeFile(join(folder, 'kubectl'), `#!/bin/sh\necho '{"resources": []}'\n`, { mode: 0o755 })
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
  await expect(checkAdmissionKinds()).rejects.toThrow('has no ValidatingAdmissionPolicy')
  vi.unstubAllEnvs()
})
