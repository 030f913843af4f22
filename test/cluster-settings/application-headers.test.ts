// An application behind the Pod's proxy receives what its client sends, byte for byte.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type PublicPlace, withGateway } from '../../tools/verify/attack/gateway.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { makeCredentials } from '../support/client-credentials.ts'
import { startEchoApplication, stopEchoApplication } from '../support/cluster/echo-application.ts'
import { sendHeaders } from '../support/gateway-requests.ts'
import { needsLocalCluster } from '../support/skips.ts'

const answer = z.object({ echo: z.record(z.string(), z.base64()) })
/** Milliseconds until the gateway has the Pod and has chosen it. */
const answerMs = 60_000

describe('an application in place of the frontend', needsLocalCluster, async () => {
  const credentials = await makeCredentials('a.caller.token', 'a.token.for-the-API-server')

  beforeAll(async () => startEchoApplication(await findTarget()))
  afterAll(stopEchoApplication)

  /** Sends the request until the echo application answers, because the gateway also has the frontend's Pod. */
  const echo = (place: PublicPlace, headers: Record<string, string>) =>
    waitFor(
      async () => answer.safeParse((await sendHeaders(place, headers)).body).data?.echo,
      answerMs,
      () => 'the echo application does not answer',
    )

  test.each(Object.entries(credentials))('receives %s', async (_, headers) => {
    const received = await withGateway((place) => echo(place, headers))
    for (const [name, value] of Object.entries(headers)) {
      const bytes = Buffer.from(received[name] ?? 'nothing', 'base64').toString()
      // The gateway removes a caller token, because the signer's callers alone have one.
      if (name === 'caller-token') expect(received).not.toHaveProperty(name)
      else expect([name, bytes]).toEqual([name, value])
    }
  })
})
