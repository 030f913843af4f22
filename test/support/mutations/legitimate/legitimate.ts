// Changes that users, tools and the API server make every day. `make analyze` has to be silent about each, alone and together.
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Random } from '../../audit/mutations.ts'
import { toMutation } from '../mutation.ts'
import { adaptations } from './adapted.ts'
import { harmless } from './exact.ts'
import { listOwnResources } from './own-resources.ts'
import { podChanges } from './pod.ts'
import { written } from './written.ts'

type Legitimate = (resources: readonly Resource[], random: Random) => Resource[]
export type LegitimateChange = { name: string; resources: () => Resource[] }

/** Makes each change alone, and `together` combinations of up to five. The seed of `random` chooses them. */
export function listLegitimate(
  resources: readonly Resource[],
  isMeshed: boolean,
  random: Random,
  together: number,
): LegitimateChange[] {
  const changes = Object.entries(listChanges(resources, isMeshed))
  const alone = changes.map((each) => [each])
  const combined = Array.from({ length: together }, () =>
    Array.from({ length: 2 + random(4) }, () => changes[random(changes.length)] ?? []),
  )
  return [...alone, ...combined].map((chosen) => ({
    name: chosen.map(([name]) => name).join(' + '),
    resources: () =>
      chosen.reduce<Resource[]>(
        (each, [, change]) => (change as Legitimate | undefined)?.(each, random) ?? each,
        [...resources],
      ),
  }))
}

function listChanges(
  resources: readonly Resource[],
  isMeshed: boolean,
): Record<string, Legitimate> {
  const namespace = resources.find(({ kind }) => kind === 'Deployment')?.metadata.namespace ?? ''
  const own = listOwnResources(namespace, isMeshed)
  const add =
    (added: readonly Resource[]): Legitimate =>
    (each) => [...each, ...added]
  return {
    ...Object.fromEntries(Object.entries(podChanges).map(([name, of]) => [name, inPod(of)])),
    ...Object.fromEntries(
      Object.entries(written).map(([name, one]) => [name, (each) => each.map(one)]),
    ),
    ...adaptations,
    ...Object.fromEntries(Object.entries(harmless).map(([name, one]) => [`exact: ${name}`, one])),
    ...Object.fromEntries(own.map((each) => [`+ ${each.kind}/${each.metadata.name}`, add([each])])),
    'a whole application beside it': add(own),
  }
}

/** Applies the changes to the Deployment of the application. */
function inPod(of: (typeof podChanges)[string]): Legitimate {
  return (resources) => {
    const deployment = resources.find(isApplication)
    return of === undefined || deployment === undefined
      ? [...resources]
      : of(deployment).reduce<Resource[]>(
          (each, change) => {
            const changed = each.find(isApplication)
            return changed ? toMutation(each, changed, change).resources() : each
          },
          [...resources],
        )
  }
}

function isApplication({ kind, spec }: Resource): boolean {
  const containers: { name: string }[] = Object(spec).template?.spec?.containers ?? []
  return kind === 'Deployment' && containers.some(({ name }) => name === 'frontend')
}
