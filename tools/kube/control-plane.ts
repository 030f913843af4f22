// Reads how istiod is configured, and checks that our resources work with it.
import { z } from 'zod'
import { say, UserError } from '../cli/terminal.ts'
import { compareVersion, minimumVersion, readImageTag } from './istio-version.ts'
import { kubectl, kubectlJson } from './kubectl.ts'
import { namespace as signing } from './names.ts'
import type { SidecarInjector } from './sidecar-injector.ts'
import { parseYaml } from './yaml.ts'

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
    `Install Istio ${minimumVersion} or newer with its CNI plugin: istioctl install --set components.cni.enabled=true`,
  )
}

/** Reads istiod's version from the tag of its image. Throws UserError if it is too old, and prints a note if it is unknown. */
export async function checkIstioVersion(injector: SidecarInjector): Promise<string> {
  const selector = `app=istiod,istio.io/rev=${injector.revision}`
  const found = await kubectlJson(deployments, [
    ...['get', 'deployments', '-n', injector.namespace, '-l', selector, '-o', 'json'],
  ])
  const image = found.items[0]?.spec.template.spec.containers[0]?.image
  if (image === undefined) {
    throw new UserError(
      `namespace ${injector.namespace} has no istiod of revision "${injector.revision}"`,
      'Finish the installation of Istio, or set ISTIO_REVISION to an installed revision.',
    )
  }
  const tag = readImageTag(image)
  const comparison = compareVersion(tag)
  if (comparison === 'too old') {
    throw new UserError(`Istio ${tag} is too old`, `Upgrade Istio to ${minimumVersion} or newer.`)
  }
  if (comparison === 'unknown') {
    say(
      `  note  the image ${image} does not name Istio's version. The minimum is ${minimumVersion}.`,
    )
  }
  return tag ?? image
}

/**
 * Throws UserError if Istio runs without its CNI plugin. Then an init container with NET_ADMIN captures the Pod's traffic, and
 * Pod Security "restricted" refuses that container.
 */
export async function checkCniPlugin(injector: SidecarInjector): Promise<void> {
  const data = await readConfigMap('istio-sidecar-injector', injector)
  if (data.values === undefined) {
    say("  note  the injector's values cannot be read. Make sure that Istio uses its CNI plugin.")
    return
  }
  const values = injectorValues.parse(JSON.parse(data.values))
  if (values.pilot?.cni?.enabled === true || values.istio_cni?.enabled === true) return
  throw new UserError(
    `Istio runs without its CNI plugin, so its init container needs NET_ADMIN, which Pod Security refuses in namespace ${signing}`,
    'Install the plugin: istioctl install --set components.cni.enabled=true. With Helm, install istio/cni, and set pilot.cni.enabled=true for istiod.',
  )
}

export async function readTrustDomain(injector: SidecarInjector): Promise<string> {
  const data = await readConfigMap('istio', injector)
  return meshConfig.parse(parseYaml(data.mesh ?? '') ?? {}).trustDomain
}

async function readConfigMap(name: string, { revision, namespace }: SidecarInjector) {
  const fullName = revision === 'default' ? name : `${name}-${revision}`
  const args = ['get', 'configmap', fullName, '-n', namespace, '--ignore-not-found', '-o', 'json']
  const text = await kubectl(args)
  return text.trim() === '' ? {} : configMap.parse(JSON.parse(text)).data
}
