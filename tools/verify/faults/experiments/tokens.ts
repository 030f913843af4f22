// Attack 30: faults of the frontend's token. Without a valid token the frontend sends no request to the signer.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { issueShortLived } from '../../attack/tokens.ts'
import { waitFor } from '../../attack/wait.ts'
import type { Experiment } from '../experiment.ts'
import { findOnNode, killProcess } from '../support/node.ts'
import { TOKEN_MS } from '../support/timeouts.ts'
import { withTokenVolume } from '../support/token-volume.ts'
import { locateCredentials } from '../support/volumes.ts'

const onePod = { attack: '31', replicas: 1 } as const
const LIFETIME_SECONDS = 4
const SWAPS = 4

/** kubelet has its tokens in memory, so it makes new ones after a restart. Otherwise it does after 80 % of their two hours. */
export const tokenRotation: Experiment = {
  ...onePod,
  id: 'token-rotation',
  title: 'token rotated by kubelet',
  sources: ['public', 'frontend'],
  bounds: { failed: 0 },
  atLeast: 20_000,
  run: async ({ pod, isEnough }) => {
    const { tokenFile } = await locateCredentials(pod)
    const before = await readFile(tokenFile, 'utf8')
    await killProcess(await findOnNode('kubelet'))
    await waitFor(
      async () => (await readFile(tokenFile, 'utf8')) !== before || undefined,
      TOKEN_MS,
      () => 'kubelet did not rotate the token',
    )
    while (!isEnough()) await sleep(1_000)
    return undefined
  },
}

export const shortLivedTokens: Experiment = {
  ...onePod,
  id: 'short-lived-tokens',
  title: `${SWAPS} tokens of ${LIFETIME_SECONDS} s in sequence`,
  sources: ['public', 'frontend'],
  bounds: { failed: 0 },
  run: async ({ pod }) => {
    const { tokenFile } = await locateCredentials(pod)
    const good = await readFile(tokenFile, 'utf8')
    await withTokenVolume(pod, async (put) => {
      for (let count = 0; count < SWAPS; count++) {
        await put(await issueShortLived(good, LIFETIME_SECONDS))
        await sleep((LIFETIME_SECONDS / 2) * 1_000)
      }
    })
    return undefined
  },
}

export const tokenLost: Experiment = {
  ...onePod,
  id: 'token-lost',
  title: 'token expired, then empty, then missing',
  sources: ['public', 'frontend'],
  // No other failure: the proxy would answer a request without a valid token with another error.
  bounds: {
    recoveryMs: 5_000,
    slowestFailureMs: 1_000,
    how: /caller_token_unavailable|^503 by a proxy: no healthy upstream/,
  },
  isRecorded: true,
  run: async ({ pod, begin, recover }) => {
    const { tokenFile } = await locateCredentials(pod)
    const good = await readFile(tokenFile, 'utf8')
    await withTokenVolume(pod, async (put) => {
      for (const token of [await issueShortLived(good, -60), '', undefined]) {
        await put(token)
        await sleep(2_000)
      }
    })
    begin()
    await recover()
    return undefined
  },
}
