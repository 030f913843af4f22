// The audit record of a message that has just been signed, and the key of its MAC.
import { createHmac } from 'node:crypto'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import { withGateway } from '../../../tools/verify/attack/gateway.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { KEYS_MS } from '../../../tools/verify/faults/support/timeouts.ts'
import { sendHeaders } from '../../support/gateway-requests.ts'

/** Sends messages until the newest record has a MAC by `key`, or none if there is no key. */
export async function waitForRecordBy(key?: Uint8Array): Promise<void> {
  await waitFor(
    async () => {
      const line = await recordOne()
      return line.includes('"mac":') === (key !== undefined) && hasMacBy(line, key)
        ? line
        : undefined
    },
    KEYS_MS,
    () => 'the records have another MAC',
  )
}

async function recordOne(): Promise<string> {
  await withGateway((place) => sendHeaders(place, {}))
  const target = [`deployment/${deployment}`, '-n', namespace, '-c', 'signer', '--tail=50']
  const lines = (await kubectl(['logs', ...target])).split('\n')
  return lines.findLast((line) => line.includes('"outcome":"signed"')) ?? ''
}

function hasMacBy(line: string, key?: Uint8Array): boolean {
  if (key === undefined) return line !== ''
  const [, mac] = /,"mac":"(.*)"\}$/.exec(line) ?? []
  const text = line.replace(/,"mac":"[^"]*"\}$/, '}')
  return mac === createHmac('sha512', key).update(text).digest('base64url').slice(0, 24)
}
