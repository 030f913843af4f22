// The marker: a ConfigMap whose existence stops all signing in its namespace. A mark says since when, and who wrote it last.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { deleteResources } from '../../kube/deletion/delete-resources.ts'
import { applyResource, kubectlJsonIfAny } from '../../kube/kubectl.ts'
import { freezeMarker, namespace } from '../../kube/names.ts'

/** Not the one of `make deploy`, which must not take the marker for a resource that it left over. */
const manager = 'secure-signing-freeze'
const place = ['configmap', freezeMarker, '-n', namespace]
const marker = z.object({ data: z.record(z.string(), z.string()).default({}) })

/** Returns for example "2026-11-29T16:30:00.123Z-9f86d081". Each mark of one freeze begins with the same time. */
export function makeMark(since: Date): string {
  return `${since.toISOString()}-${randomBytes(4).toString('hex')}`
}

/** Returns the mark, "unknown" if somebody wrote the marker without one, and undefined if signing is not frozen. */
export async function readMark(): Promise<string | undefined> {
  const args = ['get', ...place, '--ignore-not-found', '-o', 'json']
  const found = await kubectlJsonIfAny(marker, args)
  return found && (found.data.frozen?.trim() || 'unknown')
}

/** The same for a user who may not read it: undefined then. */
export function readMarkIfAllowed(): Promise<string | undefined> {
  return readMark().catch(() => undefined)
}

export async function writeMark(mark: string): Promise<void> {
  const metadata = { name: freezeMarker, namespace }
  const resource = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { frozen: mark } }
  await applyResource(resource, { manager, options: ['--force-conflicts'] })
}

/** `again`: the command that finishes the work if something keeps the marker. */
export async function deleteMark(again = 'make thaw'): Promise<void> {
  const metadata = { name: freezeMarker, namespace }
  await deleteResources([{ apiVersion: 'v1', kind: 'ConfigMap', metadata }], { again })
}

/** What to say to those who need a signature. */
export function describeFreeze(mark: string): { what: string; todo: string } {
  return {
    what: `signing is FROZEN since ${mark}. No message is signed`,
    todo: 'Somebody ran `make freeze`: docs/incidents.md. When the incident is over, run `make thaw`.',
  }
}

/** Throws UserError while signing is frozen, instead of an error about a missing signature. */
export async function requireThawed(): Promise<void> {
  const mark = await readMarkIfAllowed()
  if (mark === undefined) return
  const { what, todo } = describeFreeze(mark)
  throw new UserError(what, todo)
}
