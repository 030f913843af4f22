// Why a Pod that attacks does not start. The scheduler's reason and the container runtime's need different advice.
import { expect, test, vi } from 'vitest'
import { waitForPod } from '../../../tools/verify/attack/wait-for-pod.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makePrograms } from '../../support/folder.ts'

const pod = { namespace: 'signing', pod: 'attacker', container: 'attacker' }
const message = '0/1 nodes are available: 1 Insufficient cpu.'
const pending = {
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
}
const waiting = {
  containerStatuses: [{ name: 'attacker', state: { waiting: { message: 'denied' } } }],
}

test.each([
  ['no room', pending, `no node fits the Pod attacker: ${message}`, 'Free room on the nodes'],
  ['no image', waiting, 'the Pod signing/attacker does not start: denied', 'image-1'],
  ['neither', {}, 'the Pod signing/attacker does not start: kubectl wait', 'image-1'],
])('a Pod with %s', async (_, status, what, todo) => {
  const items = [{ metadata: { name: pod.pod }, spec: {}, status }]
  const path = await makePrograms({
    kubectl: `[ "$1" = get ] || exit 1\necho '${JSON.stringify({ items })}'`,
  })
  vi.stubEnv('PATH', `${path}:${process.env.PATH}`)
  cleanUp(() => vi.unstubAllEnvs())
  const failure = await waitForPod(pod, 'image-1').catch((error) => error)
  expect(failure.message).toContain(what)
  expect(failure.todo).toContain(todo)
})
