// Runs istioctl analyze on the resources, before and after they are applied.
import { z } from 'zod'
import { CommandError, tryRun } from '../../cli/exec.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { namespace } from '../../kube/names.ts'
import { parseResources, type Resource } from '../../kube/resources.ts'
import type { Rendering } from '../render/render.ts'
import { isFalsePositive, type Message } from './istioctl-false-positives.ts'
import { splitByVerdict } from './istioctl-verdicts.ts'

const messages = z.array(
  z.object({
    code: z.string(),
    level: z.enum(['Info', 'Warning', 'Error']),
    message: z.string(),
    origin: z.string().default(''),
    reference: z.string().default(''),
  }),
)

/**
 * `files`: the rendering alone, without a cluster. `before`: with the resources on the cluster, without known false positives.
 * `after`: with the resources on the cluster, and all messages.
 */
type When = 'files' | 'before' | 'after'

/** Returns istioctl's messages about `rendering` that are a problem, one line each. Prints the others as notes. */
export async function analyzeRendering(
  rendering: Rendering,
  when: When,
  revision?: string,
  removed?: readonly Resource[],
): Promise<string[]> {
  const { problems, notes, unread } = await listComplaints(rendering, when, revision, removed)
  // The second time, the notes are the same.
  if (when === 'before') for (const each of notes) say(`  note  istioctl: ${formatMessage(each)}`)
  return [...(unread === '' ? [] : [unread]), ...problems.map(formatMessage)]
}

export function formatMessage({ level, code, origin, message }: Message): string {
  return `${level} ${code} ${origin}: ${message}`
}

/**
 * Without a cluster, every message is a problem. `unread` is istioctl's message about resources that it cannot read. `removed`:
 * Gateways that the deployment removes.
 */
export async function listComplaints(
  rendering: Rendering,
  when: When,
  revision = 'default',
  removed: readonly Resource[] = [],
): Promise<{ problems: Message[]; notes: Message[]; unread: string }> {
  const source = when === 'files' ? ['--use-kube=false'] : ['--revision', revision]
  // With -n and a missing namespace, istioctl analyzes nothing and exits with 0. So this uses -A.
  const args = ['analyze', '-A', '-o', 'json', ...source, rendering.path]
  const result = await tryRun('istioctl', args, { timeoutMs: 60_000 })
  const found = parseMessages(result.stdout)
  if (found === undefined) throw new CommandError(`istioctl ${args.join(' ')}`, result)
  const resources = parseResources(rendering.yaml)
  const complaints = found
    .filter(({ level }) => level !== 'Info')
    .filter(({ origin, reference }) => isOurs(origin, reference, rendering.path))
    .filter((message) => when !== 'before' || !isFalsePositive(resources, message, removed))
  const isUnread = result.stderr.includes('Error(s) adding files')
  const verdict =
    when === 'files' ? { problems: complaints, notes: [] } : splitByVerdict(complaints, resources)
  return { ...verdict, unread: isUnread ? result.stderr.trim() : '' }
}

/** Throws UserError if istioctl reports what opens or breaks our Pods. */
export async function checkAnalysis(
  rendering: Rendering,
  when: 'before' | 'after',
  revision: string,
  removed: readonly Resource[] = [],
): Promise<void> {
  const problems = await analyzeRendering(rendering, when, revision, removed)
  if (problems.length === 0) return
  throw new UserError(
    `istioctl analyze reports problems:\n  ${problems.join('\n  ')}`,
    `${when === 'before' ? '' : 'The resources are applied. '}https://istio.io/latest/docs/reference/config/analysis/ explains each code. The analyzed file is ${rendering.path}.`,
  )
}

/** Returns true if a message is about our resources. The rest of the cluster may have problems of its own. */
function isOurs(origin: string, reference: string, path: string): boolean {
  return (
    reference.startsWith(path) ||
    origin.includes(` ${namespace}/`) ||
    origin === `Namespace ${namespace}`
  )
}

/** Parses the list. Before it, istioctl may print log lines, which begin with a date. */
function parseMessages(stdout: string) {
  try {
    return messages.parse(JSON.parse(stdout.slice(stdout.search(/^\[/m))))
  } catch {
    return undefined
  }
}
