// Which components a Pod has. Other resources tell it of some. Of the others, the Pod itself does: it has most of what they add.
import { isDeepStrictEqual } from 'node:util'
import { sortComponents } from '../../../deploy/render/components.ts'
import { componentNames } from '../../../kube/application/component-names.ts'
import { valueAt } from '../../finding.ts'
import { pathOf } from '../../model/pod.ts'
import { comparePods, keyOfItem, type PodDifference } from './compare-pods.ts'
import { type Kind, listShippedPods } from './shipped-pods.ts'

/** What a component changes in the Pods of a layout. */
type Component = Readonly<{ name: string; marks: readonly PodDifference[] }>

const known = new Map<string, readonly Component[]>()

/** `told`: those of which other resources tell. `pods`: the templates in the order of the shipped ones. */
export function listUsedComponents(
  kind: Kind,
  told: readonly string[],
  pods: readonly unknown[],
): string[] {
  const used = listComponents(kind).filter(({ name, marks }) => {
    const share = marks.filter((mark) => hasMark(pods, mark)).length / marks.length
    // The profiles of the nodes may be there for another application.
    return told.includes(name) ? share > 0 || marks.length === 1 : share >= 0.5
  })
  return sortComponents(used.map(({ name }) => name))
}

function listComponents(kind: Kind): readonly Component[] {
  const key = `${kind.layout.overlay} ${kind.isOurs}`
  const found = known.get(key) ?? readComponents(kind)
  known.set(key, found)
  return found
}

/** The first part of a path is the number of the Pod. */
function readComponents(kind: Kind): Component[] {
  const read = (components: readonly string[]) =>
    listShippedPods(kind, components).map((each) => valueAt(each, pathOf(each)))
  const plain = read([])
  return componentNames
    .map((name) => ({
      name,
      marks: read([name]).flatMap((each, index) => comparePods(plain[index], each, [index])),
    }))
    .filter(({ marks }) => marks.length > 0)
}

/** What is added has to be there, in whatever form. What is changed has to be the same. */
function hasMark(
  pods: readonly unknown[],
  { path, place, shipped, found }: PodDifference,
): boolean {
  const value = findPlace(pods[Number(path[0])], place)
  return shipped === undefined ? value !== undefined : isDeepStrictEqual(value, found)
}

function findPlace(pod: unknown, place: string): unknown {
  const parts = [...place.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)].map(([, name, key]) => name ?? key)
  return parts.reduce<unknown>((value, part = '', index) => {
    if (!Array.isArray(value)) return valueAt(value, [part])
    const list = parts[index - 1] ?? ''
    return value.find((item) => keyOfItem(list, item) === part)
  }, pod)
}
