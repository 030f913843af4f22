// Runs `make preview` on changes of what is deployed.
import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { kubectlJson } from '../../../tools/kube/kubectl.ts'
import {
  formatResources,
  listOf,
  parseResources,
  type Resource,
  resourceSchema,
} from '../../../tools/kube/resources.ts'
import type { Report } from '../../../tools/verify/preview/report.ts'
import { makeFolder } from '../../support/folder.ts'
import { applyChange, type Change } from '../../support/mistakes/mistakes.ts'

const program = join(CHECKOUT, 'tools/verify/preview/preview.ts')
const limitMs = 600_000
const unchanging = [
  ...['namespaces', 'services', 'configmaps', 'secrets', 'serviceaccounts', 'deployments.apps'],
  ...['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings', 'networkpolicies'],
  ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
  ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
  ...['virtualservices', 'gateways.networking.istio.io', 'destinationrules', 'serviceentries'],
  ...['sidecars', 'envoyfilters', 'authorizationpolicies', 'peerauthentications'],
  ...['requestauthentications'],
]

export type Run = { code: number; stdout: string; stderr: string; report: Report; seconds: number }

/** What make deploy has applied. */
export async function readRendered(): Promise<Resource[]> {
  return parseResources(await readFile(join(CHECKOUT, '.deploy/rendered.yaml'), 'utf8'))
}

/** Writes a folder as a GitOps repository has it. */
export async function writeChange(change: Change): Promise<string> {
  const folder = await makeFolder()
  const changed = applyChange(await readRendered(), change)
  await writeFile(join(folder, 'all.yaml'), formatResources(changed))
  return folder
}

/** `variables`: those of make. */
export async function runPreview(variables: Readonly<Record<string, string>>): Promise<Run> {
  const out = join(await makeFolder(), 'out')
  await mkdir(out)
  const env = { ...process.env, OUT: out, ...variables }
  const start = performance.now()
  const result = await tryRun(process.execPath, [program], { env, timeoutMs: limitMs })
  const text = await readFile(join(out, 'preview.json'), 'utf8').catch(() => undefined)
  if (text === undefined) throw new Error(`no report:\n${result.stderr}`)
  const seconds = (performance.now() - start) / 1_000
  return { ...result, report: JSON.parse(text), seconds }
}

/** Starts a preview. Returns how to signal it, and how it ends. */
export function startPreview(files: string) {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, FILES: files },
    stdio: 'ignore',
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended }
}

/** Lists the scratch namespaces of previews. */
export async function listScratch(): Promise<string[]> {
  const args = ['get', 'namespaces', '-o', 'json']
  const all = await kubectlJson(listOf(resourceSchema), args)
  return all.map(({ metadata }) => metadata.name).filter((name) => name.includes('-preview-'))
}

/** Its holder writes it every few seconds. */
const leader = 'control-plane.alpha.kubernetes.io/leader'

/** Every resource of the kinds that a change could touch, with what changes when somebody writes it. */
export async function readCluster(): Promise<string[]> {
  const args = ['get', unchanging.join(), '--all-namespaces', '-o', 'json']
  const all = await kubectlJson(listOf(resourceSchema), args)
  const kept = all.filter(({ metadata }) => metadata.annotations?.[leader] === undefined)
  return kept.map(({ kind, metadata }) => {
    const { namespace = '', name, uid, generation, resourceVersion } = metadata
    return [kind, namespace, name, uid, generation ?? resourceVersion].join(' ')
  })
}
