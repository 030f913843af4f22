// An API server with External Secrets' CRDs accepts the components, and only the operator gets a token for a key manager.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { findKeys, valueAt } from '../../../tools/analyze/finding.ts'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import { describeResource, type Resource } from '../../../tools/kube/resources.ts'
import { installExternalSecretsCrds } from '../../../tools/verify/faults/support/external-secrets-crds.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { makePod } from '../../support/attack/pods.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const page = await readFile(join(CHECKOUT, 'docs/key-managers.md'), 'utf8')
const operator = 'external-secrets:external-secrets'
const asOperator = `--as=system:serviceaccount:${operator}`
const create = ['create', '--dry-run=server', '--validate=strict', '-f', '-']
const components = ['external-secrets-aws', 'external-secrets-azure', 'external-secrets-gcp']
/** Returns true for the resources of such a component. */
const isAdded = ({ kind, metadata }: Resource) =>
  /^(SecretStore|ExternalSecret)$/.test(kind) || /key-reader/.test(metadata.name)

describe('on an API server', needsLocalPrograms, () => {
  const added = new Map<string, Resource[]>()

  beforeAll(async () => {
    await useBareApiServer()
    await installExternalSecretsCrds()
    for (const component of components) {
      added.set(component, (await renderSample([component])).resources.filter(isAdded))
    }
    await kubectl(['create', 'namespace', namespace])
  })

  const validate = (resource: Resource) =>
    tryRun('kubectl', create, { input: JSON.stringify(resource) })

  describe.each(components)('%s', (component) => {
    test('is accepted', async () => {
      const resources = added.get(component) ?? []
      expect(resources.map(({ kind }) => kind).toSorted()).toEqual([
        ...['ExternalSecret', 'SecretStore', 'ServiceAccount'],
        ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
      ])
      for (const resource of resources) {
        const { code, stderr } = await validate(resource)
        expect(stderr, describeResource(resource)).toBe('')
        expect(code).toBe(0)
      }
    })

    test.each(['SecretStore', 'ExternalSecret'])(
      '%s: a misspelled field is refused',
      async (kind) => {
        const resource = added.get(component)?.find((each) => each.kind === kind)
        const fields = findKeys(resource?.spec, [], (key) => Number.isNaN(Number(key)))
        expect(fields.length).toBeGreaterThan(5)
        for (const path of fields) {
          const wrong = structuredClone(resource)
          const parent = Object(valueAt(wrong?.spec, path.slice(0, -1)))
          const name = String(path.at(-1))
          parent[`${name}x`] = parent[name]
          const { code, stderr } = await tryRun('kubectl', create, { input: JSON.stringify(wrong) })
          expect(stderr).toContain(`${name}x"`)
          expect(code).toBe(1)
        }
      },
    )
  })

  test.each([
    ['aws', 'SecretStore', ['provider', 'aws', 'service'], 'SecretManager'],
    ['azure', 'SecretStore', ['provider', 'azurekv', 'authType'], 'Workload'],
    ['gcp', 'SecretStore', ['provider', 'gcpsm', 'projectID'], 7],
    ['gcp', 'ExternalSecret', ['target', 'deletionPolicy'], 'Keep'],
    ['gcp', 'ExternalSecret', ['target', 'creationPolicy'], 'Mine'],
    ['gcp', 'ExternalSecret', ['dataFrom', 0, 'extract', 'decodingStrategy'], 'base64'],
  ] as const)('%s: %s refuses a wrong value at %j', async (cloud, kind, path, value) => {
    const resources = added.get(`external-secrets-${cloud}`)
    const wrong = structuredClone(resources?.find((each) => each.kind === kind))
    Object(valueAt(wrong?.spec, path.slice(0, -1)))[String(path.at(-1))] = value
    const { code, stderr } = await tryRun('kubectl', create, { input: JSON.stringify(wrong) })
    expect(stderr).toMatch(new RegExp(`${path.at(-1)}: (Unsupported|Invalid) value`))
    expect(code).toBe(1)
  })

  describe('with the admission policy', () => {
    const token = (name: string, ...args: string[]) =>
      tryRun('kubectl', ['create', 'token', name, '-n', namespace, ...args])
    const refusal = 'may request a token of the ServiceAccount key-reader'

    beforeAll(async () => {
      const resources = added.get('external-secrets-aws') ?? []
      for (const resource of resources.filter(({ kind }) => !/^External|^Secret/.test(kind))) {
        await kubectl(['create', '-f', '-'], { input: JSON.stringify(resource) })
      }
      await kubectl(['create', 'serviceaccount', serviceAccount, '-n', namespace])
      const binding = ['--clusterrole=cluster-admin', `--serviceaccount=${operator}`]
      await kubectl(['create', 'clusterrolebinding', 'operator', ...binding])
      await vi.waitFor(async () => expect((await token('key-reader')).stderr).toContain(refusal), {
        timeout: 15_000,
        interval: 250,
      })
    })

    test('only the operator gets a token of key-reader, and not a cluster-admin', async () => {
      expect((await token('key-reader')).code).toBe(1)
      expect((await token('key-reader', asOperator)).code).toBe(0)
      expect((await token(serviceAccount)).code).toBe(0)
    })

    test('no Pod runs as key-reader, even if the operator creates it', async () => {
      const make = (name: string, ...args: string[]) =>
        tryRun('kubectl', [...create, ...args], {
          input: JSON.stringify(makePod({ serviceAccountName: name })),
        })
      expect((await make('key-reader')).stderr).toContain('no Pod may run as the ServiceAccount')
      expect((await make('key-reader', asOperator)).stderr).toContain('no Pod may run as')
      expect((await make(serviceAccount)).stderr).toBe('')
    })

    // There is no cloud in this test. It checks the conditions of the page on tokens of the cluster.
    test.each([
      ['AWS', 'sts.amazonaws.com'],
      ['Azure', 'api://AzureADTokenExchange'],
      ['Google', 'signing-clusters.svc.id.goog'],
    ])('the token of the frontend fails both conditions of %s', async (_, audience) => {
      const subject = `system:serviceaccount:${namespace}:key-reader`
      expect(page).toContain(subject)
      const read = async (name: string, aud: string, ...args: string[]) =>
        decodeJwt((await token(name, `--audience=${aud}`, ...args)).stdout.trim())
      const accepted = await read('key-reader', audience, asOperator)
      expect(accepted).toMatchObject({ sub: subject, aud: [audience] })
      const callers = await read(serviceAccount, 'signer')
      expect(callers.sub).not.toBe(subject)
      expect(callers.aud).not.toContain(audience)
    })
  })
})
