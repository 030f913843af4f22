// The components on the kinds of several versions of External Secrets, from the oldest to the newest: each is accepted from its
// minimum on. Before that, make deploy and make analyze name what is missing.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { findSchemaErrors } from '../../../tools/analyze/schema.ts'
import { checkKinds, readVersion } from '../../../tools/deploy/keys/external-secrets-kinds.ts'
import { applyResource, kubectl, listApiVersions } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import { installCrds } from '../../../tools/verify/faults/support/crds.ts'
import { expectAccepted } from '../../support/api-server/accepted.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { fetchCrds, givenCrds } from '../../support/api-server/external-secrets-crds.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { makeDeployment } from '../../support/application/manifests.ts'
import { makeFolder } from '../../support/folder.ts'
import { NO_EXTERNAL_SECRETS_CRDS, needsLocalPrograms, skipUnless } from '../../support/skips.ts'
import { START_MS } from '../../support/timeouts.ts'

const policy = 'spec.provider.gcpsm.secretVersionSelectionPolicy of SecretStore/key-manager'
const sdk = 'spec.provider.azurekv.useAzureSDK of SecretStore/key-manager'
const ofOld = 'the API external-secrets.io/v1, only external-secrets.io/v1beta1'
/** What each component misses. */
type Missing = Record<'aws' | 'azure' | 'gcp', string | undefined>
const nothing: Missing = { aws: undefined, azure: undefined, gcp: undefined }
const clouds = ['aws', 'azure', 'gcp'] as const
const minimum = { aws: '0.16.1', azure: '0.20.1', gcp: '0.20.2' }

/** Those of 0.16.1, as if it served only the API before v1. */
async function writeOldCrds(): Promise<string[]> {
  const folder = await makeFolder()
  const files = await fetchCrds('0.16.1')
  return Promise.all(
    files.map(async (file, index) => {
      const crd = parse(await readFile(file, 'utf8'))
      for (const version of crd.spec.versions) version.served = version.name === 'v1beta1'
      const path = join(folder, `${index}.yaml`)
      await writeFile(path, stringify(crd))
      return path
    }),
  )
}

/** The module of 0.20.2 is not on Go's proxy. The release notes have its new field, which 0.20.1 lacks and 0.20.4 has. */
const versions: readonly [string, () => Promise<string[]>, Missing, object?][] = [
  ['v1beta1 alone', writeOldCrds, { aws: ofOld, azure: ofOld, gcp: ofOld }],
  ['0.16.1', () => fetchCrds('0.16.1'), { aws: undefined, azure: sdk, gcp: policy }],
  ['0.20.1', () => fetchCrds('0.20.1'), { ...nothing, gcp: policy }],
  ['0.20.4', () => fetchCrds('0.20.4'), nothing],
  [
    'the version of EXTERNAL_SECRETS_CRDS',
    async () => [givenCrds ?? ''],
    nothing,
    skipUnless(givenCrds, NO_EXTERNAL_SECRETS_CRDS),
  ],
]

describe('on an API server', needsLocalPrograms, () => {
  let api: Api
  const own: Record<string, Resource[]> = {}

  beforeAll(async () => {
    api = (await useBareApiServer()).api
    await kubectl(['create', 'namespace', namespace])
    for (const cloud of clouds) {
      const { resources } = await renderSample([`external-secrets-${cloud}`])
      own[cloud] = resources.filter(({ kind }) => /^(SecretStore|ExternalSecret)$/.test(kind))
    }
  })
  const check = async (cloud: string) => checkKinds(own[cloud] ?? [], await listApiVersions())

  test('without External Secrets, make deploy says so', async () => {
    await expect(check('aws')).rejects.toThrow('is not installed on this cluster')
  })

  describe.each(versions)('%s', (_, fetch, missing, options = {}) => {
    // In place, as an upgrade of the Helm chart.
    beforeAll(async () => {
      if (!('skip' in options)) await installCrds(await fetch())
    })

    test.each(clouds)('external-secrets-%s', options, async (cloud) => {
      const lacks = missing[cloud]
      // The API server publishes a changed schema a moment later.
      const limit = { timeout: START_MS, interval: 250 }
      const said = () =>
        check(cloud).then(
          () => undefined,
          ({ message, todo }) => ({ message, todo }),
        )
      if (lacks === undefined) {
        await expect.poll(said, limit).toBe(undefined)
        for (const resource of own[cloud] ?? []) await expectAccepted(api, resource)
        return
      }
      const needs = `The component external-secrets-${cloud} needs External Secrets ${minimum[cloud]} or newer`
      await expect.poll(said, limit).toMatchObject({
        message: `External Secrets on this cluster does not have ${lacks}`,
        todo: expect.stringContaining(`${needs}. Upgrade it with its CRDs`),
      })
      const found = await findSchemaErrors(own[cloud] ?? [], [])
      expect(found.length).toBeGreaterThan(0)
      for (const { message } of found) expect(message).toContain(needs)
    })
  })

  test('the version is that of the labels of the Helm chart', async () => {
    expect(await readVersion()).toBe('')
    const labels = {
      'app.kubernetes.io/name': 'external-secrets',
      'app.kubernetes.io/version': 'v2.9.0',
    }
    const deployment = makeDeployment() as unknown as Resource
    const metadata = { name: 'external-secrets', namespace, labels }
    await applyResource({ ...deployment, metadata })
    expect(await readVersion()).toBe(' 2.9.0')
  })
})
