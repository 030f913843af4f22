// Finds who else writes a resource, by what writers leave on it: owner references, field managers, labels and annotations.

import type { OwnedResource } from '../field-owners.ts'
import { type ManagedFields, overlap, writesByItself } from './field-managers.ts'
import { type KnownWriter, knownWriters, type Marks } from './known-writers.ts'

export type Trace = {
  type: 'label' | 'annotation' | 'owner' | 'manager'
  /** The name of the label or annotation. */
  name?: string
  product: string
  /** For example "Flux Kustomization flux-system/apps". */
  writer: string
  where: string
  /** What told, for example "the label kustomize.toolkit.fluxcd.io/name". */
  sign: string
}

const managedBy = 'app.kubernetes.io/managed-by'
const instance = 'app.kubernetes.io/instance'
/** Values of managed-by that name a person's tool. */
const byHand = /^(|secure-signing|kubectl|kustomize.*|manual(ly)?|hand|none|nobody)$/i
const no = /^(false|no|off|disabled|none|0)$/i
/** Domains whose marks never name a writer, but for those in known-writers.ts. */
const trusted =
  /^((.*\.)?kubernetes\.io|secure-signing(\.dev)?|(.*\.)?(istio|linkerd|velero|openshift)\.io)$/
/** What a writer calls its marks. "sync" and "owner" alone may also be a person's. */
const telling =
  /(^|[._-])(managed(-?by)?|owned(-?by)?|owner-?(references?|uid|gvk|kind|name|namespace)|controlled-by|generated-by|provisioned-by|tracking(-id)?|reconciled?(-.*)?|replicated?(-(from|by|at))?|reflects|mirror(ed|-of|-from)?|sync(ed|hronized)(-.*)?|sync-(from|source|id|hash|status|time|version|revision)|last-sync(ed)?|(copied|cloned|inherited|projected)-(from|by)|owning-.*|inventory(-id)?|([a-z]+-)?hash|checksum|last-applied)$/i
const doubtful = /(^|[._-])(sync|owner)$/i

/** Returns the traces of other writers. `ours` is the tree of fields that we write. */
export function findTraces(resource: OwnedResource, ours: unknown): Trace[] {
  const { labels = {}, annotations = {}, ownerReferences = [], managedFields } = resource.metadata
  const marks = { ...labels, ...annotations }
  const owners = ownerReferences.map(readOwner)
  const found = [
    ...Object.entries(labels).flatMap(([name, value]) =>
      readMark(resource, 'label', name, value, marks),
    ),
    ...owners,
    ...Object.entries(annotations).flatMap(([name, value]) =>
      readMark(resource, 'annotation', name, value, marks),
    ),
    ...managedFields
      .filter((each) => writesByItself(each) && overlap(each.fieldsV1, ours))
      .map(readManager),
  ]
  const resting = knownWriters.filter(({ rests }) => rests?.(marks)).map(({ product }) => product)
  return found.filter(({ product }) => !resting.includes(product))
}

/** Returns the marks that may name a writer or a person. */
export function findDoubtfulMarks({ metadata }: OwnedResource): string[] {
  const names = Object.entries({ ...metadata.labels, ...metadata.annotations })
    .filter(([, value]) => !no.test(value))
    .map(([name]) => name)
  return names.filter((name) => isForeign(name) && doubtful.test(lastPart(name)) && !isKnown(name))
}

function readMark(
  { kind, metadata }: OwnedResource,
  type: 'label' | 'annotation',
  name: string,
  value: string,
  marks: Marks,
): Trace[] {
  if (no.test(value)) return []
  const isSecret = kind === 'Secret'
  const trace = (product: string, writer: string, where: string): Trace[] => [
    { type, name, product, writer, where, sign: `the ${type} ${name}` },
  ]
  if (name === managedBy) {
    if (byHand.test(value)) return []
    const known = knownWriters.find(({ manager }) => manager?.test(value))
    const product = known?.product ?? value
    return trace(product, product, known?.where ?? `where ${product} keeps it`)
  }
  if (name === instance) {
    // Argo CD's label before version 3, and a label of Helm charts. Platforms also label namespaces with it.
    const product = 'Argo CD'
    return isSecret
      ? trace(product, `${product} Application ${value}`, 'in the Git repository that it applies')
      : []
  }
  const known = knownWriters.find(({ mark }) => mark?.test(name))
  if (known !== undefined) {
    if (known.ofSecrets && !isSecret) return []
    if (name === 'argocd.argoproj.io/tracking-id' && !isTrackingOf(value, kind, metadata)) return []
    return trace(known.product, describeKnown(known, value, marks), known.where)
  }
  if (!isForeign(name) || !telling.test(lastPart(name))) return []
  const domain = name.replace(/\/.*/, '')
  return trace(domain, `a controller of ${domain}`, `where ${domain} keeps it`)
}

/** Argo CD ignores the annotation if it names another resource, because tools copy annotations. */
function isTrackingOf(id: string, kind: string, { name }: OwnedResource['metadata']): boolean {
  const [, ofKind, , ofName] = /\/([^:/]+):([^/]*)\/([^/]+)$/.exec(id) ?? []
  return ofKind === undefined || (ofKind === kind && ofName === name)
}

function isKnown(name: string): boolean {
  return name.startsWith('kubed.appscode.com/') || knownWriters.some(({ mark }) => mark?.test(name))
}

const lastPart = (name: string) => name.replace(/^.*\//, '')

function isForeign(name: string): boolean {
  return name.includes('/') && !trusted.test(name.replace(/\/.*/, ''))
}

function describeKnown({ product, describe }: KnownWriter, value: string, marks: Marks): string {
  const object = describe?.(value, marks)
  return object === undefined ? product : `${product} ${object}`
}

function readOwner({ kind, name }: { kind: string; name: string }): Trace {
  const object = `${kind}/${name}`
  const known = knownWriters.find(({ owner }) => owner?.test(kind))
  return {
    ...{ type: 'owner', sign: 'an owner reference', where: known?.where ?? `in the ${kind}` },
    product: known?.product ?? object,
    writer: known === undefined ? object : `${known.product} (${object})`,
  }
}

function readManager({ manager, time }: ManagedFields): Trace {
  const since = time === undefined ? '' : `, which wrote it at ${time}`
  const sign = `the field manager ${manager}${since}`
  const known = knownWriters.find((each) => each.manager?.test(manager))
  const { product, where } = known ?? {
    product: `the field manager ${manager}`,
    where: `where ${manager} reads it`,
  }
  return { type: 'manager', product, writer: product, where, sign }
}
