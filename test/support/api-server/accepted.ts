// What an API server accepts: the resource itself, and none of its fields under another name.
import { expect } from 'vitest'
import { findKeys, type Path, valueAt } from '../../../tools/analyze/finding.ts'
import { describeResource, type Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'

/** Expects that the API server would create `resource`, without a warning. */
export async function expectAccepted(api: Api, resource: Resource): Promise<void> {
  const answer = await api.tryCreate(resource)
  expect(answer, describeResource(resource)).toMatchObject({ status: 201, warning: '' })
}

/** Expects that the API server refuses each field of the spec under another name. Returns the number of fields. */
export async function expectFixedFields(api: Api, resource: Resource): Promise<number> {
  const fields = findKeys(resource.spec, [], (key) => Number.isNaN(Number(key)))
  const fixed = fields.filter((path) => !isFree(resource, path))
  for (const path of fixed) {
    const wrong = structuredClone(resource)
    const parent = Object(valueAt(wrong.spec, path.slice(0, -1)))
    const name = String(path.at(-1))
    parent[`${name}x`] = parent[name]
    const { status, said } = await api.tryCreate(wrong)
    expect(said).toContain(`${name}x"`)
    expect(status).toBe(400)
  }
  return fixed.length
}

/** Labels may have any name. The selector of a Gateway holds labels directly. */
function isFree({ kind }: Resource, path: Path): boolean {
  const [first, second] = path
  const inMap = path.slice(0, -1).some((key) => key === 'matchLabels' || key === 'labels')
  return inMap || (kind === 'Gateway' && first === 'selector' && second !== undefined)
}
