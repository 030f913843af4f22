// Compares the meaning of two Pod templates, or of a template and a Pod. Items of a list are the same if they have the same name.
import { isDeepStrictEqual } from 'node:util'
import { reservedContainer } from '../../../kube/application/schema.ts'
import type { Path } from '../../finding.ts'
import type { Difference } from '../difference.ts'
import { isSameQuantity } from './quantity.ts'
import { readText } from './texts.ts'

/** `place`: as the path, but from the Pod template and with names: "spec.containers[signer].image". */
export type PodDifference = Difference & { place: string }

/** By what the items of a list are told apart. Other lists are compared as a whole. */
const keys: Readonly<Record<string, (item: Record<string, unknown>) => unknown>> = {
  ...{ containers: nameOf, initContainers: nameOf, ephemeralContainers: nameOf, volumes: nameOf },
  ...{ env: nameOf, imagePullSecrets: nameOf, resourceClaims: nameOf },
  volumeMounts: ({ mountPath }) => mountPath,
  ports: ({ containerPort }) => containerPort,
  sources: (item) => Object.keys(item)[0],
}
/** What the API server fills in, by the end of the place. */
const defaults: Readonly<Record<string, unknown>> = {
  ...{ dnsPolicy: 'ClusterFirst', schedulerName: 'default-scheduler', enableServiceLinks: true },
  ...{ hostUsers: true, preemptionPolicy: 'PreemptLowerPriority', priority: 0 },
  ...{ hostNetwork: false, hostPID: false, hostIPC: false, shareProcessNamespace: false },
  ...{ setHostnameAsFQDN: false, stdin: false, stdinOnce: false, tty: false, privileged: false },
  ...{ terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' },
  ...{ failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 },
  ...{ initialDelaySeconds: 0, scheme: 'HTTP', protocol: 'TCP', procMount: 'Default' },
  ...{ defaultMode: 0o644, expirationSeconds: 3600, optional: false, readOnly: false },
  ...{ mountPropagation: 'None', recursiveReadOnly: 'Disabled' },
}
/** Those that have another default, or none, at other places. */
const placedDefaults: Readonly<Record<string, unknown>> = {
  'spec.restartPolicy': 'Always',
  'spec.terminationGracePeriodSeconds': 30,
}

/** `path`: of the Pod template in the resource that was found. */
export function comparePods(shipped: unknown, found: unknown, path: Path): PodDifference[] {
  return ['metadata', 'spec'].flatMap((part) =>
    compare(partOf(shipped, part), partOf(found, part), {
      path: [...path, part],
      place: part,
      key: part,
    }),
  )
}

const isAmount = /\.(resources\.(requests|limits)\.[^.]+|emptyDir\.sizeLimit)$/

type Place = Readonly<{ path: Path; place: string; key: string }>

function compare(shipped: unknown, found: unknown, at: Place): PodDifference[] {
  if (isDeepStrictEqual(shipped, found) || (isNothing(shipped) && isNothing(found))) return []
  const { path, place, key } = at
  const keyOf = keys[key]
  const one = readText(shipped, key)
  const other = readText(found, key)
  if (isMap(one) || isMap(other)) {
    if (![one, other].every((each) => isMap(each) || isNothing(each))) {
      return [{ path, place, shipped, found }]
    }
    const [mine, theirs] = [Object(one ?? {}), Object(other ?? {})]
    const inner = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].flatMap((name) =>
      compare(mine[name], theirs[name], {
        path: [...path, name],
        place: name.includes('.') ? `${place}[${name}]` : `${place}.${name}`,
        key: name,
      }),
    )
    return isNothing(found) && inner.length > 0 ? [{ path, place, shipped, found }] : inner
  }
  if (keyOf !== undefined && [one, other].every((each) => isList(each) || isNothing(each))) {
    if (isNothing(found)) return [{ path, place, shipped, found }]
    return compareItems(toList(one), toList(other), at)
  }
  const fallback = placedDefaults[place] ?? defaults[key]
  const [before, after] = [shipped ?? fallback, found ?? fallback]
  const isEqual = isAmount.test(place) ? isSameQuantity(before, after) : false
  if (isEqual || isDeepStrictEqual(before, after)) return []
  return [{ path, place, shipped: before, found: after }]
}

/** Items without a partner of the same name are compared with each other, because one change is one difference. */
function compareItems(
  shipped: readonly unknown[],
  found: readonly unknown[],
  { path, place, key }: Place,
): PodDifference[] {
  const nameIn = (item: unknown) => keyOfItem(key, item)
  const rest = found.map((item, index) => ({ item, index }))
  const take = (name: string) => {
    const at = rest.findIndex(({ item }) => nameIn(item) === name)
    return at < 0 ? undefined : rest.splice(at, 1)[0]
  }
  const pairs = shipped.map((item) => ({ item, other: take(nameIn(item)) }))
  const at = (item: unknown, index: number): Place => ({
    path: [...path, index],
    place: `${place}[${nameIn(item)}]`,
    key: `${key}[]`,
  })
  const paired = pairs.flatMap(({ item, other = rest.shift() }) =>
    other === undefined
      ? [{ ...at(item, 0), path, shipped: item, found: undefined }]
      : compare(item, other.item, at(item, other.index)),
  )
  const added = rest.flatMap(({ item, index }) =>
    isOfUser(key, nameIn(item))
      ? compare(undefined, item, at(item, index))
      : [{ ...at(item, index), shipped: undefined, found: item }],
  )
  return [...paired, ...added]
}

/** `list`: the name of the list. */
export function keyOfItem(list: string, item: unknown): string {
  return String(keys[list]?.(Object(item)) ?? '')
}

/** A container of the application is judged field by field. */
function isOfUser(list: string, name: string): boolean {
  return /containers$/i.test(list) && !reservedContainer.test(name)
}

function nameOf({ name }: Record<string, unknown>): unknown {
  return name
}

function partOf(value: unknown, key: string): unknown {
  return isMap(value) ? value[key] : undefined
}

function toList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function isList(value: unknown): boolean {
  return Array.isArray(value)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An empty list or map has the same meaning as none. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
