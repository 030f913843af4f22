// Finds out who else writes the Secret with the keys. Such a writer restores a key that make rotate-key has removed.
import { UserError } from '../../cli/terminal.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import { isKubectlApply } from '../../kube/writers/field-managers.ts'
import { findDoubtfulMarks, findTraces, type Trace } from '../../kube/writers/traces.ts'
import {
  describePlaces,
  describeSigns,
  listRemovals,
  nameWriters,
} from '../../kube/writers/writers.ts'
import type { KeySecret } from './key-secret.ts'

/** The entries of the Secret. */
const entries = { 'f:data': {} }
/** Marks of controllers that copy the Secret to other namespaces, and do not write it. */
const copies =
  /^(reflector\.v1\.k8s\.emberstack\.com\/reflection-(allowed|auto-enabled)|replicator\.v1\.mittwald\.de\/(replicate-to.*|replication-allowed)|kubed\.appscode\.com\/sync)$/

export function findSecretWriters(secret: KeySecret): Trace[] {
  return findTraces(asResource(secret), entries)
}

/** Throws UserError, which names the writers and says where to rotate instead. */
export function checkNoOtherWriter(secret: KeySecret): void {
  const traces = findSecretWriters(secret)
  if (traces.length === 0) return
  const removals = listRemovals(asResource(secret), traces)
  throw new UserError(
    `the Secret ${keySecret} is written by ${nameWriters(traces)}, which would restore the old key (${describeSigns(traces)})`,
    `Rotate ${describePlaces(traces)}, in the same three steps: docs/keys.md#who-writes-the-secret. If nothing writes it any more, remove the traces, and run make rotate-key again:\n    ${removals.join('\n    ')}`,
  )
}

/** Returns notes about writers that the command cannot judge. */
export function noteDoubtfulWriters(secret: KeySecret): string[] {
  const { annotations = {}, labels = {}, managedFields } = secret.metadata
  const notes: string[] = []
  const applied = managedFields.find(isKubectlApply)
  if (applied !== undefined) {
    const when = applied.time === undefined ? '' : ` at ${applied.time}`
    notes.push(
      `kubectl apply wrote the Secret${when}. If a pipeline runs it again, the old key returns: rotate in its source instead`,
    )
  }
  if ('kubectl.kubernetes.io/last-applied-configuration' in annotations) {
    notes.push(
      `kubectl apply left a copy of its key in an annotation of the Secret. To remove it: kubectl annotate secret ${keySecret} -n ${namespace} kubectl.kubernetes.io/last-applied-configuration-`,
    )
  }
  const copied = Object.keys({ ...labels, ...annotations }).filter((name) => copies.test(name))
  if (copied.length > 0) {
    notes.push(
      `${copied.join(', ')} lets a controller copy the Secret, so other namespaces may have the keys`,
    )
  }
  const doubtful = findDoubtfulMarks(asResource(secret))
  if (doubtful.length > 0) {
    notes.push(
      `${doubtful.join(', ')} may come from a controller. If it writes the Secret, the old key returns`,
    )
  }
  return notes
}

function asResource({ metadata }: KeySecret) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, name: keySecret, namespace } }
}
