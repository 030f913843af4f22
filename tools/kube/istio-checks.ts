// Checks that the installed Istio works with our resources: its kinds, its version and its CNI plugin. Finds its trust domain.
import { z } from 'zod'
import { tryRun } from '../cli/exec.ts'
import { say, UserError } from '../cli/terminal.ts'
import type { ControlPlane } from './control-plane.ts'
import { judgeVersion, minimumVersion, readImageTag } from './istio-version.ts'
import { kubectl } from './kubectl.ts'
import { namespace as signing } from './names.ts'

const timeoutMs = 10_000
const injectorValues = z.looseObject({
  global: z
    .looseObject({
      tag: z.union([z.string(), z.number()]).optional(),
      trustDomain: z.string().optional(),
    })
    .default({}),
  pilot: z
    .looseObject({ cni: z.looseObject({ enabled: z.boolean().optional() }).optional() })
    .optional(),
  istio_cni: z.looseObject({ enabled: z.boolean().optional() }).optional(),
})

const neededKinds = [
  'sidecars.networking.istio.io',
  'serviceentries.networking.istio.io',
  'destinationrules.networking.istio.io',
  'gateways.networking.istio.io',
  'virtualservices.networking.istio.io',
  'peerauthentications.security.istio.io',
  'requestauthentications.security.istio.io',
  'authorizationpolicies.security.istio.io',
]

/** Throws UserError if the API server does not serve every Istio kind that we use. */
export async function checkIstioKinds(): Promise<void> {
  const groups = ['networking.istio.io', 'security.istio.io']
  const listings = await Promise.all(
    groups.map((group) => kubectl(['api-resources', `--api-group=${group}`, '-o', 'name'])),
  )
  const served = new Set(listings.join('\n').split('\n'))
  const missing = neededKinds.filter((kind) => !served.has(kind))
  if (missing.length === 0) return
  throw new UserError(
    missing.length === neededKinds.length
      ? 'Istio is not installed on this cluster'
      : `Istio on this cluster has no ${missing.join(', ')}`,
    `Install Istio ${minimumVersion} or newer with its CNI plugin: istioctl install --set components.cni.enabled=true. Or deploy with OVERLAY=no-mesh, which has fewer controls: docs/layouts.md#no-mesh.`,
  )
}

/**
 * Finds Istio's version by istiod's image, the injector's settings, istiod's own answer and the revision, because an
 * image may have a digest in place of a tag. Throws UserError if it is too old. Prints a note if it is unknown.
 */
export async function checkIstioVersion(controlPlane: ControlPlane): Promise<string> {
  const texts = [...listVersions(controlPlane), await askIstiod(controlPlane)].filter(
    (text) => text !== '',
  )
  texts.push(controlPlane.injector.revision)
  const judgment = judgeVersion(texts)
  const [name = ''] = texts
  if (judgment.verdict === 'too old') {
    throw new UserError(
      `Istio ${name} is too old: ${judgment.why}`,
      `Upgrade Istio to ${judgment.needed} or newer. docs/support.md#istio-versions has the patch for each minor version.`,
    )
  }
  if (judgment.verdict === 'unknown') {
    say(
      `  note  Istio's exact version is unknown (${name}). docs/support.md#istio-versions has the patch that each minor version needs.`,
    )
  }
  return name
}

function listVersions({ istiod, injection }: ControlPlane): string[] {
  const tag = readValues(injection)?.global.tag
  return [
    istiod === undefined ? undefined : readImageTag(istiod.image),
    tag === undefined ? undefined : String(tag),
  ].filter((text) => text !== undefined)
}

/** Returns the version that istiod reports, through the API server. Returns '' if it does not answer. */
async function askIstiod({ injector, istiod }: ControlPlane): Promise<string> {
  if (istiod === undefined) return ''
  const { namespace, revision } = injector
  const service = revision === 'default' ? 'istiod' : `istiod-${revision}`
  const path = `/api/v1/namespaces/${namespace}/services/http:${service}:15014/proxy/version`
  const { code, stdout } = await tryRun('kubectl', ['get', '--raw', path], { timeoutMs })
  return code === 0 ? (/^\S+/.exec(stdout)?.[0] ?? '') : ''
}

/**
 * Throws UserError if Istio runs without its CNI plugin. Then an init container with NET_ADMIN captures the Pod's traffic, and
 * Pod Security "restricted" refuses that container.
 */
export function checkCniPlugin({ injection }: ControlPlane): void {
  const values = readValues(injection)
  // Another note says that the values cannot be read.
  if (values === undefined) return
  if (values.pilot?.cni?.enabled === true || values.istio_cni?.enabled === true) return
  throw new UserError(
    `Istio runs without its CNI plugin, so its init container needs NET_ADMIN, which Pod Security refuses in namespace ${signing}`,
    'Install the plugin: istioctl install --set components.cni.enabled=true. With Helm, install istio/cni, and set pilot.cni.enabled=true for istiod.',
  )
}

/** Finds the trust domain in the mesh configuration, else in the proxies of `gatewayNamespace`, else it is Istio's default. */
export async function readTrustDomain(
  { mesh, injection }: ControlPlane,
  gatewayNamespace: string,
): Promise<string> {
  const configured = mesh?.trustDomain ?? readValues(injection)?.global.trustDomain
  if (configured) return configured
  const path =
    '{range .items[*].spec.containers[*]}{range .env[?(@.name=="TRUST_DOMAIN")]}{.value}{"\\n"}{end}{end}'
  const args = ['get', 'pods', '-n', gatewayNamespace, '-o', `jsonpath=${path}`]
  const { stdout } = await tryRun('kubectl', args, { timeoutMs })
  const [found] = stdout.split('\n')
  if (found) return found
  if (mesh === undefined) {
    say("  note  no proxy shows the trust domain. Istio's default, cluster.local, is used")
  }
  return 'cluster.local'
}

function readValues(injection: ControlPlane['injection']) {
  if (injection.values === undefined) return undefined
  try {
    return injectorValues.safeParse(JSON.parse(injection.values)).data
  } catch {
    return undefined
  }
}
