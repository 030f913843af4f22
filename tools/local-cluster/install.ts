// What runs on the cluster before anything of ours: DNS and Istio.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { run } from '../cli/exec.ts'
import { step } from '../cli/terminal.ts'
import { kubectl } from '../kube/kubectl.ts'
import { ISTIO_HUB } from './images/system-images.ts'
import { STATE } from './paths.ts'
import { keyOf } from './programs/cache.ts'
import type { Programs } from './programs/programs.ts'

const OPERATOR = join(CHECKOUT, 'tools/local-cluster/istio-operator.yaml')
const COREDNS = join(CHECKOUT, 'tools/local-cluster/coredns.yaml')
/** Says what is installed; it lives and dies with the cluster's state. */
const MARK = join(STATE, 'installed')
const INSTALL_TIMEOUT_MS = 300_000

/** Installs DNS and Istio, unless this very version and configuration is there. */
export async function installSystem({ coredns, istio }: Programs): Promise<void> {
  const dns = (await readFile(COREDNS, 'utf8')).replace('VERSION', coredns.tag)
  const wanted = keyOf(dns, await readFile(OPERATOR, 'utf8'), istio.folder)
  if ((await readFile(MARK, 'utf8').catch(() => '')) === wanted) return
  await step('install CoreDNS', () =>
    kubectl(['apply', '--server-side', '--field-manager=cluster', '-f', '-'], { input: dns }),
  )
  await step(`install Istio ${istio.tag} with its CNI plugin`, () =>
    run(
      'istioctl',
      [
        ...['install', '--skip-confirmation', '--filename', OPERATOR],
        ...['--set', `hub=${ISTIO_HUB}`, '--set', `tag=${istio.tag}`],
      ],
      { timeoutMs: INSTALL_TIMEOUT_MS },
    ),
  )
  await writeFile(MARK, wanted)
}
