// Has istioctl look at exactly what is going to be applied, and later at what was.
import { z } from 'zod'
import { CommandError, tryRun } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { namespace } from '../../kube/names.ts'
import { parseResources, type Resource } from '../../kube/resources.ts'
import type { Rendering } from '../render/render.ts'
import { isAnsweredBy, type Message } from './istioctl-false-positives.ts'

const messages = z.array(
  z.object({
    code: z.string(),
    level: z.enum(['Info', 'Warning', 'Error']),
    message: z.string(),
    origin: z.string().default(''),
    reference: z.string().default(''),
  }),
)

type When = 'files' | 'before' | 'after'

/**
 * Returns istioctl's errors and warnings about `rendering`, one line each. `files`: the rendering on its own, no
 * cluster. `before`: with what is on the cluster, where the rendering's own Pods and Services are not yet. `after`:
 * with what is on the cluster, and nothing is explained away.
 */
export async function analyzeRendering(
  rendering: Rendering,
  when: When,
  revision?: string,
  leaving?: readonly Resource[],
): Promise<string[]> {
  const { complaints, unread } = await listComplaints(rendering, when, revision, leaving)
  const lines = complaints.map(
    (each) => `${each.level} ${each.code} ${each.origin}: ${each.message}`,
  )
  return [...(unread === '' ? [] : [unread]), ...lines]
}

/** `unread`: messages about resources that istioctl cannot read. `leaving`: Gateways that the deployment will remove. */
export async function listComplaints(
  rendering: Rendering,
  when: When,
  revision = 'default',
  leaving: readonly Resource[] = [],
): Promise<{ complaints: Message[]; unread: string }> {
  const source = when === 'files' ? ['--use-kube=false'] : ['--revision', revision]
  // -A: with -n and a namespace that is not there yet it says so on stderr, analyzes nothing and exits with 0.
  const args = ['analyze', '-A', '-o', 'json', ...source, rendering.path]
  const result = await tryRun('istioctl', args, { timeoutMs: 60_000 })
  const found = parseMessages(result.stdout)
  if (found === undefined) throw new CommandError(`istioctl ${args.join(' ')}`, result)
  const resources = parseResources(rendering.yaml)
  const complaints = found
    .filter(({ level }) => level !== 'Info')
    .filter(({ origin, reference }) => isOurs(origin, reference, rendering.path))
    .filter((message) => when !== 'before' || !isAnsweredBy(resources, message, leaving))
  const isUnread = result.stderr.includes('Error(s) adding files')
  return { complaints, unread: isUnread ? result.stderr.trim() : '' }
}

/** Throws UserError if istioctl has an error or a warning on the live cluster without the Gateways of `leaving`. */
export async function checkAnalysis(
  rendering: Rendering,
  when: 'before' | 'after',
  revision: string,
  leaving: readonly Resource[] = [],
): Promise<void> {
  const problems = await analyzeRendering(rendering, when, revision, leaving)
  if (problems.length === 0) return
  throw new UserError(
    `istioctl analyze objects:\n  ${problems.join('\n  ')}`,
    `${when === 'before' ? '' : 'it is applied; '}what was analyzed is ${rendering.path}`,
  )
}

/** The rest of the cluster may have problems of its own; they are not ours to stop at. */
function isOurs(origin: string, reference: string, path: string): boolean {
  return (
    reference.startsWith(path) ||
    origin.includes(` ${namespace}/`) ||
    origin === `Namespace ${namespace}`
  )
}

/** Before the list may stand log lines, which begin with a date. */
function parseMessages(stdout: string) {
  try {
    return messages.parse(JSON.parse(stdout.slice(stdout.search(/^\[/m))))
  } catch {
    return undefined
  }
}
