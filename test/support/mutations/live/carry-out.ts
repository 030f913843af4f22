// Applies and deletes resources of a lane through the API server.
import { isDeepStrictEqual } from 'node:util'
import { type Resource, resourceKey, resourceSchema } from '../../../../tools/kube/resources.ts'
import {
  type Answer,
  type Api,
  pathOfKind,
} from '../../../../tools/verify/admission/api-server/api.ts'
import type { Difference } from './difference.ts'

const FIELDS = 'fieldManager=secure-signing&fieldValidation=Strict'
const pathOf = (resource: Resource) => `${pathOfKind(resource)}/${resource.metadata.name}`

function patch(api: Api, resource: Resource, options = ''): Promise<Answer> {
  return api.send({
    ...{
      method: 'PATCH',
      path: `${pathOf(resource)}?${FIELDS}&force=true${options}`,
      body: resource,
    },
    contentType: 'application/apply-patch+yaml',
  })
}

/** Has the API server check a resource. Its answer is what it would store. */
export function tryApply(api: Api, resource: Resource): Promise<Answer> {
  return patch(api, withoutAddress(resource), '&dryRun=All')
}

/** Has the API server check what would be applied. Returns why it refuses, or undefined. */
export async function findRefusal(api: Api, { applied }: Difference): Promise<string | undefined> {
  for (const each of applied) {
    const { status, said } = await tryApply(api, each)
    if (status >= 400) return said
  }
  return undefined
}

/**
 * Whether the API server would store the same content as before. `contentOf`: of what it stores. False if a resource is deleted or
 * new, and so if it was moved.
 */
export async function isStoredAsBefore(
  api: Api,
  before: readonly Resource[],
  { applied, deleted }: Difference,
  contentOf: (stored: Resource) => unknown,
): Promise<boolean> {
  if (deleted.length > 0) return false
  const read = async (each: Resource) =>
    contentOf(resourceSchema.parse(JSON.parse((await tryApply(api, each)).said)))
  for (const each of applied) {
    const former = before.find((one) => resourceKey(one) === resourceKey(each))
    if (former === undefined) return false
    if (!isDeepStrictEqual(await read(each), await read(former))) return false
  }
  return true
}

/** Throws what the API server says if it refuses one. */
export async function carryOut(api: Api, { applied, deleted }: Difference): Promise<void> {
  for (const each of applied) {
    await createAtAddress(api, each)
    demand(each, await patch(api, withoutAddress(each)))
  }
  for (const each of deleted) {
    const answer = await api.send({
      ...{ method: 'DELETE', path: `${pathOf(each)}?gracePeriodSeconds=0` },
    })
    if (answer.status !== 404) demand(each, answer)
  }
}

function demand(resource: Resource, { status, said }: Answer): void {
  if (status >= 400) throw new Error(`${pathOf(resource)}: ${said}`)
}

/** Creates a Service that has to have a certain address, if it is not there. */
async function createAtAddress(api: Api, resource: Resource): Promise<void> {
  if (resource.kind !== 'Service' || Object(resource.spec).clusterIP === undefined) return
  const found = await api.send({ method: 'GET', path: pathOf(resource) })
  if (found.status !== 404) return
  const path = `${pathOfKind(resource)}?${FIELDS}`
  demand(resource, await api.send({ method: 'POST', path, body: resource }))
}

/** An apply that leaves the address out keeps it, and one that names it owns it. */
function withoutAddress(resource: Resource): Resource {
  if (resource.kind !== 'Service') return resource
  const { clusterIP: _address, ...spec } = Object(resource.spec)
  return { ...resource, spec }
}
