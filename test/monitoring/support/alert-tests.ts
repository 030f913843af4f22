// Alerts fire for real faults, and stop when the faults are over.

import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { type Container, probeFrom } from '../../../tools/verify/attack/containers.ts'
import {
  describeOutcome,
  type RequestParts,
  tokenHeader,
  writeRequest,
} from '../../../tools/verify/attack/requests.ts'
import { findTarget, SIGNER_IN_POD, stealCredentials } from '../../../tools/verify/attack/target.ts'
import { saveSecret, writeEntries } from '../../../tools/verify/faults/support/key-secret.ts'
import { findPod, restartPods } from '../../../tools/verify/faults/support/pods.ts'
import { KEYS_MS } from '../../../tools/verify/faults/support/timeouts.ts'
import { withTokenVolume } from '../../../tools/verify/faults/support/token-volume.ts'
import { nonMeshPod, otherNamespacePod, TARGET_IN_MESH } from '../../support/attack/attackers.ts'
import { deleteResources } from '../../support/attack/deletions.ts'
import { processMessage } from '../../support/process-message.ts'
import { WAIT_MS } from '../../support/timeouts.ts'
import { query, waitForAlert, waitForQuiet } from './queries.ts'

const changed = 'signer-allow-metrics'
const changes = [{ op: 'add', path: '/spec/rules/0/to/0/operation/paths/-', value: '/other' }]

async function findPrimary(): Promise<string | undefined> {
  const [sample] = await query('signer_keys{namespace="signing", form="raw", state="primary"}')
  return sample?.labels.key_id
}

export function testAlerts(): void {
  test('an alert names the control that refused a request', async () => {
    const target = await findTarget()
    const { token } = await stealCredentials(target)
    const send = async (from: Container, host: string, parts: RequestParts) => {
      const [outcome] = await probeFrom(from, [{ host, port: 8081, bytes: writeRequest(parts) }])
      return outcome && describeOutcome(outcome)
    }
    const { host } = SIGNER_IN_POD
    expect(await send(otherNamespacePod, TARGET_IN_MESH, {})).toBe('403')
    expect(await send(nonMeshPod, target.podIP, {})).toBe('closed')
    expect(await send(target.frontend, host, { headers: tokenHeader('not.a.token') })).toBe('401')
    expect(await send(target.frontend, host, { headers: tokenHeader(token) })).toBe('403')
    for (const control of ['policy', 'mtls', 'token', 'pairing']) {
      await waitForAlert('SecureSigningCallerRefused', { control })
    }
  })

  test('keys that can not be used, and a short one', async () => {
    const putBack = await saveSecret()
    try {
      await writeEntries({ 'key-1': randomBytes(8) })
      const { summary } = await waitForAlert('SecureSigningKeysRefused')
      expect(summary).toContain('keeps the previous ones')
      await writeEntries({ 'key-1': randomBytes(16) })
      await waitForAlert('SecureSigningKeyTooShort')
    } finally {
      await putBack()
    }
    await waitForQuiet('SecureSigningKeyTooShort')
  })

  test('a retired key that returns, until it is gone again', async () => {
    const putBack = await saveSecret()
    const id = (await findPrimary()) ?? ''
    try {
      await writeEntries({ 'key-of-test': randomBytes(32) })
      await vi.waitFor(async () => expect(await findPrimary()).toBe('key-of-test'), KEYS_MS)
    } finally {
      await putBack()
    }
    await waitForAlert('SecureSigningRetiredKeyReturned', { key_id: id })
    await restartPods()
    await waitForQuiet('SecureSigningRetiredKeyReturned')
  })

  test('a frontend without its token', async () => {
    await withTokenVolume(await findPod(), async (put) => {
      await put('')
      // The frontend reads it once a second, and kubelet, whose probes it would tell, is held.
      const gatewayUrl = { url: process.env.GATEWAY_URL ?? '' }
      const ask = () => processMessage(gatewayUrl, 'hello', { waitMs: 0, ca: undefined })
      await vi.waitFor(() => expect(ask()).rejects.toThrow('caller_token_unavailable'), WAIT_MS)
      await waitForAlert('SecureSigningCallerTokenInvalid')
    })
  })

  test('a policy that is deleted, by its name, and a signer that nobody can ask any more', async () => {
    const putBack = await deleteResources([
      'AuthorizationPolicy/signer-allow-nothing',
      'AuthorizationPolicy/allow-prometheus-to-read-signer-metrics',
    ])
    try {
      const { summary } = await waitForAlert('SecureSigningPolicyMissing', {
        policy: 'signer-allow-nothing',
      })
      expect(summary).toBe('The policy resource signer-allow-nothing is missing')
      await waitForAlert('SecureSigningSignerAbsent')
    } finally {
      await putBack()
    }
    await waitForQuiet('SecureSigningPolicyMissing')
    await waitForQuiet('SecureSigningSignerAbsent')
  })

  test('a policy that is changed, by its name', async () => {
    const target = ['authorizationpolicy', changed, '-n', namespace]
    await kubectl(['patch', ...target, '--type=json', '-p', JSON.stringify(changes)])
    try {
      await waitForAlert('SecureSigningPolicyChanged', { policy: changed })
    } finally {
      const undo = [{ op: 'remove', path: '/spec/rules/0/to/0/operation/paths/1' }]
      await kubectl(['patch', ...target, '--type=json', '-p', JSON.stringify(undo)])
      // The patch took ownership of the field, and `make deploy` would report a conflict.
      const putBack = await deleteResources([`AuthorizationPolicy/${changed}`])
      await putBack()
    }
  })
}
