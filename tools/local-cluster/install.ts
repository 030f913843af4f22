// Installs DNS and Istio on the local cluster. Without Istio, it removes an Istio that is there.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT, readText } from '../cli/checkout.ts'
import { run } from '../cli/exec.ts'
import { step } from '../cli/terminal.ts'
import { exists, kubectl } from '../kube/kubectl.ts'
import { ISTIO_HUB } from './images/system-images.ts'
import { STATE } from './paths.ts'
import { keyOf } from './programs/cache.ts'
import type { Built, Programs } from './programs/programs.ts'
import { ISTIO_NAMESPACE, removeIstio } from './remove-istio.ts'

const OPERATOR = join(CHECKOUT, 'tools/local-cluster/istio-operator.yaml')
const AMBIENT = join(CHECKOUT, 'tools/local-cluster/ambient-mode.yaml')
const COREDNS = join(CHECKOUT, 'tools/local-cluster/coredns.yaml')
/** Records the installed version. It is part of the cluster's state. */
const MARK = join(STATE, 'installed')
const INSTALL_TIMEOUT_MS = 300_000

/** Installs DNS and `istio`, unless this version and configuration is installed. */
export async function installSystem(
  { coredns }: Programs,
  istio: Built | undefined,
  isAmbient: boolean,
): Promise<void> {
  const dns = (await readText(COREDNS)).replace('VERSION', coredns.tag)
  const files = isAmbient ? [OPERATOR, AMBIENT] : [OPERATOR]
  const ofIstio =
    istio === undefined
      ? ['without Istio']
      : [...(await Promise.all(files.map(readText))), istio.folder]
  const wanted = keyOf(dns, ...ofIstio)
  if ((await readFile(MARK, 'utf8').catch(() => '')) === wanted) return
  await step('CoreDNS is installed', () =>
    kubectl(['apply', '--server-side', '--field-manager=cluster', '-f', '-'], { input: dns }),
  )
  if (istio !== undefined) {
    const mode = isAmbient ? ' in ambient mode' : ''
    await step(`Istio ${istio.tag} is installed with its CNI plugin${mode}`, () =>
      installIstio(istio.tag, files),
    )
  } else if (await exists(['namespace', ISTIO_NAMESPACE])) {
    await step('Istio is removed', removeIstio)
  }
  await writeFile(MARK, wanted)
}

async function installIstio(tag: string, files: readonly string[]): Promise<void> {
  const args = ['install', '--skip-confirmation', ...files.flatMap((file) => ['--filename', file])]
  const images = ['--set', `hub=${ISTIO_HUB}`, '--set', `tag=${tag}`]
  await run('istioctl', [...args, ...images], { timeoutMs: INSTALL_TIMEOUT_MS })
}
