// Attack 31: SIGKILL for each program of the Pod. With a single Pod, no other Pod hides the recovery time.
import type { Experiment } from '../experiment.ts'
import { findInContainer, killProcess } from '../support/node.ts'

const alone = { attack: '32', replicas: 1 } as const

function kill(container: string, command: string): Experiment['run'] {
  return async ({ pod, begin, recover }) => {
    const pid = await findInContainer(pod, container, command)
    begin()
    await killProcess(pid)
    await recover()
    return undefined
  }
}

export const killSigner: Experiment = {
  ...alone,
  id: 'kill-signer',
  title: 'SIGKILL of the signer',
  sources: ['public', 'frontend'],
  bounds: { recoveryMs: 5_000, slowestFailureMs: 1_000 },
  kills: 'signer',
  isRecorded: true,
  run: kill('signer', 'node'),
}

export const killFrontend: Experiment = {
  ...alone,
  id: 'kill-frontend',
  title: 'SIGKILL of the frontend',
  sources: ['public'],
  bounds: { recoveryMs: 5_000, slowestFailureMs: 1_000 },
  kills: 'frontend',
  run: kill('frontend', 'node'),
}

export const killEnvoy: Experiment = {
  ...alone,
  id: 'kill-envoy',
  title: 'SIGKILL of Envoy',
  sources: ['public', 'frontend'],
  bounds: { recoveryMs: 15_000, slowestFailureMs: 1_000 },
  kills: 'istio-proxy',
  run: kill('istio-proxy', 'envoy'),
}
