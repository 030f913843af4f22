// What istiod is and how it was configured, as far as our resources depend on it.
import { parse } from 'yaml'
import { z } from 'zod'
import { say, UserError } from '../cli/terminal.ts'
import { judgeVersion, minimumVersion, readImageTag } from './istio-version.ts'
import { kubectl, kubectlJson } from './kubectl.ts'
import type { SidecarInjector } from './sidecar-injector.ts'

const configMap = z.object({ data: z.record(z.string(), z.string()).default({}) })
const deployments = z.object({
  items: z.array(
    z.object({
      spec: z.object({
        template: z.object({
          spec: z.object({ containers: z.array(z.object({ image: z.string() })) }),
        }),
      }),
    }),
  ),
})
const injectorValues = z.object({
  pilot: z.object({ cni: z.object({ enabled: z.boolean().optional() }).optional() }).optional(),
  istio_cni: z.object({ enabled: z.boolean().optional() }).optional(),
})
const meshConfig = z.object({ trustDomain: z.string().min(1).default('cluster.local') })

/** Every kind of Istio's that mesh/ has. */
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

/** Throws UserError unless the API server knows every kind of Istio's that we use. */
export async function checkIstioKinds(): Promise<void> {
  const groups = ['networking.istio.io', 'security.istio.io']
  const listings = await Promise.all(
    groups.map((group) => kubectl(['api-resources', `--api-group=${group}`, '-o', 'name'])),
  )
  const known = new Set(listings.join('\n').split('\n'))
  const missing = neededKinds.filter((kind) => !known.has(kind))
  if (missing.length === 0) return
  throw new UserError(
    missing.length === neededKinds.length
      ? 'Istio is not installed on this cluster'
      : `this cluster's Istio lacks ${missing.join(', ')}`,
    `install Istio ${minimumVersion} or newer with its CNI plugin: istioctl install --set components.cni.enabled=true`,
  )
}

/** Reads istiod's version from its image tag. Throws UserError if it is too old. */
export async function checkIstioVersion(injector: SidecarInjector): Promise<string> {
  const selector = `app=istiod,istio.io/rev=${injector.revision}`
  const found = await kubectlJson(deployments, [
    ...['get', 'deployments', '-n', injector.namespace, '-l', selector, '-o', 'json'],
  ])
  const image = found.items[0]?.spec.template.spec.containers[0]?.image
  if (image === undefined) {
    throw new UserError(
      `istiod of revision "${injector.revision}" does not run in namespace ${injector.namespace}`,
      'finish the installation of Istio, or set ISTIO_REVISION to the one that runs',
    )
  }
  const tag = readImageTag(image)
  const judgement = judgeVersion(tag)
  if (judgement === 'too old') {
    throw new UserError(`Istio ${tag} is too old`, `upgrade Istio to ${minimumVersion} or newer`)
  }
  if (judgement === 'unknown') {
    say(`  note  Istio's version can't be told from ${image}; needed is ${minimumVersion} or newer`)
  }
  return tag ?? image
}

/** Throws UserError without Istio's CNI plugin. Pod Security "restricted" refuses the init container with NET_ADMIN. */
export async function checkCniPlugin(injector: SidecarInjector): Promise<void> {
  const data = await readConfigMap('istio-sidecar-injector', injector)
  if (data.values === undefined) {
    say("  note  the injector's values can't be read; Istio's CNI plugin must be in use here")
    return
  }
  const values = injectorValues.parse(JSON.parse(data.values))
  if (values.pilot?.cni?.enabled === true || values.istio_cni?.enabled === true) return
  throw new UserError(
    "Istio runs without its CNI plugin: its init container needs NET_ADMIN, which our namespace's Pod Security refuses",
    'install the plugin: istioctl install --set components.cni.enabled=true (with Helm: chart istio/cni, and istiod with pilot.cni.enabled=true)',
  )
}

/** The mesh's trust domain, the first part of every identity in it. */
export async function readTrustDomain(injector: SidecarInjector): Promise<string> {
  const data = await readConfigMap('istio', injector)
  return meshConfig.parse(parse(data.mesh ?? '') ?? {}).trustDomain
}

async function readConfigMap(name: string, { revision, namespace }: SidecarInjector) {
  const fullName = revision === 'default' ? name : `${name}-${revision}`
  const args = ['get', 'configmap', fullName, '-n', namespace, '--ignore-not-found', '-o', 'json']
  const text = await kubectl(args)
  return text.trim() === '' ? {} : configMap.parse(JSON.parse(text)).data
}
