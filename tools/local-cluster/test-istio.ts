// make test-istio: starts the local cluster with another Istio, runs deploy, smoke and matrix on it, and prints what ran. In
// ambient mode, the namespace has the labels of ambient mode meanwhile. `make cluster` brings the pinned Istio back.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { readSwitch, readVariable } from '../cli/make-variables.ts'
import { runMain, UserError } from '../cli/terminal.ts'
import { kubectl, kubectlJson } from '../kube/kubectl.ts'
import { namespace } from '../kube/names.ts'
import { ambientLabels, withAmbientLabels } from './ambient.ts'
import { KUBECONFIG } from './paths.ts'

const versions = z.object({ serverVersion: z.object({ gitVersion: z.string() }) })

await runMain(async () => {
  const isAmbient = readSwitch('AMBIENT')
  if (readVariable('ISTIO') === undefined && !isAmbient) {
    throw new UserError(
      'test-istio needs a version of Istio',
      'Run `make test-istio ISTIO=VERSION`, or `make test-istio AMBIENT=yes` for the pinned version.',
    )
  }
  if (process.env.KUBECONFIG !== KUBECONFIG) {
    throw new UserError(
      'test-istio installs Istio, so it runs on the local cluster only',
      'Unset KUBECONFIG and CLUSTER. On another cluster, run `make deploy smoke matrix`.',
    )
  }
  // Without undeploy, Pods keep the proxy of the Istio before.
  await make('cluster', 'undeploy', 'deploy')
  if (isAmbient) await withAmbientLabels(() => make('deploy', 'smoke', 'matrix'))
  else await make('smoke', 'matrix')
  const mode = isAmbient ? `, ambient mode with ${ambientLabels.join(' and ')}` : ''
  process.stdout.write(`deploy, smoke and matrix pass with ${await describeCluster()}${mode}\n`)
})

/** Runs make targets, which print what they do. make passes its variables on. */
async function make(...targets: string[]): Promise<void> {
  for (const target of targets) {
    const child = spawn('make', [target], { stdio: 'inherit' })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new UserError(`make ${target} failed`, 'Read its messages above.')
  }
}

/** Returns for example "Istio 1.30-9739e10eb9d7, Kubernetes v1.35.4, proxies as native sidecars". */
async function describeCluster(): Promise<string> {
  const istiod = ['get', 'deployment', 'istiod', '-n', 'istio-system']
  const image = await kubectl([...istiod, '-o', 'jsonpath={..containers[0].image}'])
  const { serverVersion } = await kubectlJson(versions, ['version', '-o', 'json'])
  const proxies = await kubectl([
    ...['get', 'pods', '-n', namespace, '-l', 'security.istio.io/tlsMode=istio'],
    ...['-o', 'jsonpath={..initContainers[?(@.name=="istio-proxy")].name}'],
  ])
  const form = proxies === '' ? 'ordinary containers' : 'native sidecars'
  const version = image.split(':').at(-1)
  return `Istio ${version}, Kubernetes ${serverVersion.gitVersion}, proxies as ${form}`
}
