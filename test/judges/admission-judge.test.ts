// What single changes of the admission policies do, on a real API server. Each validation refuses something that nothing else does.
import { beforeAll, describe, expect, test } from 'vitest'
import type { Resource } from '../../tools/kube/resources.ts'
import { anyoneMay } from '../../tools/verify/admission/api-server/api-server.ts'
import { compareOn } from '../../tools/verify/admission/compare.ts'
import { judgeOn } from '../support/admission/admission-judge.ts'
import { startBareApiServer } from '../support/api-server/bare-api-server.ts'
import { listMutations } from '../support/mutations/list-mutations.ts'
import type { Mutation } from '../support/mutations/mutation.ts'
import { renderChanges, renderShipment } from '../support/mutations/renderings.ts'
import { needsLocalPrograms } from '../support/skips.ts'

const deletedValidation = /^ValidatingAdmissionPolicy\/.* spec\.validations\[\d+\] \{.* deleted$/
/** Why nothing refuses what a validation refuses, or why it cannot be deleted. */
const alone: readonly (readonly [change: RegExp, reason: string])[] = [
  [
    /pods-stay-restricted spec\.validations\[0\]/,
    'the API server accepts hostProcess only with hostNetwork, which another validation refuses',
  ],
  [
    /pods-stay-restricted spec\.validations\[2\]/,
    'the API server accepts privileged only with privilege escalation, which another one refuses',
  ],
  [/-as-released spec\.validations\[0\]|kubelet-alone/, 'a policy needs a validation'],
]

async function judgeAll(resources: readonly Resource[], mutations: readonly Mutation[]) {
  const { api } = await startBareApiServer(anyoneMay)
  const verdicts = await Array.fromAsync(judgeOn(api, resources, mutations))
  return new Map(verdicts.map(([{ name }, verdict]) => [name, verdict]))
}

describe('a change of the admission policies', needsLocalPrograms, () => {
  let resources: Resource[]
  let mutations: Mutation[]
  let verdicts: Awaited<ReturnType<typeof judgeAll>>

  const known: Record<string, RegExp> = {
    opens: /Binding\/secure-signing-key-stays-in-signer spec\.validationActions\[0\] Deny deleted$/,
    weakens: /around-proxy spec\.variables\[12\]\.expression .* 'hmac-key' → '' \(at 89\)$/,
    breaks: /secure-signing-no-way-into-signer spec\.validations\[0\]\.expression → false$/,
    nothing:
      /Policy\/secure-signing-key-stays-in-signer spec\.validations\[0\]\.message .* deleted$/,
  }

  beforeAll(async () => {
    resources = await renderShipment('default')
    mutations = listMutations(resources)
    const chosen = [...Object.values(known), deletedValidation]
    verdicts = await judgeAll(
      resources,
      mutations.filter(({ name }) => chosen.some((each) => each.test(name))),
    )
  })

  test.each(Object.entries(known))('%s, as the attempts show', (wanted, pattern) => {
    const found = [...verdicts].filter(([name]) => pattern.test(name))
    expect(found.map(([, verdict]) => verdict.class)).toEqual([wanted])
  })

  test('opens the same if the whole deployment is tried, under its own names', async () => {
    const mutation = mutations.find(({ name }) => known.opens?.test(name))
    const { api } = await startBareApiServer(anyoneMay)
    const found = await compareOn(api, resources, mutation?.resources() ?? [])
    expect(found.filter((each) => each.class === 'breaks')).toEqual([])
    expect(found).toContainEqual({
      ...{ name: 'Pod: the frontend mounts the key', class: 'opens' },
      ...{ before: 'refused by key-stays-in-signer', after: 'accepted' },
    })
  })

  test('opens something if it deletes a validation', () => {
    expect(listUnexplained(verdicts)).toEqual([])
  })

  test.each(['vault', 'external-secrets-aws', 'selinux', 'seccomp'])(
    'opens something if it deletes a validation of %s',
    async (name) => {
      const changes = await renderChanges(name)
      const deleted = changes.mutations.filter((each) => deletedValidation.test(each.name))
      expect(deleted).not.toEqual([])
      expect(listUnexplained(await judgeAll(changes.resources, deleted))).toEqual([])
    },
  )
})

function listUnexplained(verdicts: Awaited<ReturnType<typeof judgeAll>>): string[] {
  return [...verdicts]
    .filter(
      ([name]) => deletedValidation.test(name) && !alone.some(([change]) => change.test(name)),
    )
    .filter(([, verdict]) => verdict.class !== 'opens' && verdict.class !== 'weakens')
    .map(([name]) => name)
}
