// The components seccomp and apparmor fit any Deployment with the labels, and a signer needs its seccomp profile.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { attemptCase, findJudge } from '../../../tools/verify/admission/attempt.ts'
import type { ResourceChange } from '../../../tools/verify/admission/change-resource.ts'
import {
  type GuardedApiServer,
  startGuardedApiServer,
} from '../../support/api-server/guarded-api-server.ts'
import { makeRenderFolder } from '../../support/folder.ts'
import { readProfileFiles } from '../../support/services/seccomp-profiles.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const components = ['seccomp', 'apparmor']
const files = Object.entries(readProfileFiles())
test.each(files)('%s has the hash of its content in its name', (name, text) => {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8)
  expect(name).toMatch(new RegExp(`^(frontend|signer)-${digest}[.]json$`))
})

/** A Deployment with these containers and our labels. */
function makeDeployment(name: string, containers: readonly string[]): Resource {
  const labels = containers.map((each) => [`secure-signing.dev/${each}`, 'true'])
  const spec = { containers: containers.map((each) => ({ name: each, image: `${each}:1` })) }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'elsewhere', labels: Object.fromEntries(labels) },
    spec: { selector: {}, template: { spec } },
  }
}

test('the components apply to two Deployments of any name', async () => {
  const folder = await makeRenderFolder()
  const given = [
    makeDeployment('public', ['frontend']),
    makeDeployment('keys', ['signer']),
    makeDeployment('both', ['frontend', 'signer']),
    makeDeployment('other', ['sidecar']),
  ]
  await writeFile(join(folder, 'all.yaml'), given.map((each) => stringify(each)).join('---\n'))
  const kustomization = {
    resources: ['all.yaml'],
    components: components.map((name) => `../../k8s/components/${name}`),
  }
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization))
  const resources = parseResources(await kubectl(['kustomize', folder]))
  const found = resources
    .filter(({ kind }) => kind === 'Deployment')
    .map((each) => [
      each.metadata.name,
      Object(each.spec).template.spec.containers.map(listProfiles),
    ])
  const [frontend, signer] = ['frontend', 'signer'].map((name) => ({
    name,
    seccomp: findFile(name),
    appArmor: `secure-signing-${name}`,
  }))
  expect(Object.fromEntries(found)).toEqual({
    public: [frontend],
    keys: [signer],
    both: [frontend, signer],
    other: [{ name: 'sidecar', seccomp: undefined, appArmor: undefined }],
  })
})

const findFile = (container: string) =>
  files.map(([name]) => `secure-signing/${name}`).find((name) => name.includes(container))

function listProfiles({ name, securityContext }: { name: string; securityContext: unknown }) {
  const { seccompProfile, appArmorProfile } = Object(securityContext)
  return {
    name,
    seccomp: seccompProfile?.localhostProfile,
    appArmor: appArmorProfile?.localhostProfile,
  }
}

describe('the API server', needsLocalPrograms, () => {
  let guarded: GuardedApiServer
  const make = (...changes: ResourceChange[]) =>
    attemptCase(guarded.target, { does: 'make', changes })
  const context = 'spec.containers.1.securityContext'

  beforeAll(async () => {
    guarded = await startGuardedApiServer(components)
  })

  test('accepts the Pod, with Pod Security "restricted"', async () => {
    expect(await make()).toMatchObject({ isAllowed: true })
  })

  test.each<[string, ResourceChange]>([
    ['missing', [`${context}.seccompProfile`, undefined]],
    ["the runtime's", [`${context}.seccompProfile`, { type: 'RuntimeDefault' }]],
    [
      "the frontend's",
      [`${context}.seccompProfile`, { type: 'Localhost', localhostProfile: findFile('frontend') }],
    ],
    [
      'another one in the same folder',
      [
        `${context}.seccompProfile`,
        { type: 'Localhost', localhostProfile: 'secure-signing/signer-0.json' },
      ],
    ],
  ])('refuses a signer whose seccomp profile is %s', async (_, change) => {
    const { said } = await make(change)
    expect(findJudge(said)).toBe('signer-runs-as-released')
    expect(said).toContain('the signer runs under its own seccomp profile')
  })

  test('accepts a signer with the profile of an older release', async () => {
    const localhostProfile = 'secure-signing/signer-01234567.json'
    const change: ResourceChange = [
      `${context}.seccompProfile`,
      { type: 'Localhost', localhostProfile },
    ]
    expect(await make(change)).toMatchObject({ isAllowed: true })
  })
})
