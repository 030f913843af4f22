// A Pod that has not confirmed is named with the reason, and with what stops it.
import { expect, test } from 'vitest'
import type { SigningPod } from '../../../tools/incident/freeze/signing-pods.ts'
import { describeUnconfirmed } from '../../../tools/incident/freeze/unconfirmed.ts'

const pod: SigningPod = {
  ...{ name: 'a', uid: '1', node: 'node-1', isTerminating: false },
  ...{ hasMarker: true, hasEnded: false, stopped: undefined },
}

test.each<[Partial<SigningPod>, string | undefined, string, string]>([
  [
    { stopped: 'ImagePullBackOff' },
    'not found',
    'does not run (ImagePullBackOff)',
    'Run this command again',
  ],
  [{ isTerminating: true }, undefined, 'it is being deleted', 'Run this command again'],
  [{}, 'no answer within 3 s', 'node node-1 does not show its log: no answer', 'stop it or cut it'],
  [
    {},
    undefined,
    'kubelet on node node-1 may be busy',
    'kubectl delete pod a -n signing --grace-period=1',
  ],
  [{ hasMarker: false }, undefined, 'a version without freeze', 'Scale its Deployment to 0'],
])('%j with the log problem %s', (more, problem, why, todo) => {
  const line = describeUnconfirmed({ ...pod, ...more }, problem)
  expect(line).toMatch(/^a: /)
  expect(line).toContain(why)
  expect(line).toContain(todo)
})
