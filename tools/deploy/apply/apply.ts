// Applies a rendering: first only asks the API server, then does it. Fields that others own are left alone.
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { CommandError } from '../../cli/exec.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { exists, kubectl } from '../../kube/kubectl.ts'
import { fieldManager } from '../../kube/names.ts'
import {
  describeResource,
  listOf,
  parseResources,
  type Resource,
  resourceSchema,
} from '../../kube/resources.ts'
import { changesPolicies, isRefusedByPolicyAlone, policyDelayMs } from '../preflight/admission.ts'
import { keepReplicas } from '../preflight/autoscaler.ts'
import type { Rendering } from '../render/render.ts'

const found = listOf(resourceSchema)
/** Milliseconds. */
const pollMs = 500
const applyArgs = ['apply', '--server-side', `--field-manager=${fieldManager}`]

/** Makes the missing namespaces, which a dry run needs. Returns their names. */
export async function ensureNamespaces(rendering: Rendering): Promise<string[]> {
  const missing = await listMissingNamespaces(rendering)
  await applyResources(missing)
  return missing.map(({ metadata }) => metadata.name)
}

/** Applies `resources`. What others own in them is a conflict, and kubectl's error. */
export async function applyResources(resources: readonly Resource[]): Promise<void> {
  for (const resource of resources) {
    await kubectl([...applyArgs, '-f', '-'], { input: JSON.stringify(resource) })
  }
}

export async function listMissingNamespaces(rendering: Rendering): Promise<Resource[]> {
  const missing: Resource[] = []
  for (const resource of parseResources(rendering.yaml)) {
    if (resource.kind !== 'Namespace') continue
    if (!(await exists(['namespace', resource.metadata.name]))) missing.push(resource)
  }
  return missing
}

export async function removeNamespaces(names: readonly string[]): Promise<void> {
  if (names.length > 0) await kubectl(['delete', 'namespace', ...names, '--wait=true'])
}

/** Makes the API server, its admission and Istio's webhook judge everything. Changes nothing. Throws UserError. */
export async function dryRun(rendering: Rendering, force = false): Promise<void> {
  try {
    await kubectl([...applyArgs, ...forceArgs(force), '--dry-run=server', '-f', rendering.path])
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const said = error.result.stderr.trim()
    if (isRefusedByPolicyAlone(said) && (await changesPolicies(parseResources(rendering.yaml)))) {
      say('  note  the admission policies that are there refuse it; they are about to be replaced')
      return
    }
    throw new UserError(
      `the API server refuses what would be applied:\n${condense(said)}`,
      /conflict/i.test(said)
        ? 'somebody else set these fields: see what for; to take them over, make deploy FORCE_CONFLICTS=yes'
        : `what was refused is ${rendering.path}`,
    )
  }
}

/** What kubectl says, each objection once, and without what it says of its own options each time. */
export function condense(said: string): string {
  const objections = said
    .replaceAll(/^Please review the fields above[\s\S]*?#conflicts$/gm, '')
    .split(/^(?=Apply failed)/m)
  return [...new Set(objections.map((each) => each.trim()))].join('\n')
}

/** Applies everything. Returns what changed, e.g. ["Deployment/secure-signing"]. `force` takes over fields of others. */
export async function applyRendering(rendering: Rendering, force = false): Promise<string[]> {
  const before = await readLive(rendering)
  await keepReplicas(parseResources(rendering.yaml))
  await applyAll(rendering, force)
  const after = await readLive(rendering)
  return [...after.entries()]
    .filter(([name, content]) => !isDeepStrictEqual(content, before.get(name)))
    .map(([name]) => name)
}

/** Policies come first in a rendering, but for a moment the API server goes on judging by the ones before them. */
async function applyAll(rendering: Rendering, force: boolean): Promise<void> {
  const deadline = Date.now() + policyDelayMs
  for (;;) {
    try {
      await kubectl([...applyArgs, ...forceArgs(force), '-f', rendering.path])
      return
    } catch (error) {
      const isRefused = error instanceof CommandError && isRefusedByPolicyAlone(error.result.stderr)
      if (!isRefused || Date.now() > deadline) throw error
    }
    await sleep(pollMs)
  }
}

function forceArgs(force: boolean): string[] {
  return force ? ['--force-conflicts'] : []
}

async function readLive(rendering: Rendering): Promise<Map<string, unknown>> {
  const args = ['get', '-f', rendering.path, '--ignore-not-found', '-o', 'json']
  const text = await kubectl(args)
  const items = text.trim() === '' ? [] : found.parse(JSON.parse(text))
  return new Map(items.map((item) => [describeResource(item), stripBookkeeping(item)]))
}

/** Drops the fields that the cluster writes by itself. */
function stripBookkeeping({ metadata, status: _, ...content }: Resource): unknown {
  return { ...content, labels: metadata.labels, annotations: withoutRevision(metadata.annotations) }
}

function withoutRevision(annotations: Record<string, string> = {}): Record<string, string> {
  const { 'deployment.kubernetes.io/revision': _, ...rest } = annotations
  return rest
}
