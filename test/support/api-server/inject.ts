// Istio's injection without a cluster. istioctl contains the charts, and with them the template that istiod injects.
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { run } from '../../../tools/cli/exec.ts'
import type { Rendering } from '../../../tools/deploy/render/render.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'

const data = z.record(z.string(), z.string())
const set = ['components.cni.enabled=true', 'values.pilot.cni.enabled=true']
let manifest: Promise<string> | undefined

/** Returns the resources after injection by a default Istio with CNI. `native`: the proxy is an init container. */
export async function injectProxy(rendering: Rendering, native: boolean): Promise<Resource[]> {
  manifest ??= run('istioctl', ['manifest', 'generate', ...set.flatMap((each) => ['--set', each])])
  const installation = parseResources(await manifest)
  const folder = dirname(rendering.path)
  const write = async (configMap: string, key: string) => {
    const found = installation.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap,
    )
    const path = join(folder, `injection-${key}`)
    await writeFile(path, data.parse(found?.data)[key] ?? '')
    return path
  }
  const path = join(folder, `uninjected-${native}.yaml`)
  const annotation = `      annotations:\n        sidecar.istio.io/nativeSidecar: "${native}"\n`
  await writeFile(path, rendering.yaml.replace(/^ {6}annotations:\n/gm, annotation))
  return parseResources(
    await run('istioctl', [
      // Without a revision, istioctl asks a cluster for the default one.
      ...['kube-inject', '--revision', 'default', '--filename', path],
      ...['--injectConfigFile', await write('istio-sidecar-injector', 'config')],
      ...['--valuesFile', await write('istio-sidecar-injector', 'values')],
      ...['--meshConfigFile', await write('istio', 'mesh')],
    ]),
  )
}
