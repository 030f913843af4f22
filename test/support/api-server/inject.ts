// Istio's injection without a cluster: istioctl carries its charts, and so the template that istiod injects by.
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { run } from '../../../tools/cli/exec.ts'
import type { Rendering } from '../../../tools/deploy/render/render.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'

const data = z.record(z.string(), z.string())

/** Returns the resources after injection by a default Istio with CNI. `native`: the proxy is an init container. */
export async function injectProxy(rendering: Rendering, native: boolean): Promise<Resource[]> {
  const set = ['components.cni.enabled=true', 'values.pilot.cni.enabled=true']
  const installation = parseResources(
    await run('istioctl', ['manifest', 'generate', ...set.flatMap((each) => ['--set', each])]),
  )
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
      // Without a revision it asks a cluster which one is the default.
      ...['kube-inject', '--revision', 'default', '--filename', path],
      ...['--injectConfigFile', await write('istio-sidecar-injector', 'config')],
      ...['--valuesFile', await write('istio-sidecar-injector', 'values')],
      ...['--meshConfigFile', await write('istio', 'mesh')],
    ]),
  )
}
