// The messages of istioctl analyze, each with its path in the resources.

import { say } from '../cli/terminal.ts'
import { findFormerResources } from '../deploy/apply/former-resources.ts'
import { formatMessage, listComplaints } from '../deploy/apply/istioctl-analyze.ts'
import type { Resource } from '../kube/resources.ts'
import type { RuleFinding } from './rule.ts'
import { findPath, readDocuments } from './source/source-file.ts'
import type { Subject } from './subject.ts'

const unreadable = /error processing \S+\[(\d+)\]: (.+)/g

/** Runs istioctl analyze. With the `revision` of an Istio, it includes what is on the cluster. Without, it reads the files only. */
export async function findComplaints(
  { rendering, resources, placed }: Subject,
  revision: string | undefined,
): Promise<RuleFinding[]> {
  const when = revision === undefined ? 'files' : 'before'
  const leaving = revision === undefined ? [] : await findFormerResources()
  const { problems, notes, unread } = await listComplaints(rendering, when, revision, leaving)
  for (const each of notes) say(`  note  istioctl: ${formatMessage(each)}`)
  const documents = await readDocuments(rendering.path)
  const skipped: RuleFinding[] = [...unread.matchAll(unreadable)].flatMap(
    ([, index = '', message = '']) => {
      const resource = resources[Number(index)]
      return resource === undefined ? [] : [{ resource, path: [], rule: 'istioctl', message }]
    },
  )
  if (unread !== '' && skipped.length === 0) {
    skipped.push({ path: [], rule: 'istioctl', message: unread })
  }
  const found = problems.flatMap(({ code, message, origin, reference }) => {
    const line = Number(/:(\d+)$/.exec(reference)?.[1])
    const index = documents.findIndex((source) => findPath(source, line) !== undefined)
    const source = documents[index]
    const path = source === undefined ? [] : (findPath(source, line) ?? [])
    // Messages about other resources on the cluster are left out.
    const resource =
      resources[index] ?? resources[placed.findIndex((each) => isNamed(each, origin))]
    return resource === undefined ? [] : [{ resource, path, rule: code, message }]
  })
  return [...skipped, ...found]
}

function isNamed({ kind, metadata }: Resource, origin: string): boolean {
  return origin === `${kind} ${metadata.namespace}/${metadata.name}`
}
