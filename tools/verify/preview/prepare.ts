// Makes the changed resources runnable in a scratch namespace: only the closed list of kinds, with the deployed images, and without
// what only placing, scaling or other tools read. Says what it left out.
import { isDeepStrictEqual } from 'node:util'
import { itemsOf, valueAt } from '../../analyze/finding.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { listConfigMaps } from '../scratch/read-live.ts'
import { isUnread } from './refusals/annotations.ts'
import { findContainer } from './refusals/containers.ts'
import { type Context, findDeployed } from './refusals/context.ts'
import { useOf } from './refusals/kinds.ts'
import { stripMetadata } from './refusals/metadata.ts'
import { placing } from './refusals/pod.ts'

type Fields = Readonly<Record<string, unknown>>
/** The variables that our own containers read. Any other could make a runtime load code. */
const ownVariable = /^(SIGNER|FRONTEND|CALLER|PAIRING)_[A-Z_]+$/
const asDeployed = ['image', 'imagePullPolicy', 'resources']

export type Prepared = { resources: Resource[]; notes: string[] }

export function prepareChange(context: Context): Prepared {
  const notes: string[] = []
  const { changed, deployments } = context
  const used = [...context.deployed, ...changed].filter(isOwnDeployment).flatMap(listConfigMaps)
  const resources = changed.flatMap((each) => {
    const name = describeResource(each)
    const skip = (reason: string) => {
      notes.push(`${name} is left out: ${reason}`)
      return []
    }
    if (useOf(each) === 'ignore') return skip('no request depends on it')
    if (useOf(each) !== 'apply') return []
    if (each.kind === 'Deployment' && !isOwnDeployment(each)) return skip('it has no signer')
    if (each.kind === 'ConfigMap') {
      if (!used.includes(each.metadata.name)) return skip('no Pod of the signer uses it')
      return [stripMetadata(keepText(each))]
    }
    return [isOwnDeployment(each) ? prepareDeployment(each, context, notes) : stripMetadata(each)]
  })
  return { resources, notes }

  function isOwnDeployment({ kind, metadata }: Resource): boolean {
    return kind === 'Deployment' && deployments.includes(metadata.name)
  }

  /** The text of a ConfigMap may be code. Only that of the admin port has been checked. */
  function keepText(each: Resource): Resource {
    const deployed = findDeployed(context, each)
    const isChecked = valueAt(each, ['data', 'custom_bootstrap.json']) !== undefined
    if (isChecked || isDeepStrictEqual(deployed?.data, each.data)) return each
    notes.push(`${describeResource(each)} stays as deployed, because its text may be code`)
    return { ...each, data: deployed?.data ?? {} }
  }
}

function prepareDeployment(resource: Resource, context: Context, notes: string[]): Resource {
  const name = describeResource(resource)
  const spec = Object(resource.spec)
  const { template } = spec
  const pod = Object(template?.spec)
  const own = Object(valueAt(findDeployed(context, resource), ['spec', 'template', 'spec']))
  const keep = (fields: Fields, deployed: Fields, keys: readonly string[], where: string) => {
    const kept = keys.filter((key) => !isDeepStrictEqual(fields[key], deployed[key]))
    // The API server fills these in.
    for (const key of kept.filter((each) => fields[each] !== undefined)) {
      notes.push(`${name}${where}: ${key} stays as deployed${showImage(key, fields, deployed)}`)
    }
    const rest = Object.entries(fields).filter(([key]) => !keys.includes(key))
    const values = keys.filter((key) => deployed[key] !== undefined)
    return {
      ...Object.fromEntries(rest),
      ...Object.fromEntries(values.map((key) => [key, deployed[key]])),
    }
  }
  const containers: unknown[] = Array.isArray(pod.containers) ? pod.containers : []
  const annotations = Object.entries(Object(template?.metadata?.annotations))
  return {
    ...stripMetadata(resource),
    spec: {
      ...spec,
      replicas: 1,
      template: {
        metadata: {
          labels: template?.metadata?.labels,
          annotations: Object.fromEntries(annotations.filter(([key]) => !isUnread(key))),
        },
        spec: {
          ...keep(pod, own, placing, ''),
          containers: containers.map((each) => {
            const container = Object(each) as Fields
            const deployed = findContainer(resource, 'containers', container, context) ?? {}
            const where = ` container ${container.name}`
            const kept = keep(container, deployed, asDeployed, where)
            return { ...kept, ...keepVariables(container, deployed, `${name}${where}`, notes) }
          }),
        },
      },
    },
  }
}

/** Takes variables of others from what is deployed. */
function keepVariables(found: Fields, deployed: Fields, where: string, notes: string[]): Fields {
  const [all, own] = [itemsOf(found.env), itemsOf(deployed.env)]
  const isOurs = ({ name }: Fields) => ownVariable.test(String(name))
  const [theirs, kept] = [all, own].map((env) => env.filter((each) => !isOurs(each)))
  if (!isDeepStrictEqual(theirs, kept)) {
    notes.push(`${where}: its own variables stay as deployed, because one could load code`)
  }
  const env = [...all.filter(isOurs), ...(kept ?? [])]
  return env.length === 0 ? {} : { env }
}

function showImage(key: string, fields: Fields, deployed: Fields): string {
  return key === 'image' ? `: ${fields.image} → ${deployed.image}` : ''
}
