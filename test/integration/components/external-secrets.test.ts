// An API server with External Secrets' CRDs accepts the components, and only the operator gets a token for a key manager.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { valueAt } from '../../../tools/analyze/finding.ts'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { deleteResources } from '../../../tools/kube/deletion/delete-resources.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import { makePod } from '../../../tools/verify/admission/pods.ts'
import { expectAccepted, expectFixedFields } from '../../support/api-server/accepted.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installNewestCrds } from '../../support/api-server/external-secrets-crds.ts'
import { renderSample } from '../../support/api-server/sample.ts'
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
  let api: Api

  beforeAll(async () => {
    api = (await useBareApiServer()).api
    await installNewestCrds()
    for (const component of components) {
      added.set(component, (await renderSample([component])).resources.filter(isAdded))
    }
    await kubectl(['create', 'namespace', namespace])
  })

  function find(component: string, kind: string): Resource {
    const found = added.get(component)?.find((each) => each.kind === kind)
    if (found === undefined) throw new Error(`${component} has no ${kind}`)
    return found
  }

  describe.each(components)('%s', (component) => {
    test('is accepted', async () => {
      const resources = added.get(component) ?? []
      expect(resources.map(({ kind }) => kind).toSorted()).toEqual([
        ...['ExternalSecret', 'SecretStore', 'ServiceAccount'],
        ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
      ])
      for (const resource of resources) await expectAccepted(api, resource)
    })

    test.each(['SecretStore', 'ExternalSecret'])(
      '%s: a misspelled field is refused',
      async (kind) => {
        expect(await expectFixedFields(api, find(component, kind))).toBeGreaterThan(5)
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
    const wrong = structuredClone(find(`external-secrets-${cloud}`, kind))
    Object(valueAt(wrong.spec, path.slice(0, -1)))[String(path.at(-1))] = value
    const { status, said } = await api.tryCreate(wrong)
    expect(said).toMatch(new RegExp(`${path.at(-1)}: (Unsupported|Invalid) value`))
    expect(status).toBe(422)
  })

  describe('with the admission policy', () => {
    const token = (name: string, ...args: string[]) =>
      tryRun('kubectl', ['create', 'token', name, '-n', namespace, ...args])
    const refusal = 'may request a token of the ServiceAccount key-reader'

    let created: Resource[]

    beforeAll(async () => {
      const resources = added.get('external-secrets-aws') ?? []
      created = resources.filter(({ kind }) => !/^External|^Secret/.test(kind))
      for (const resource of created) await api.create(resource)
      await kubectl(['create', 'serviceaccount', serviceAccount, '-n', namespace])
      const binding = ['--clusterrole=cluster-admin', `--serviceaccount=${operator}`]
      await kubectl(['create', 'clusterrolebinding', 'operator', ...binding])
      await vi.waitFor(async () => expect((await token('key-reader')).stderr).toContain(refusal), {
        timeout: 15_000,
        interval: 250,
      })
    })
    afterAll(() => deleteResources(created))

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
